//! Messages that come, and messages that do not.

use std::time::Duration;

use larder_testkit::redis::Loss;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use super::outcome::Outcome;
use super::pair::{Pair, Write, tag};

/// The channel of what is invalidated. Where the chains stand is told on another.
const NOTICES: &str = "larder:test.shop@0";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_node_writes_the_other_sees() {
    let (pair, mut outcome) = (Pair::new().await, Outcome::default());
    for key in 0..100 {
        pair.warm([key]).await;
        let write = pair.first.write(key).await;
        outcome.stale(pair.second.staleness(key, write).await);
    }
    outcome.report("healthy");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_just_after_the_subscribers_were_killed_is_seen() {
    let (pair, mut outcome) = (Pair::new().await, Outcome::default());
    for round in 0..5 {
        let keys = round * 100..(round + 1) * 100;
        pair.warm(keys.clone()).await;
        kill_subscribers(&pair);
        write_and_watch(&pair, keys, &mut outcome).await;
        pair.is_well().await;
    }
    outcome.report("gap");
}

/// Writes at once, and measures each.
async fn write_and_watch(pair: &Pair, keys: impl Iterator<Item = u64>, outcome: &mut Outcome) {
    let mut watches = JoinSet::new();
    for key in keys {
        let (first, second) = (pair.first.clone(), pair.second.clone());
        watches.spawn(async move {
            let write = first.write(key).await;
            second.staleness(key, write).await
        });
    }
    watches.join_all().await.into_iter().for_each(|staleness| outcome.stale(staleness));
}

/// Of each ten entries half are in the second node's memory, and half only in the shared tier.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tag_whose_invalidation_was_lost_is_invalidated() {
    let (pair, mut outcome) = (Pair::new().await, Outcome::default());
    for round in 0..20 {
        let keys = round * 10..(round + 1) * 10;
        for key in keys.clone() {
            pair.first.read(key).await;
        }
        pair.warm(keys.clone().step_by(2)).await;
        if round % 2 == 0 {
            kill_subscribers(&pair);
        } else {
            pair.proxy.lose(Loss::every(1).on(NOTICES));
        }
        let versions: Vec<u64> = keys.clone().map(|key| pair.first.database.write(key)).collect();
        let receipt = pair.first.larder.invalidate_tag(&tag()).await.unwrap();
        assert!(!receipt.is_deferred());
        let executed = Instant::now();
        let mut watches = JoinSet::new();
        for (key, version) in keys.zip(versions) {
            let second = pair.second.clone();
            watches.spawn(async move { second.staleness(key, Write { version, executed }).await });
        }
        watches.join_all().await.into_iter().for_each(|staleness| outcome.stale(staleness));
        pair.proxy.heal();
        pair.is_well().await;
    }
    outcome.report("tag_gap");
}

/// First only what is invalidated, then also where the chains stand.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_all_messages_are_lost_nothing_is_staler_than_the_bound() {
    let (pair, mut outcome) = (Pair::new().await, Outcome::default());
    for loss in [Loss::every(1).on(NOTICES), Loss::every(1)] {
        pair.proxy.reset_counts();
        pair.proxy.lose(loss);
        let mut watches = JoinSet::new();
        for key in 0..20 {
            let (first, second) = (pair.first.clone(), pair.second.clone());
            watches.spawn(async move {
                let mut stalenesses = Vec::new();
                for _ in 0..5 {
                    // At any time between two questions to the server.
                    sleep(Duration::from_millis(fastrand::u64(0..1_000))).await;
                    second.read(key).await;
                    let write = first.write(key).await;
                    stalenesses.push(second.staleness(key, write).await);
                }
                stalenesses
            });
        }
        for staleness in watches.join_all().await.into_iter().flatten() {
            outcome.stale(staleness);
        }
        assert!(pair.proxy.counts().lost() > 50, "{}", pair.proxy.counts().lost());
        pair.proxy.heal();
        pair.is_well().await;
    }
    outcome.report("silence");
}

fn kill_subscribers(pair: &Pair) {
    let killed = pair.server.command(&["CLIENT", "KILL", "TYPE", "pubsub"]).unwrap();
    assert!(killed.integer() >= Some(2), "{killed:?}");
}
