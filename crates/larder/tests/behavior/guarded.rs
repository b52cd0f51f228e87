//! Guarded writes on caches of every kind, and what is refused.

use std::time::Duration;

use larder::{ErrorKind, Larder, Tier, Tiers};
use tokio::time::advance;

use super::rig::{Origin, Rig, Users, check_get, exact, kind_of, secs, settle, store, users};

/// What is read now is old, and is in the cache if it may be.
async fn read_old(users: &Users) {
    users.get_or_load("ada", Origin::new().gives("old".to_owned())).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_guarded_write_keeps_what_is_old_out_of_every_tier() {
    let rig = Rig::new();
    for tiers in [Tiers::BOTH, Tiers::REMOTE] {
        let node = async || users(&rig.node().await).tiers(tiers).build().unwrap();
        let (here, there) = (node().await, node().await);
        store(&here, "ada", "old").await;
        read_old(&there).await;
        let write = here.begin_write(["ada"]).await.unwrap();
        assert!(write.is_guarded());
        settle().await;
        for users in [&here, &there] {
            read_old(users).await;
            check_get(users, "ada", None).await;
        }
        let receipt = write.finish().await.unwrap();
        assert!(!receipt.is_deferred() && receipt.tokens().len() == 1);
        let new = here.reading().at_least(&receipt).get("ada").await.unwrap();
        assert!(new.is_none());
        store(&here, "ada", "new").await;
        check_get(&there, "ada", Some(("new", Tier::Remote))).await;
    }
}

/// Nobody but the shared tier can keep the others from keeping something.
#[tokio::test(start_paused = true)]
async fn without_a_shared_tier_a_write_is_not_guarded_and_finishes_as_an_invalidation() {
    let rig = Rig::new();
    let alone = Larder::builder("test.shop").clock(rig.clock.clone()).build().await.unwrap();
    let alone = users(&alone).build().unwrap();
    let local = async || users(&rig.node().await).tiers(Tiers::LOCAL).build().unwrap();
    let (here, there) = (local().await, local().await);
    for (here, there) in [(&alone, &alone), (&here, &there)] {
        let write = here.begin_write(["ada"]).await.unwrap();
        assert!(!write.is_guarded());
        read_old(here).await;
        read_old(there).await;
        let receipt = write.finish().await.unwrap();
        assert!(!receipt.is_deferred());
        settle().await;
        check_get(here, "ada", None).await;
        check_get(there, "ada", None).await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_guarded_is_refused_and_nothing_is_dropped() {
    let users = Rig::new().users().await;
    store(&users, "ada", "Ada").await;
    assert_eq!(kind_of(users.begin_write(["ada", ""]).await), ErrorKind::Invalid);
    let endless = "a".repeat(5_000);
    assert_eq!(kind_of(users.begin_write(["ada", &endless]).await), ErrorKind::TooLarge);
    for limit in [Duration::ZERO, Duration::from_micros(999), Duration::MAX] {
        let refused = users.begin_write_within(limit, ["ada"]).await;
        let told = refused.as_ref().unwrap_err().to_string();
        assert!(told.contains(&format!("{limit:?}")), "{told}");
        assert_eq!(kind_of(refused), ErrorKind::Invalid);
    }
    check_get(&users, "ada", Some(("Ada", Tier::Local))).await;
}

#[tokio::test(start_paused = true)]
async fn a_write_of_nothing_is_guarded_and_guards_nothing() {
    let users = Rig::new().users().await;
    store(&users, "ada", "Ada").await;
    let write = users.begin_write([] as [&str; 0]).await.unwrap();
    assert!(write.is_guarded());
    assert!(write.finish().await.unwrap().tokens().is_empty());
    check_get(&users, "ada", Some(("Ada", Tier::Local))).await;
}

#[tokio::test(start_paused = true)]
async fn a_write_of_one_key_leaves_its_neighbours_alone() {
    let rig = Rig::new();
    let larder = rig.node().await;
    let (users, orders) = (users(&larder).build().unwrap(), exact(&larder, "order").build().unwrap());
    store(&users, "bob", "Bob").await;
    store(&orders, "ada", "an order").await;
    let _write = users.begin_write(["ada"]).await.unwrap();
    check_get(&users, "bob", Some(("Bob", Tier::Local))).await;
    check_get(&orders, "ada", Some(("an order", Tier::Local))).await;
}

#[tokio::test(start_paused = true)]
async fn a_key_that_is_named_twice_is_guarded_once() {
    let users = Rig::new().users().await;
    let write = users.begin_write(["ada", "ada"]).await.unwrap();
    let _receipt = write.finish().await.unwrap();
    store(&users, "ada", "Ada").await;
    check_get(&users, "ada", Some(("Ada", Tier::Local))).await;
}

#[tokio::test(start_paused = true)]
async fn a_write_can_be_finished_as_long_as_it_is_held() {
    let rig = Rig::new();
    let (here, there) = (rig.users().await, rig.users().await);
    let write = here.begin_write_within(secs(60), ["ada"]).await.unwrap();
    drop(here);
    settle().await;
    read_old(&there).await;
    check_get(&there, "ada", None).await;
    assert!(!write.finish().await.unwrap().is_deferred());
    store(&there, "ada", "new").await;
    check_get(&there, "ada", Some(("new", Tier::Local))).await;
}

#[tokio::test(start_paused = true)]
async fn after_a_shutdown_nothing_is_begun_or_finished_and_the_guard_times_out() {
    let rig = Rig::new();
    let (larder, there) = (rig.node().await, rig.users().await);
    let here = users(&larder).build().unwrap();
    let write = here.begin_write_within(secs(10), ["ada"]).await.unwrap();
    assert!(larder.shut_down().await);
    assert_eq!(kind_of(write.finish().await), ErrorKind::Closed);
    assert_eq!(kind_of(here.begin_write(["ada"]).await), ErrorKind::Closed);
    read_old(&there).await;
    check_get(&there, "ada", None).await;
    advance(secs(10)).await;
    store(&there, "ada", "new").await;
    check_get(&there, "ada", Some(("new", Tier::Local))).await;
}
