//! A shared tier that is in trouble for longer, and is left alone.

use std::time::Duration;

use larder::{BreakerState, Inserted, Tier, Version};
use tokio::time::{sleep, timeout};

use super::rig::*;

const READ_BUDGET: u64 = 50;

/// Keys that nobody has read before.
const STRANGERS: u64 = 1_000;

impl Node {
    fn breaker(&self) -> BreakerState {
        self.larder.health().breaker.state
    }

    /// Reads a key for the first time, and tells how long that takes.
    async fn cost(&self, fleet: &Fleet, key: u64) -> Duration {
        fleet.database.commit(key);
        let began = fleet.clock.now();
        assert_eq!(self.read(key).await, fleet.database.version(key));
        fleet.clock.now().since(began)
    }

    /// Reads until the breaker is open, and forgets what was told and asked by then.
    async fn open(&self, fleet: &Fleet) {
        let mut keys = STRANGERS..STRANGERS + 20;
        while self.breaker() == BreakerState::Closed {
            self.cost(fleet, keys.next().expect("twenty are enough")).await;
        }
        self.ears.told();
        self.remote.gets();
        self.remote.steps();
    }

    /// What the breaker has told of itself since this was last asked.
    fn changes(&self) -> Vec<String> {
        self.ears.told().into_iter().filter(|event| event.starts_with("Breaker")).collect()
    }
}

#[tokio::test(start_paused = true)]
async fn a_frozen_server_costs_each_read_its_budget_until_the_breaker_opens_and_then_nothing() {
    let fleet = Fleet::new();
    let node = fleet.node().await;
    node.faults.freeze();
    let mut costs = Vec::new();
    for key in STRANGERS..STRANGERS + 100 {
        costs.push(node.cost(&fleet, key).await);
    }
    let dear = costs.iter().take_while(|cost| **cost == ms(READ_BUDGET)).count();
    assert!((5..=8).contains(&dear), "{costs:?}");
    assert!(costs.iter().skip(dear).all(Duration::is_zero), "{costs:?}");
}

#[tokio::test(start_paused = true)]
async fn while_it_is_open_one_question_is_asked_at_a_time_and_no_read_waits_for_it() {
    let fleet = Fleet::new();
    let node = fleet.node().await;
    node.faults.freeze();
    node.open(&fleet).await;
    for key in 0..3_000 {
        assert_eq!(node.cost(&fleet, 2 * STRANGERS + key).await, Duration::ZERO);
        sleep(ms(10)).await;
    }
    let (asked, at_once) = node.remote.gets();
    // Rests of half a second to eight, in half a minute.
    assert!((4..=12).contains(&asked) && at_once == 1, "{asked}, {at_once} at once");
}

#[tokio::test(start_paused = true)]
async fn it_closes_after_its_rest_though_nobody_reads() {
    let fleet = Fleet::new();
    let [node, other] = fleet.nodes().await;
    other.read(BOB).await;
    node.faults.freeze();
    node.open(&fleet).await;
    node.faults.thaw();
    sleep(ms(400)).await;
    assert_eq!(node.breaker(), BreakerState::Open, "it rests for half a second at least");
    sleep(ms(650)).await;
    assert_eq!(node.breaker(), BreakerState::Closed);
    assert_eq!(node.hit(BOB).await.tier(), Tier::Remote);
    assert_eq!(node.changes(), ["Breaker { state: Probing }", "Breaker { state: Closed }"]);
    assert_eq!(node.larder.health().breaker.opened, 1);
}

#[tokio::test(start_paused = true)]
async fn a_question_that_the_thaw_answers_closes_it() {
    let fleet = Fleet::new();
    let node = fleet.node().await;
    node.faults.freeze();
    node.open(&fleet).await;
    while node.breaker() != BreakerState::Probing {
        sleep(ms(1)).await;
    }
    // It has waited for too long by now for a read, and for nothing but the freeze.
    sleep(ms(200)).await;
    assert_eq!(node.breaker(), BreakerState::Probing);
    node.faults.thaw();
    sleep(ms(10)).await;
    assert_eq!(node.breaker(), BreakerState::Closed);
}

