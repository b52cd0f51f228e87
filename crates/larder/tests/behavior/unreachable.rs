//! A shared tier that does not answer, one without a bus, and one that has no room for a value.

use larder::codec::{Bincode, Compression, Envelope};
use larder::memory::{Link, MemoryServer, Probe};
use larder::{AppName, ErrorKind, Inserted, Larder, Tier, Version};
use larder_testkit::TokioClock;
use tokio::time::{Instant, advance};

use super::rig::{Origin, Rig, Users, check, check_get, kind_of, millis, secs, settle, store, users};

/// A node whose link can be broken.
async fn breakable() -> (Larder, Link) {
    let clock = TokioClock::new().clock();
    let link = MemoryServer::unreliable(clock.clone(), Probe::default())
        .connect(&AppName::new("test.shop").unwrap());
    let builder = Larder::builder("test.shop").upstream(link.remote(), link.bus()).clock(clock);
    (builder.read_budget(millis(30)).write_deadline(millis(200)).build().await.unwrap(), link)
}

#[tokio::test(start_paused = true)]
async fn a_shared_tier_that_does_not_answer_is_a_miss_within_the_read_budget() {
    let (larder, link) = breakable().await;
    let users = users(&larder).build().unwrap();
    link.faults().unwrap().freeze();
    let began = Instant::now();
    check_get(&users, "ada", None).await;
    assert_eq!(began.elapsed(), millis(30));
    assert!(users.get_many(["ada", "bob"]).await.unwrap().iter().all(Option::is_none));
    assert_eq!(began.elapsed(), millis(60));
    let loaded = users.get_or_load("ada", Origin::new().gives("Ada".to_owned())).await.unwrap();
    check(&loaded, "Ada", Tier::Origin);
    // One budget for all of its steps.
    assert_eq!(began.elapsed(), millis(90));
    check_get(&users, "ada", Some(("Ada", Tier::Local))).await;
}

#[tokio::test(start_paused = true)]
async fn a_write_is_deferred_after_its_deadline_and_this_process_sees_it_all_the_same() {
    let (larder, link) = breakable().await;
    let users = users(&larder).build().unwrap();
    store(&users, "ada", "old").await;
    link.faults().unwrap().freeze();
    let began = Instant::now();
    let receipt = users.invalidate("ada").await.unwrap();
    assert_eq!((receipt.is_deferred(), began.elapsed()), (true, millis(200)));
    check_get(&users, "ada", None).await;
    let inserted = users.insert("bob", "Bob".to_owned(), Version::new(1)).await.unwrap();
    assert!(matches!(inserted, Inserted::Stored(receipt) if receipt.is_deferred()));
    assert!(larder.deferred() >= 2);
    link.faults().unwrap().thaw();
    tokio::time::sleep(secs(10)).await;
    assert_eq!(larder.deferred(), 0);
    check_get(&users, "ada", None).await;
}

#[tokio::test(start_paused = true)]
async fn without_a_bus_copies_are_as_stale_as_they_are_old() {
    let rig = Rig::new();
    let start = async || {
        let link = rig.server.connect(&AppName::new("test.shop").unwrap());
        let builder = Larder::builder("test.shop").remote(link.remote()).clock(rig.clock.clone());
        users(&builder.build().await.unwrap()).build().unwrap()
    };
    let (here, there) = (start().await, start().await);
    store(&here, "ada", "old").await;
    check_get(&there, "ada", Some(("old", Tier::Remote))).await;
    let _receipt = here.invalidate("ada").await.unwrap();
    settle().await;
    check_get(&here, "ada", None).await;
    check_get(&there, "ada", Some(("old", Tier::Local))).await;
    advance(secs(60)).await;
    check_get(&there, "ada", None).await;
}

/// A cache whose values may take a hundred bytes.
fn narrow(larder: &Larder) -> Users {
    let envelope = Envelope::new(Bincode).compression(Compression::None).limit(100);
    users(larder).envelope(envelope).build().unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_value_over_the_limit_is_loaded_and_kept_in_the_process_alone() {
    let rig = Rig::new();
    let (here, there) = (narrow(&rig.node().await), narrow(&rig.node().await));
    let long = "x".repeat(1_000);
    let loaded = here.get_or_load("ada", Origin::new().gives(long.clone())).await.unwrap();
    check(&loaded, &long, Tier::Origin);
    check_get(&here, "ada", Some((&long, Tier::Local))).await;
    check_get(&there, "ada", None).await;
    assert_eq!(kind_of(here.insert("bob", long, Version::new(1)).await), ErrorKind::TooLarge);
    // Nobody waits for a lease that was never given back.
    let began = Instant::now();
    let short = there.get_or_load("ada", Origin::new().gives("short".to_owned())).await.unwrap();
    check(&short, "short", Tier::Origin);
    assert_eq!(began.elapsed(), secs(0));
}
