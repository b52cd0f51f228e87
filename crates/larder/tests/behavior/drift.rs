//! The deploy guard: what a build is told of those before it and beside it.

use larder::codec::{Bincode, Envelope, Old};
use larder::{Cache, Cacheable, Cause, DeployGuard, Drift, ErrorKind, Larder, Layout};
use larder_core::{AppName, Register, Remote};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::time::sleep;

use super::recorder::Spans;
use super::rig::{Origin, Rig, kind_of, secs};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Cacheable)]
struct Account {
    name: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Cacheable)]
#[cacheable(version = 1)]
struct Member {
    name: String,
    rank: u8,
}

impl From<Account> for Member {
    fn from(old: Account) -> Self {
        Self { name: old.name, rank: 0 }
    }
}

impl From<&Member> for Account {
    fn from(new: &Member) -> Self {
        Self { name: new.name.clone() }
    }
}

async fn process(rig: &Rig, app: &str, guard: DeployGuard) -> Larder {
    let builder = Larder::builder(app).embedded_on(&rig.server).clock(rig.clock.clone());
    builder.deploy_guard(guard).build().await.unwrap()
}

/// A process that only looks.
async fn looking(rig: &Rig) -> Larder {
    process(rig, "test.shop", DeployGuard::Off).await
}

fn cache<V>(larder: &Larder, name: &str) -> larder::Result<Cache<u64, V>>
where
    V: Cacheable + Serialize + DeserializeOwned + Send + Sync + 'static,
{
    larder.cache(name).build()
}

/// Until a build has noted itself.
async fn noted() {
    sleep(secs(3)).await;
}

/// A build of before, which goes on running.
async fn before(rig: &Rig) -> (Larder, Cache<u64, Account>) {
    let larder = process(rig, "test.shop", DeployGuard::Warn).await;
    let users = cache(&larder, "user").unwrap();
    noted().await;
    (larder, users)
}

fn causes(drift: &Drift) -> Vec<&Cause> {
    drift.findings().iter().map(|finding| &finding.cause).collect()
}

#[tokio::test(start_paused = true)]
async fn the_same_build_once_more_is_no_drift() {
    let (rig, (log, _guard)) = (Rig::new(), Spans::begin());
    let _before = before(&rig).await;
    let again = before(&rig).await;
    sleep(secs(200)).await;
    let drift = again.0.drift().await.unwrap();
    assert_eq!((drift.is_empty(), &*drift.to_string()), (true, "no drift"));
    assert_eq!(again.0.health().drift, 0);
    assert!(!log.text().contains("miss what they store"));
}