#[tokio::test(start_paused = true)]
async fn that_it_is_open_is_told_once_and_not_by_every_read() {
    let fleet = Fleet::new();
    let node = fleet.node().await;
    node.faults.freeze();
    let mut told = Vec::new();
    for key in STRANGERS..STRANGERS + 20 {
        node.cost(&fleet, key).await;
        told.push(node.ears.told());
    }
    let has_opened = |told: &Vec<String>| told.iter().any(|event| event == "Breaker { state: Open }");
    let opened = told.iter().position(has_opened).unwrap();
    // By the read that has opened it, which has waited itself; and by none that came after.
    assert!(told.iter().skip(opened + 1).all(Vec::is_empty), "{told:?}");
}

#[tokio::test(start_paused = true)]
async fn while_it_is_open_a_write_is_deferred_at_once_and_told_after_the_thaw() {
    let fleet = Fleet::new();
    let [writer, other] = fleet.nodes().await;
    other.read(ADA).await;
    writer.faults.freeze();
    writer.open(&fleet).await;
    let began = fleet.clock.now();
    assert!(writer.write(ADA).await.is_deferred());
    assert!(writer.write_by_tag(BOB, &tag("people")).await.is_deferred());
    assert_eq!((fleet.clock.now(), writer.larder.deferred()), (began, 2));
    assert_eq!(writer.read(ADA).await, 2, "the writer at once");
    sleep(Duration::from_secs(30)).await;
    assert!(writer.remote.steps().is_empty(), "what a question finds out need not be found out by all");
    assert_eq!(writer.remote.gets().1, 1);
    writer.faults.thaw();
    // The mender does not wait for the end of a rest.
    sleep(ms(2_000)).await;
    assert_eq!((writer.larder.deferred(), writer.breaker()), (0, BreakerState::Closed));
    assert_eq!((writer.read(ADA).await, other.read(ADA).await), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn a_versioned_write_that_finds_it_open_leaves_nothing_older_behind() {
    let fleet = Fleet::new();
    let [writer, other] = fleet.nodes().await;
    let stored = writer.users.insert(&ADA, 1, Version::new(1)).await.unwrap();
    assert!(matches!(stored, Inserted::Stored(receipt) if !receipt.is_deferred()));
    writer.faults.freeze();
    writer.open(&fleet).await;
    let (began, version) = (fleet.clock.now(), fleet.database.commit(ADA));
    let deferred = writer.users.insert(&ADA, version, Version::new(version)).await.unwrap();
    assert!(matches!(deferred, Inserted::Stored(receipt) if receipt.is_deferred()));
    assert_eq!(fleet.clock.now(), began);
    writer.faults.thaw();
    sleep(bound() * 2).await;
    assert_eq!((writer.read(ADA).await, other.read(ADA).await), (version, version));
    let late = other.users.insert(&ADA, 1, Version::new(1)).await.unwrap();
    assert_eq!(late, Inserted::Outdated);
}

#[tokio::test(start_paused = true)]
async fn a_versioned_write_that_is_not_answered_waits_for_one_deadline() {
    let fleet = Fleet::new();
    let node = fleet.node().await;
    node.faults.freeze();
    let began = fleet.clock.now();
    let deferred = node.users.insert(&ADA, 2, Version::new(2)).await.unwrap();
    assert!(matches!(deferred, Inserted::Stored(receipt) if receipt.is_deferred()));
    assert_eq!(fleet.clock.now().since(began), ms(500));
}

#[tokio::test(start_paused = true)]
async fn a_guarded_write_that_finds_it_open_has_no_guard_until_it_is_told() {
    let fleet = Fleet::new();
    let [writer, other] = fleet.nodes().await;
    writer.faults.freeze();
    writer.open(&fleet).await;
    let began = fleet.clock.now();
    let write = writer.users.begin_write([&ADA]).await.unwrap();
    assert!(!write.is_guarded() && fleet.clock.now() == began);
    writer.faults.thaw();
    sleep(ms(2_000)).await;
    assert_eq!(other.hit(ADA).await.tier(), Tier::Origin);
    assert_eq!(other.tier(ADA).await, None, "the guard is set now");
    assert!(!write.finish().await.unwrap().is_deferred());
    settle().await;
    other.read(ADA).await;
    assert_eq!(other.tier(ADA).await, Some(Tier::Local));
}

#[tokio::test(start_paused = true)]
async fn what_others_write_is_heard_while_it_is_open() {
    let fleet = Fleet::new();
    let [node, writer] = fleet.nodes().await;
    node.read(ADA).await;
    node.faults.freeze();
    node.open(&fleet).await;
    assert_eq!(node.hit(ADA).await.tier(), Tier::Local);
    assert!(!writer.write(ADA).await.is_deferred());
    settle().await;
    assert_eq!(node.read(ADA).await, 2);
}

#[tokio::test(start_paused = true)]
async fn what_the_server_is_too_slow_for_reads_to_answer_is_told_all_the_same() {
    let fleet = Fleet::new();
    let [writer, other] = fleet.nodes().await;
    other.read(ADA).await;
    writer.remote.set_latency(100);
    writer.open(&fleet).await;
    assert!(writer.write(ADA).await.is_deferred());
    sleep(ms(1_000)).await;
    assert_eq!(writer.larder.deferred(), 0);
    assert_ne!(writer.breaker(), BreakerState::Closed, "no read would be answered in time");
    assert_eq!(other.read(ADA).await, 2);
    writer.remote.set_latency(0);
    sleep(Duration::from_secs(9)).await;
    assert_eq!(writer.breaker(), BreakerState::Closed);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_fails_at_once_opens_it_too() {
    let fleet = Fleet::new();
    let node = fleet.node().await;
    node.faults.fail(usize::MAX);
    node.open(&fleet).await;
    node.faults.fail(0);
    sleep(ms(1_050)).await;
    assert_eq!(node.breaker(), BreakerState::Closed);
}

#[tokio::test(start_paused = true)]
async fn what_the_mender_tries_in_vain_does_not_open_it() {
    let fleet = Fleet::new();
    let node = fleet.node().await;
    node.faults.fail(100);
    assert!(node.write(ADA).await.is_deferred());
    sleep(Duration::from_secs(5)).await;
    assert!(node.remote.steps().len() > 5);
    assert_eq!(node.larder.health().breaker.opened, 0);
}

#[tokio::test(start_paused = true)]
async fn a_full_server_answers_and_does_not_open_it() {
    let fleet = Fleet::new();
    let node = fleet.node().await;
    fleet.server.faults().unwrap().fill_up();
    for key in STRANGERS..STRANGERS + 50 {
        node.cost(&fleet, key).await;
    }
    assert_eq!(node.larder.health().breaker.opened, 0);
}

#[tokio::test(start_paused = true)]
async fn who_gives_up_early_says_nothing_of_the_server() {
    let fleet = Fleet::new();
    let node = fleet.node().await;
    node.faults.freeze();
    for key in STRANGERS..STRANGERS + 50 {
        assert!(timeout(ms(10), node.read(key)).await.is_err());
    }
    assert_eq!(node.larder.health().breaker.opened, 0);
}

#[tokio::test(start_paused = true)]
async fn many_keys_at_once_have_one_budget() {
    let fleet = Fleet::new();
    let node = fleet.node().await;
    node.faults.freeze();
    let (began, database) = (fleet.clock.now(), fleet.database.clone());
    let load = move |keys: Vec<u64>| {
        let found: Vec<_> = keys.into_iter().map(|key| (key, database.version(key))).collect();
        std::future::ready(Ok::<_, Down>(found))
    };
    let found = node.users.get_many_or_load(&[ADA, BOB], load).await.unwrap();
    assert!(found.iter().all(Option::is_some));
    assert_eq!(fleet.clock.now().since(began), ms(READ_BUDGET));
}
