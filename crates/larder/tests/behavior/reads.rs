//! Single reads: what they return, from where, and how old.

use larder::{ErrorKind, Optional, Tier, Version};
use tokio::time::advance;

use super::rig::{
    Broken, Origin, Rig, Users, alone, check, check_get, exact, kind_of, millis, secs, store, users,
};

#[tokio::test(start_paused = true)]
async fn a_value_is_loaded_once_and_then_comes_from_the_process() {
    let (users, origin) = (alone().await, Origin::new());
    let first = users.get_or_load("ada", origin.gives("Ada".to_owned())).await.unwrap();
    check(&first, "Ada", Tier::Origin);
    let second = users.get_or_load("ada", origin.gives("never asked".to_owned())).await.unwrap();
    check(&second, "Ada", Tier::Local);
    check_get(&users, "ada", Some(("Ada", Tier::Local))).await;
    assert_eq!(origin.loads(), 1);
}

#[tokio::test(start_paused = true)]
async fn another_instance_gets_it_from_the_shared_tier() {
    let rig = Rig::new();
    let (here, there) = (rig.users().await, rig.users().await);
    store(&here, "ada", "Ada").await;
    check_get(&there, "ada", Some(("Ada", Tier::Remote))).await;
    check_get(&there, "ada", Some(("Ada", Tier::Local))).await;
    let origin = Origin::new();
    let third = rig.users().await.get_or_load("ada", origin.fails()).await.unwrap();
    check(&third, "Ada", Tier::Remote);
    assert_eq!(origin.loads(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_read_that_cannot_load_never_does() {
    let rig = Rig::new();
    let origin = Origin::new();
    let users = users(&rig.node().await).loader(origin.numbers(millis(1))).build().unwrap();
    check_get(&users, "ada", None).await;
    assert!(users.get_many(&["ada"]).await.unwrap()[0].is_none());
    assert_eq!(origin.loads(), 0);
}

#[tokio::test(start_paused = true)]
async fn age_goes_on_from_tier_to_tier_and_from_instance_to_instance() {
    let rig = Rig::new();
    let (here, there) = (rig.users().await, rig.users().await);
    let origin = Origin::new();
    let made = here.get_or_load("ada", origin.takes(millis(250), Ok("Ada".to_owned()))).await.unwrap();
    // It is as old as the question: what changed during the load may not be in the answer.
    assert_eq!((made.age(), made.load_cost()), (millis(250), millis(250)));
    advance(secs(7)).await;
    let remote = there.get("ada").await.unwrap().unwrap();
    assert_eq!((remote.tier(), remote.age()), (Tier::Remote, millis(7_250)));
    assert_eq!((remote.remaining(), remote.load_cost()), (secs(60), millis(250)));
    advance(secs(5)).await;
    let local = there.get("ada").await.unwrap().unwrap();
    assert_eq!((local.tier(), local.age(), local.remaining()), (Tier::Local, millis(12_250), secs(55)));
    // A hit says what was so at the read.
    assert_eq!(made.age(), millis(250));
}

#[tokio::test(start_paused = true)]
async fn copies_go_after_a_minute_and_the_value_after_ten() {
    let users = alone().await;
    store(&users, "ada", "Ada").await;
    advance(millis(59_999)).await;
    check_get(&users, "ada", Some(("Ada", Tier::Local))).await;
    advance(millis(1)).await;
    check_get(&users, "ada", Some(("Ada", Tier::Remote))).await;
    advance(secs(530)).await;
    let last = users.get("ada").await.unwrap().unwrap();
    assert_eq!((last.age(), last.remaining()), (secs(590), secs(10)));
    advance(secs(10)).await;
    check_get(&users, "ada", None).await;
}

#[tokio::test(start_paused = true)]
async fn a_copy_never_outlives_the_value_that_it_is_of() {
    let rig = Rig::new();
    let (here, there) = (rig.users().await, rig.users().await);
    store(&here, "ada", "Ada").await;
    advance(secs(590)).await;
    check_get(&there, "ada", Some(("Ada", Tier::Remote))).await;
    advance(secs(10)).await;
    check_get(&there, "ada", None).await;
}

#[tokio::test(start_paused = true)]
async fn that_there_is_no_value_is_known_for_a_while() {
    let rig = Rig::new();
    let (here, there) = (rig.users().await, rig.users().await);
    let origin = Origin::new();
    let nobody = || origin.gives(None::<String>);
    assert_eq!(kind_of(here.get_or_load("ada", nobody()).await), ErrorKind::Missing);
    assert_eq!(kind_of(here.get_or_load("ada", nobody()).await), ErrorKind::Missing);
    assert!(there.get_or_load("ada", nobody()).await.optional().unwrap().is_none());
    check_get(&here, "ada", None).await;
    assert_eq!(origin.loads(), 1);
    advance(secs(10)).await;
    let born = here.get_or_load("ada", origin.gives(Some("Ada".to_owned()))).await.optional().unwrap();
    check(&born.unwrap(), "Ada", Tier::Origin);
    assert_eq!(origin.loads(), 2);
}

#[tokio::test(start_paused = true)]
async fn only_the_absence_of_a_value_is_optional() {
    let users = alone().await;
    let failed = users.get_or_load("ada", Origin::new().fails()).await.optional();
    assert_eq!(failed.err().map(|error| error.kind()), Some(ErrorKind::Load));
    let found = users.get_or_load("ada", Origin::new().gives("Ada".to_owned())).await.optional();
    assert!(found.unwrap().is_some());
}

#[tokio::test(start_paused = true)]
async fn a_loader_of_the_cache_s_own_loads_and_refreshes() {
    let rig = Rig::new();
    let origin = Origin::new();
    let here = users(&rig.node().await).loader(origin.numbers(millis(1))).build().unwrap();
    check(&here.load("ada").await.unwrap(), "ada 1", Tier::Origin);
    check(&here.load("ada").await.unwrap(), "ada 1", Tier::Local);
    check(&here.refresh("ada").await.unwrap(), "ada 2", Tier::Origin);
    check(&here.load("ada").await.unwrap(), "ada 2", Tier::Local);
    // In the shared tier it was replaced as well.
    check_get(&rig.users().await, "ada", Some(("ada 2", Tier::Remote))).await;
    assert_eq!(origin.loads(), 2);
}

#[tokio::test(start_paused = true)]
async fn without_a_loader_there_is_nothing_to_load_with() {
    let users = alone().await;
    let error = users.load("ada").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!(error.to_string().contains("user"), "{error}");
    assert_eq!(kind_of(users.refresh("ada").await), ErrorKind::Invalid);
}

#[tokio::test(start_paused = true)]
async fn a_refresh_replaces_a_value_by_its_absence_too() {
    let rig = Rig::new();
    let users = rig.users().await;
    store(&users, "ada", "Ada").await;
    let gone = users.refresh_with("ada", Origin::new().gives(None::<String>)).await;
    assert_eq!(kind_of(gone), ErrorKind::Missing);
    check_get(&users, "ada", None).await;
    check_get(&rig.users().await, "ada", None).await;
}

#[tokio::test(start_paused = true)]
async fn a_refresh_that_fails_says_so_and_leaves_what_was_there() {
    let users = alone().await;
    store(&users, "ada", "Ada").await;
    assert_eq!(kind_of(users.refresh_with("ada", Origin::new().fails()).await), ErrorKind::Load);
    check_get(&users, "ada", Some(("Ada", Tier::Local))).await;
}

#[tokio::test(start_paused = true)]
async fn keys_may_be_borrowed() {
    let rig = Rig::new();
    let larder = rig.node().await;
    let seats = exact::<(String, u32), u64>(&larder, "seat").build().unwrap();
    let load = |(row, number): (String, u32)| async move {
        Ok::<_, Broken>(u64::from(number) + u64::try_from(row.len()).unwrap())
    };
    assert_eq!(*seats.get_or_load(&("C", 12_u32), load).await.unwrap(), 13);
    assert_eq!(*seats.get(&("C".to_owned(), 12_u32)).await.unwrap().unwrap(), 13);
    assert!(seats.get(&("C", 13_u32)).await.unwrap().is_none());

    let users = rig.users().await;
    store(&users, "ada", "Ada").await;
    assert!(users.get(&"ada".to_owned()).await.unwrap().is_some());
    assert!(users.get(&"ada").await.unwrap().is_some());
}

async fn check_bad_key(users: &Users, key: &str, expected: ErrorKind) {
    let load = || Origin::new().gives("never asked".to_owned());
    let revalidate = |_| async { Ok::<_, Broken>("never asked".to_owned()) };
    assert_eq!(kind_of(users.get(key).await), expected);
    assert_eq!(kind_of(users.get_or_load(key, load()).await), expected);
    assert_eq!(kind_of(users.load(key).await), expected);
    assert_eq!(kind_of(users.refresh(key).await), expected);
    assert_eq!(kind_of(users.refresh_with(key, load()).await), expected);
    assert_eq!(kind_of(users.get_or_revalidate(key, revalidate).await), expected);
    assert_eq!(kind_of(users.insert(key, "Ada".to_owned(), Version::new(1)).await), expected);
    assert_eq!(kind_of(users.invalidate(key).await), expected);
    assert_eq!(kind_of(users.invalidate_many([key]).await), expected);
    assert_eq!(kind_of(users.expire(key).await), expected);
    assert_eq!(kind_of(users.explain(key).await), expected);
    assert_eq!(kind_of(users.get_many([key]).await), expected);
    assert!(!users.contains_local(key));
}

#[tokio::test(start_paused = true)]
async fn a_key_that_cannot_be_one_is_refused_by_every_operation() {
    let rig = Rig::new();
    let users = users(&rig.node().await).loader(Origin::new().numbers(millis(1))).build().unwrap();
    check_bad_key(&users, "", ErrorKind::Invalid).await;
    check_bad_key(&users, &"k".repeat(4_097), ErrorKind::TooLarge).await;
    store(&users, &"k".repeat(4_096), "Ada").await;
}

#[tokio::test(start_paused = true)]
async fn the_process_contains_what_it_would_serve() {
    let rig = Rig::new();
    let (here, there) = (rig.users().await, rig.users().await);
    store(&here, "ada", "Ada").await;
    assert!(here.contains_local("ada") && !there.contains_local("ada"));
    let _receipt = here.expire("ada").await.unwrap();
    assert!(!here.contains_local("ada"));
    store(&here, "ada", "Ada").await;
    advance(secs(60)).await;
    assert!(!here.contains_local("ada"));
}

#[tokio::test(start_paused = true)]
async fn a_hit_is_the_value_that_it_holds() {
    let users = alone().await;
    store(&users, "ada", "Ada").await;
    let hit = users.get("ada").await.unwrap().unwrap();
    assert_eq!((hit.len(), hit.as_ref().as_str(), hit.to_string()), (3, "Ada", "Ada".to_owned()));
    assert_eq!(hit, "Ada".to_owned());
    assert_eq!(hit.version(), Version::NONE);
    assert!(format!("{hit:?}").contains("Ada"));
    let kept = hit.clone();
    let _receipt = users.invalidate("ada").await.unwrap();
    drop(users);
    assert_eq!(kept.as_str(), "Ada");
}

#[tokio::test(start_paused = true)]
async fn a_copy_that_is_not_hit_goes_idle() {
    let rig = Rig::new();
    let users = users(&rig.node().await).time_to_idle(secs(10)).build().unwrap();
    store(&users, "ada", "Ada").await;
    for _ in 0..3 {
        advance(secs(9)).await;
        check_get(&users, "ada", Some(("Ada", Tier::Local))).await;
    }
    advance(millis(10_001)).await;
    check_get(&users, "ada", Some(("Ada", Tier::Remote))).await;
}

#[tokio::test(start_paused = true)]
async fn what_is_not_fresh_is_read_only_by_who_allows_it() {
    let rig = Rig::new();
    let (here, there) = (rig.users().await, rig.users().await);
    store(&here, "ada", "Ada").await;
    let _receipt = here.expire("ada").await.unwrap();
    for users in [here, there] {
        check_get(&users, "ada", None).await;
        let stale = users.reading().allow_stale().get("ada").await.unwrap().unwrap();
        assert_eq!((stale.as_str(), stale.is_stale()), ("Ada", true));
        let many = users.reading().allow_stale().get_many(&["ada", "bob"]).await.unwrap();
        assert!(many[0].as_ref().unwrap().is_stale() && many[1].is_none());
    }
}
