//! What users, observers and whoever can write to the channel might do.

use std::pin::pin;
use std::time::Duration;

use larder::memory::{Link, MemoryServer, Probe};
use larder::{
    Answer, AppName, Capacity, Event, Larder, Observer, Receipt, Tag, Tier, Tiers, Version, WhileDisconnected,
};
use larder_core::{Announced, Bus, Notice, Partition, Sequence, TagHash};
use larder_testkit::TokioClock;
use tokio::time::{Instant, sleep};

use super::bulk::Table;
use super::rig::{Origin, Rig, check, check_get, exact, secs, settle, store, users};
use super::yielding::cancel_after;

/// A node whose link can be broken.
async fn breakable() -> (Larder, Link) {
    let clock = TokioClock::new().clock();
    let link = MemoryServer::unreliable(clock.clone(), Probe::default())
        .connect(&AppName::new("test.shop").unwrap());
    let builder = Larder::builder("test.shop").upstream(link.remote(), link.bus()).clock(clock);
    (builder.build().await.unwrap(), link)
}

/// Announces what no server has done.
async fn forge(link: &Link, notice: Notice, previous: u64, sequence: u64) {
    let (previous, sequence) = (Sequence::new(previous), Sequence::new(sequence));
    link.bus().publish(&notice, Announced { previous, sequence, sent: false }).await.unwrap();
    settle().await;
}

fn keys() -> Vec<String> {
    (0..200).map(|number| format!("key {number}")).collect()
}

#[derive(Debug)]
struct Panicky;

impl Observer for Panicky {
    fn observe(&self, event: &Event<'_>) {
        assert!(!matches!(event, Event::Flushed { .. }), "this observer does not like flushes");
    }
}

#[tokio::test(start_paused = true)]
async fn an_observer_that_panics_makes_nobody_deaf() {
    let rig = Rig::new();
    let writer = rig.users().await;
    let link = rig.server.connect(&AppName::new("test.shop").unwrap());
    let builder = Larder::builder("test.shop").upstream(link.remote(), link.bus()).clock(rig.clock.clone());
    let larder = builder.observer(Panicky).build().await.unwrap();
    let users = users(&larder).build().unwrap();
    store(&users, "ada", "Ada").await;
    forge(&link, Notice::Keys(Partition::new(3).unwrap(), Vec::new()), 5, 6).await;
    let _receipt = writer.invalidate("ada").await.unwrap();
    settle().await;
    check_get(&users, "ada", None).await;
}

#[tokio::test(start_paused = true)]
async fn a_number_from_the_far_future_outdates_and_hides_nothing() {
    let (larder, link) = breakable().await;
    let users = users(&larder).build().unwrap();
    forge(&link, Notice::Tags(vec![TagHash::from_bits(1)]), 5, 1 << 60).await;
    forge(&link, Notice::Keys(Partition::new(3).unwrap(), Vec::new()), 5, 1 << 60).await;
    sleep(secs(3)).await;
    assert!(larder.is_in_sync());
    let tag = Tag::new("tenant:1").unwrap();
    let old = Answer::value("old".to_owned()).tag(&tag);
    users.get_or_load("ada", Origin::new().gives(old)).await.unwrap();
    let receipt = larder.invalidate_tag(&tag).await.unwrap();
    assert!(!receipt.is_deferred());
    let new = users.get_or_load("ada", Origin::new().gives("new".to_owned())).await.unwrap();
    check(&new, "new", Tier::Origin);
}

