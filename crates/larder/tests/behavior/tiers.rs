//! Which tier is read and filled by whom.

use larder::{Tier, Tiers};
use tokio::time::advance;

use super::rig::{Origin, Rig, Users, check, check_get, exact, secs, store, users};

async fn with(rig: &Rig, tiers: Tiers) -> Users {
    users(&rig.node().await).tiers(tiers).build().unwrap()
}

/// Loads on a cache with these tiers, and says where it is then found: here, and on an instance that uses both.
async fn check_tiers(tiers: Tiers, here: Option<Tier>, elsewhere: Option<Tier>) {
    let rig = Rig::new();
    let users = with(&rig, tiers).await;
    store(&users, "ada", "Ada").await;
    let got = users.get("ada").await.unwrap().map(|hit| hit.tier());
    assert_eq!(got, here, "{tiers}");
    assert_eq!(users.contains_local("ada"), here == Some(Tier::Local), "{tiers}");
    let got = rig.users().await.get("ada").await.unwrap().map(|hit| hit.tier());
    assert_eq!(got, elsewhere, "{tiers}");
}

#[tokio::test(start_paused = true)]
async fn a_cache_fills_and_reads_the_tiers_that_it_is_given() {
    check_tiers(Tiers::BOTH, Some(Tier::Local), Some(Tier::Remote)).await;
    check_tiers(Tiers::LOCAL, Some(Tier::Local), None).await;
    check_tiers(Tiers::REMOTE, Some(Tier::Remote), Some(Tier::Remote)).await;
    check_tiers(Tiers::NONE, None, None).await;
}

#[tokio::test(start_paused = true)]
async fn a_cache_without_the_shared_tier_does_not_read_it() {
    let rig = Rig::new();
    store(&rig.users().await, "ada", "Ada").await;
    check_get(&with(&rig, Tiers::LOCAL).await, "ada", None).await;
    check_get(&with(&rig, Tiers::NONE).await, "ada", None).await;
    check_get(&with(&rig, Tiers::REMOTE).await, "ada", Some(("Ada", Tier::Remote))).await;
}

#[tokio::test(start_paused = true)]
async fn without_a_tier_every_read_loads_and_those_at_once_share_the_load() {
    let rig = Rig::new();
    let (users, origin) = (with(&rig, Tiers::NONE).await, Origin::new());
    for _ in 0..3 {
        let load = || origin.takes(secs(1), Ok("Ada".to_owned()));
        let (one, two) = tokio::join!(users.get_or_load("ada", load()), users.get_or_load("ada", load()));
        check(&one.unwrap(), "Ada", Tier::Origin);
        check(&two.unwrap(), "Ada", Tier::Origin);
    }
    assert_eq!(origin.loads(), 3);
}

#[tokio::test(start_paused = true)]
async fn an_invalidation_reaches_caches_of_the_process_s_memory_alone() {
    let rig = Rig::new();
    let (here, there) = (with(&rig, Tiers::LOCAL).await, with(&rig, Tiers::LOCAL).await);
    store(&here, "ada", "Ada").await;
    store(&there, "ada", "Ada").await;
    let _receipt = here.invalidate("ada").await.unwrap();
    super::rig::settle().await;
    check_get(&here, "ada", None).await;
    check_get(&there, "ada", None).await;
}

/// A value that no format could write down.
struct Handle(fn() -> u32);

#[tokio::test(start_paused = true)]
async fn values_that_cannot_be_written_down_stay_in_the_process() {
    let rig = Rig::new();
    let (here, there) = (rig.node().await, rig.node().await);
    let caches = [&here, &there].map(|larder| exact::<u64, Handle>(larder, "handle").build_local().unwrap());
    for cache in &caches {
        let hit = cache.get_or_load(&7_u64, Origin::new().gives(Handle(|| 42))).await.unwrap();
        assert_eq!((hit.tier(), (hit.0)()), (Tier::Origin, 42));
        assert_eq!(cache.get(&7_u64).await.unwrap().unwrap().tier(), Tier::Local);
    }
    let _receipt = caches[0].invalidate(&7_u64).await.unwrap();
    super::rig::settle().await;
    assert!(caches[1].get(&7_u64).await.unwrap().is_none());
}