#[tokio::test(start_paused = true)]
async fn a_type_that_was_changed_is_told_with_both_layouts() {
    let (rig, (log, _guard)) = (Rig::new(), Spans::begin());
    let (old, _users) = before(&rig).await;
    let new = process(&rig, "test.shop", DeployGuard::Warn).await;
    let _members = cache::<Member>(&new, "user").unwrap();
    let told = log.text();
    for part in [
        "this build cannot read what is stored",
        "stored: user writes bincode of schema 0 of shape",
        "this build: user writes bincode of schema 1 of shape",
        "others cannot read what this build stores",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
    noted().await;
    assert_eq!(new.health().drift, 2);
    let drift = new.drift().await.unwrap();
    assert_eq!(causes(&drift), [&Cause::Unreadable, &Cause::Unread]);
    // Those of before are told, too, within a minute or two; and nobody is told twice.
    sleep(secs(150)).await;
    assert_eq!((old.health().drift, new.health().drift), (2, 2));
    assert_eq!(log.text().matches("miss what they store").count(), 4);
}

/// Each deploy of a migration, by what its envelope says.
fn deploys() -> [fn() -> Envelope<Member>; 3] {
    [
        || Envelope::new(Bincode).still_writes(Old::<Account>::new(Bincode)),
        || Envelope::new(Bincode).reads(Old::<Account>::new(Bincode)),
        || Envelope::new(Bincode),
    ]
}

#[tokio::test(start_paused = true)]
async fn a_migration_in_its_order_is_no_drift_and_a_deploy_too_early_is() {
    let rig = Rig::new();
    let (old, users) = before(&rig).await;
    let look = async |deploy: usize| {
        let larder = looking(&rig).await;
        let _users: Cache<u64, Member> = larder.cache("user").envelope(deploys()[deploy]()).build().unwrap();
        let drift = larder.drift().await.unwrap();
        causes(&drift).into_iter().cloned().collect::<Vec<_>>()
    };
    let run = async |deploy: usize| {
        let larder = process(&rig, "test.shop", DeployGuard::Refuse).await;
        let users: Cache<u64, Member> = larder.cache("user").envelope(deploys()[deploy]()).build().unwrap();
        noted().await;
        (larder, users)
    };
    assert_eq!(look(0).await, []);
    assert_eq!(look(1).await, [Cause::Unread]);
    assert_eq!(look(2).await, [Cause::Unreadable, Cause::Unread]);
    let first = run(0).await;
    // As long as one of those of before is left, and three minutes more.
    assert_eq!(look(1).await, [Cause::Unread]);
    drop((old, users));
    sleep(secs(200)).await;
    assert_eq!(look(1).await, []);
    assert_eq!(look(2).await, [Cause::Unreadable, Cause::Unreadable]);
    drop(first);
    let second = run(1).await;
    sleep(secs(200)).await;
    // What the first deploy has stored lives for ten minutes.
    assert_eq!(look(2).await, [Cause::Unreadable, Cause::Unreadable]);
    sleep(secs(600)).await;
    assert_eq!(look(2).await, []);
    drop(second);
    run(2).await;
}

#[tokio::test(start_paused = true)]
async fn an_app_that_has_another_name_is_told_that_it_has_stored_nothing() {
    let (rig, (log, _guard)) = (Rig::new(), Spans::begin());
    let _before = before(&rig).await;
    let renamed = process(&rig, "test.store", DeployGuard::Warn).await;
    let _users = cache::<Account>(&renamed, "user").unwrap();
    // A cache that no app has is nobody's.
    let _orders = cache::<Account>(&renamed, "order").unwrap();
    let told = log.text();
    assert!(
        told.contains("user: the app has stored nothing, and test.shop has a cache of this name"),
        "{told}"
    );
    assert!(!told.contains("order: the app"), "{told}");
    let refusing = process(&rig, "test.store", DeployGuard::Refuse).await;
    assert_eq!(kind_of(cache::<Account>(&refusing, "user")), ErrorKind::Refused);
    // Once it has, it is an app of its own.
    noted().await;
    let second = process(&rig, "test.store", DeployGuard::Refuse).await;
    let _caches = ["user", "order"].map(|name| cache::<Account>(&second, name).unwrap());
    assert!(second.drift().await.unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_cache_that_has_another_name_is_told() {
    let rig = Rig::new();
    let _before = before(&rig).await;
    let renamed = looking(&rig).await;
    let _users = cache::<Account>(&renamed, "account").unwrap();
    let drift = renamed.drift().await.unwrap();
    assert_eq!(causes(&drift), [&Cause::CacheRenamed, &Cause::Missing]);
    assert!(drift.costs_hits());
    // One that stores something else is new, and the other was removed.
    let other = looking(&rig).await;
    let _members = cache::<Member>(&other, "member").unwrap();
    let drift = other.drift().await.unwrap();
    assert_eq!((causes(&drift), drift.costs_hits()), (vec![&Cause::Missing], false));
    // And where the old name is still used, a second cache may well store the same.
    let both = looking(&rig).await;
    let _caches = [cache::<Account>(&both, "user"), cache::<Account>(&both, "account")];
    assert!(both.drift().await.unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn another_time_to_live_is_told_and_costs_no_hits() {
    let rig = Rig::new();
    let _before = before(&rig).await;
    let longer = process(&rig, "test.shop", DeployGuard::Refuse).await;
    let _users: Cache<u64, Account> = longer.cache("user").time_to_live(secs(1_200)).build().unwrap();
    let drift = longer.drift().await.unwrap();
    assert_eq!((causes(&drift), drift.costs_hits()), (vec![&Cause::TimeToLive], false));
    assert!(drift.to_string().contains("keeps it for 600s; this build"), "{drift}");
}

#[tokio::test(start_paused = true)]
async fn a_guard_that_refuses_builds_no_cache_and_notes_nothing() {
    let rig = Rig::new();
    let (old, _users) = before(&rig).await;
    let refusing = process(&rig, "test.shop", DeployGuard::Refuse).await;
    let refused = cache::<Member>(&refusing, "user");
    let shown = refused.as_ref().unwrap_err().to_string();
    assert!(shown.contains("cannot read what is stored") && shown.contains("this build: user"), "{shown}");
    assert_eq!(kind_of(refused), ErrorKind::Refused);
    assert_eq!(refusing.layout().caches().count(), 0);
    // The name is free again, and what agrees with the others is built.
    let users = cache::<Account>(&refusing, "user").unwrap();
    let account = Account { name: "Ada".to_owned() };
    users.get_or_load(&1_u64, Origin::new().gives(account.clone())).await.unwrap();
    sleep(secs(100)).await;
    assert!(old.drift().await.unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn who_only_looks_notes_nothing() {
    let rig = Rig::new();
    let (old, _users) = before(&rig).await;
    let looking = looking(&rig).await;
    let _members = cache::<Member>(&looking, "user").unwrap();
    assert!(looking.drift().await.unwrap().costs_hits());
    sleep(secs(200)).await;
    assert!(old.drift().await.unwrap().is_empty());
    assert_eq!(looking.health().drift, 0);
}

#[tokio::test(start_paused = true)]
async fn what_nobody_wrote_is_no_layout() {
    let rig = Rig::new();
    let link = rig.server.connect(&AppName::new("test.shop").unwrap());
    let garbage = ["", "user", "user time-to-live=1", "\0", "user reads=1 writes=1 time-to-live=1"];
    let garbage = garbage.map(str::to_owned);
    for register in [Register::Layouts, Register::Caches] {
        link.remote().register(register, &garbage).await.unwrap();
    }
    let (larder, _users) = before(&rig).await;
    assert!(larder.drift().await.unwrap().is_empty());
}

/// Builds have different features, and what one compresses another may not decompress.
#[tokio::test(start_paused = true)]
async fn a_compression_that_the_others_do_not_have_is_told_to_either_side() {
    let rig = Rig::new();
    let (larder, _users) = before(&rig).await;
    let own = larder.layout().to_string();
    let (reads, told) = ("compresses=1 decompresses=0,1", own.lines().last().unwrap());
    assert!(told.contains(reads), "{told}");
    let other = |packing: &str| -> Layout {
        own.replace(&told[told.find(reads).unwrap()..], packing).parse().unwrap()
    };
    for (packing, expected) in [
        ("compresses=9 decompresses=0,1,9", &[&Cause::Unreadable][..]),
        ("compresses=0 decompresses=0", &[&Cause::Unread]),
        ("compresses=0 decompresses=0,1", &[]),
        ("", &[]),
    ] {
        assert_eq!(causes(&larder.layout().drift_from(&other(packing))), expected, "{packing}");
    }
    let drift = larder.layout().drift_from(&other("compresses=9 decompresses=2,9")).to_string();
    assert!(drift.contains("compresses by compression 9 and decompresses zstd and compression 9"), "{drift}");
}

#[tokio::test(start_paused = true)]
async fn who_starts_while_nobody_answers_is_told_later() {
    let rig = Rig::unreliable();
    let (_old, _users) = before(&rig).await;
    let link = rig.server.connect(&AppName::new("test.shop").unwrap());
    let faults = link.faults().unwrap();
    faults.freeze();
    let builder = Larder::builder("test.shop").upstream(link.remote(), link.bus()).clock(rig.clock.clone());
    let new = builder.deploy_guard(DeployGuard::Refuse).build().await.unwrap();
    let _members = cache::<Member>(&new, "user").unwrap();
    let asked = new.drift().await;
    assert_eq!(asked.unwrap_err().kind(), ErrorKind::Elapsed);
    assert_eq!(new.health().drift, 0);
    faults.thaw();
    sleep(secs(120)).await;
    assert_eq!(new.health().drift, 2);
}

#[tokio::test(start_paused = true)]
async fn a_layout_that_was_kept_in_a_file_is_compared_without_a_server() {
    let rig = Rig::new();
    let (old, _users) = before(&rig).await;
    let kept = old.layout().to_string();
    assert!(kept.starts_with("larder-layout app=test.shop partitions="), "{kept}");
    let new = looking(&rig).await;
    let _members = cache::<Member>(&new, "user").unwrap();
    let kept: Layout = kept.parse().unwrap();
    assert_eq!(kept, old.layout());
    assert!(old.layout().drift_from(&kept).is_empty());
    let drift = new.layout().drift_from(&kept);
    assert_eq!(causes(&drift), [&Cause::Unreadable, &Cause::Unread]);
    let elsewhere = process(&rig, "test.store", DeployGuard::Off).await;
    let _users = cache::<Account>(&elsewhere, "user").unwrap();
    let renamed = Cause::AppRenamed { other: AppName::new("test.shop").unwrap() };
    assert_eq!(causes(&elsewhere.layout().drift_from(&kept)), [&renamed]);
}

#[tokio::test]
async fn without_a_shared_tier_there_is_nothing_to_compare_with() {
    let larder = Larder::builder("test.shop").build().await.unwrap();
    let _users = cache::<Account>(&larder, "user").unwrap();
    assert_eq!(larder.layout().caches().count(), 0);
    assert_eq!(kind_of(larder.drift().await), ErrorKind::Invalid);
}