#[tokio::test(start_paused = true)]
async fn a_receipt_of_many_tokens_costs_one_budget() {
    let (larder, link) = breakable().await;
    let users = users(&larder).build().unwrap();
    link.faults().unwrap().freeze();
    let receipt: Receipt = ["t.1900000000000000"; 100].join(",").parse().unwrap();
    assert_eq!(receipt.tokens().len(), 1);
    let began = Instant::now();
    assert!(users.reading().at_least(&receipt).get("ada").await.unwrap().is_none());
    let keys = keys();
    users.reading().at_least(&receipt).get_many(&keys).await.unwrap();
    assert!(began.elapsed() <= Duration::from_millis(200), "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_batch_that_waits_for_one_that_is_not_polled_waits_once() {
    let (larder, link) = breakable().await;
    let users = users(&larder).build().unwrap();
    let (keys, table) = (keys(), Table::default());
    link.faults().unwrap().freeze();
    let mut first = pin!(users.get_many_or_load(&keys, table.loader()));
    assert!(cancel_after(first.as_mut(), 1).await.is_none());
    let (began, table) = (Instant::now(), Table::default());
    users.get_many_or_load(&keys, table.loader()).await.unwrap();
    assert!(began.elapsed() < secs(2), "{:?}", began.elapsed());
    assert_eq!(table.take_asked().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn without_a_bus_what_was_deferred_is_told_all_the_same() {
    let clock = TokioClock::new().clock();
    let link = MemoryServer::unreliable(clock.clone(), Probe::default())
        .connect(&AppName::new("test.shop").unwrap());
    let larder = Larder::builder("test.shop").remote(link.remote()).clock(clock).build().await.unwrap();
    assert!(!larder.is_in_sync(), "it hears of nothing");
    let users = users(&larder).build().unwrap();
    link.faults().unwrap().fail(1);
    assert!(users.invalidate("ada").await.unwrap().is_deferred());
    sleep(secs(3)).await;
    assert_eq!(larder.deferred(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_cache_that_is_opened_again_has_forgotten_what_it_could_not_hear_of() {
    let rig = Rig::new();
    let other = rig.users().await;
    let builder = Larder::builder("test.shop").embedded_on(&rig.server).clock(rig.clock.clone());
    let larder = builder.capacity(Capacity::Entries(50)).build().await.unwrap();
    let _orders = exact::<u64, String>(&larder, "order").build().unwrap();
    let first = users(&larder).build().unwrap();
    store(&first, "ada", "Ada").await;
    store(&first, "bob", "Bob").await;
    drop(first);
    let _receipt = other.invalidate("ada").await.unwrap();
    settle().await;
    let again = users(&larder).build().unwrap();
    check_get(&again, "ada", None).await;
    check_get(&again, "bob", Some(("Bob", Tier::Remote))).await;
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_that_is_dropped_leaves_nothing_that_is_trusted() {
    let rig = Rig::new();
    let other = rig.users().await;
    let larder = rig.node().await;
    let users = users(&larder).build().unwrap();
    store(&users, "ada", "Ada").await;
    assert!(cancel_after(pin!(larder.shut_down()), 1).await.is_none());
    settle().await;
    let _receipt = other.invalidate("ada").await.unwrap();
    settle().await;
    check_get(&users, "ada", None).await;
}

#[tokio::test(start_paused = true)]
async fn a_read_budget_without_end_is_one() {
    let rig = Rig::new();
    let builder = Larder::builder("test.shop").embedded_on(&rig.server).clock(rig.clock.clone());
    let larder = builder.read_budget(Duration::MAX).build().await.unwrap();
    let (users, origin) = (users(&larder).build().unwrap(), Origin::new());
    let load = || origin.takes(secs(1), Ok("Ada".to_owned()));
    let (first, second) = tokio::join!(users.get_or_load("ada", load()), users.get_or_load("ada", load()));
    check(&first.unwrap(), "Ada", Tier::Origin);
    check(&second.unwrap(), "Ada", Tier::Origin);
}

#[tokio::test(start_paused = true)]
async fn an_insert_while_bypassed_is_not_kept() {
    let (larder, link) = breakable().await;
    let users = users(&larder).tiers(Tiers::LOCAL).while_disconnected(WhileDisconnected::Bypass);
    let users = users.build().unwrap();
    link.faults().unwrap().cut();
    sleep(secs(5)).await;
    let _inserted = users.insert("ada", "Ada".to_owned(), Version::new(2)).await.unwrap();
    check_get(&users, "ada", None).await;
}

#[tokio::test(start_paused = true)]
async fn an_insert_into_the_process_alone_outlives_its_own_notice() {
    let (larder, link) = breakable().await;
    let users = users(&larder).tiers(Tiers::LOCAL).build().unwrap();
    let faults = link.faults().unwrap();
    faults.hold();
    let late = async {
        sleep(Duration::from_millis(20)).await;
        faults.release();
    };
    let (inserted, ()) = tokio::join!(users.insert("ada", "Ada".to_owned(), Version::new(2)), late);
    let _inserted = inserted.unwrap();
    settle().await;
    check_get(&users, "ada", Some(("Ada", Tier::Local))).await;
}