#[tokio::test(start_paused = true)]
async fn a_read_past_the_process_s_memory_does_not_look_there_and_leaves_what_it_reads() {
    let rig = Rig::new();
    let (here, there) = (rig.users().await, rig.users().await);
    store(&here, "ada", "Ada").await;
    let past = here.reading().skip_local().get("ada").await.unwrap().unwrap();
    check(&past, "Ada", Tier::Remote);
    let past = here.reading().skip_local().get_or_load("ada", Origin::new().fails()).await.unwrap();
    check(&past, "Ada", Tier::Remote);
    let past = here.reading().skip_local().get_many(&["ada"]).await.unwrap().remove(0).unwrap();
    check(&past, "Ada", Tier::Remote);

    let past = there.reading().skip_local().get("ada").await.unwrap().unwrap();
    check(&past, "Ada", Tier::Remote);
    check_get(&there, "ada", Some(("Ada", Tier::Local))).await;
}

#[tokio::test(start_paused = true)]
async fn a_load_past_the_process_s_memory_fills_both_tiers() {
    let rig = Rig::new();
    let users = rig.users().await;
    let load = || Origin::new().gives("Ada".to_owned());
    check(&users.reading().skip_local().get_or_load("ada", load()).await.unwrap(), "Ada", Tier::Origin);
    check_get(&users, "ada", Some(("Ada", Tier::Local))).await;
    check_get(&rig.users().await, "ada", Some(("Ada", Tier::Remote))).await;
}

#[tokio::test(start_paused = true)]
async fn a_read_past_the_process_s_memory_shares_no_load_with_one_that_looked_there() {
    let rig = Rig::new();
    let (users, origin) = (rig.users().await, Origin::new());
    let load = || origin.takes(secs(1), Ok("Ada".to_owned()));
    let usual = users.get_or_load("ada", load());
    let past = users.reading().skip_local().get_or_load("ada", load());
    let (usual, past) = tokio::join!(usual, past);
    check(&usual.unwrap(), "Ada", Tier::Origin);
    check(&past.unwrap(), "Ada", Tier::Remote);
    assert_eq!(origin.loads(), 1, "the lease is for both");
}

#[tokio::test(start_paused = true)]
async fn a_read_past_the_shared_tier_neither_looks_there_nor_leaves_anything() {
    let rig = Rig::new();
    let (here, there) = (rig.users().await, rig.users().await);
    store(&here, "ada", "Ada").await;
    assert!(there.reading().skip_remote().get("ada").await.unwrap().is_none());
    let origin = Origin::new();
    let load = || origin.gives("another".to_owned());
    check(&there.reading().skip_remote().get_or_load("ada", load()).await.unwrap(), "another", Tier::Origin);
    assert!(there.contains_local("ada"));
    check(&there.reading().skip_remote().get_or_load("ada", load()).await.unwrap(), "another", Tier::Local);
    assert_eq!(origin.loads(), 1);
    check_get(&rig.users().await, "ada", Some(("Ada", Tier::Remote))).await;
}

#[tokio::test(start_paused = true)]
async fn a_read_past_the_shared_tier_shares_no_load_with_one_that_looked_there() {
    let rig = Rig::new();
    let (users, origin) = (rig.users().await, Origin::new());
    let load = || origin.takes(secs(1), Ok("Ada".to_owned()));
    let usual = users.get_or_load("ada", load());
    let past = users.reading().skip_remote().get_or_load("ada", load());
    let (usual, past) = tokio::join!(usual, past);
    check(&usual.unwrap(), "Ada", Tier::Origin);
    check(&past.unwrap(), "Ada", Tier::Origin);
    assert_eq!(origin.loads(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_read_past_both_tiers_loads_each_time() {
    let rig = Rig::new();
    let (users, origin) = (rig.users().await, Origin::new());
    for _ in 0..2 {
        let reading = users.reading().skip_local().skip_remote();
        let hit = reading.get_or_load("ada", origin.gives("Ada".to_owned())).await.unwrap();
        check(&hit, "Ada", Tier::Origin);
    }
    assert_eq!(origin.loads(), 2);
    check_get(&users, "ada", Some(("Ada", Tier::Local))).await;
    check_get(&rig.users().await, "ada", None).await;
}

#[tokio::test(start_paused = true)]
async fn without_a_shared_tier_the_process_s_memory_is_all_there_is() {
    let clock = larder_testkit::TokioClock::new().clock();
    let larder = larder::Larder::builder("test.shop").clock(clock).build().await.unwrap();
    let users = users(&larder).build().unwrap();
    store(&users, "ada", "Ada").await;
    check_get(&users, "ada", Some(("Ada", Tier::Local))).await;
    assert!(!larder.is_in_sync(), "it hears of nobody else's writes");
    let receipt = users.invalidate("ada").await.unwrap();
    assert!(!receipt.is_deferred() && receipt.tokens().is_empty());
    check_get(&users, "ada", None).await;
    store(&users, "ada", "Ada").await;
    advance(secs(60)).await;
    check_get(&users, "ada", None).await;
}
