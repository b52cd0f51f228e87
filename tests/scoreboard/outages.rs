//! A server that freezes, and goes on.

use std::io;
use std::ops::Range;
use std::time::Duration;

use larder::{Inserted, Tier, Version};
use tokio::time::{Instant, sleep, timeout};

use super::outcome::Outcome;
use super::pair::{Pair, Write};

/// What takes longer hangs.
const HANG: Duration = Duration::from_secs(2);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hit_in_the_process_needs_no_server() {
    let (pair, mut outcome) = (Pair::new().await, Outcome::default());
    for round in 0..5 {
        let keys = round * 100..(round + 1) * 100;
        pair.warm(keys.clone()).await;
        pair.server.pause().unwrap();
        for key in keys {
            let began = Instant::now();
            outcome.add(pair.second.read(key).await.tier() != Tier::Local);
            outcome.took(began.elapsed());
        }
        pair.server.resume().unwrap();
        pair.is_well().await;
    }
    outcome.report("frozen_hit");
}

/// The loader takes 50 ms of it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_miss_does_not_wait_for_a_frozen_server() {
    let (pair, mut outcome) = (Pair::new().await, Outcome::default());
    for round in 0..5_u64 {
        pair.server.pause().unwrap();
        for key in round * 4..(round + 1) * 4 {
            let load = |_| async {
                sleep(Duration::from_millis(50)).await;
                Ok::<_, io::Error>(1)
            };
            let began = Instant::now();
            let read = timeout(HANG, pair.second.cache.get_or_load(&key, load)).await;
            outcome.add(!read.is_ok_and(|read| read.is_ok_and(|hit| *hit == 1)));
            outcome.took(began.elapsed());
        }
        pair.server.resume().unwrap();
        pair.is_well().await;
    }
    outcome.report("frozen_miss");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_invalidated_during_an_outage_does_not_come_back() {
    let (pair, mut outcome) = (Pair::new().await, Outcome::default());
    for round in 0..10 {
        let keys = round * 10..(round + 1) * 10;
        pair.warm(keys.clone()).await;
        pair.server.pause().unwrap();
        let versions: Vec<u64> = keys.clone().map(|key| pair.first.database.write(key)).collect();
        let keys: Vec<u64> = keys.collect();
        let receipt = pair.first.cache.invalidate_many(&keys).await.unwrap();
        assert!(receipt.is_deferred(), "the server is frozen");
        recover(&pair, &keys, &versions, &mut outcome).await;
    }
    outcome.report("outage_delete");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_inserted_during_an_outage_is_the_last_word() {
    let (pair, mut outcome) = (Pair::new().await, Outcome::default());
    for round in 0..10 {
        let keys: Range<u64> = round * 10..(round + 1) * 10;
        pair.warm(keys.clone()).await;
        pair.server.pause().unwrap();
        let mut versions = Vec::new();
        for key in keys.clone() {
            let version = pair.first.database.write(key);
            let inserted = pair.first.cache.insert(&key, version, Version::new(version)).await.unwrap();
            assert!(matches!(inserted, Inserted::Stored(receipt) if receipt.is_deferred()));
            versions.push(version);
        }
        let keys: Vec<u64> = keys.collect();
        recover(&pair, &keys, &versions, &mut outcome).await;
    }
    outcome.report("outage_set");
}

/// Lets the server go on, and looks at what each node has, and the server.
async fn recover(pair: &Pair, keys: &[u64], versions: &[u64], outcome: &mut Outcome) {
    pair.server.resume().unwrap();
    pair.is_well().await;
    let executed = Instant::now();
    for (&key, &version) in keys.iter().zip(versions) {
        let kept = pair.first.cache.reading().skip_local().get(&key).await.unwrap();
        outcome.add(kept.is_some_and(|kept| *kept < version));
        for node in pair.nodes() {
            outcome.stale(node.staleness(key, Write { version, executed }).await);
        }
    }
}
