//! Reads, loads and writes that overtake each other.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use larder::{Tier, Version};
use larder_testkit::redis::{Direction, Traffic};
use tokio::sync::{Semaphore, watch};
use tokio::task::{JoinSet, yield_now};
use tokio::time::{Instant, sleep};

use super::outcome::Outcome;
use super::pair::{Node, Pair, Write};

/// How often a race is run at its natural timing.
const RACES: u64 = 1_500;

/// The answer of the shared tier is 20 ms late, and the message on time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_late_answer_of_the_shared_tier_is_not_kept() {
    let (pair, mut outcome) = (Pair::new().await, Outcome::default());
    pair.proxy.on(Traffic::Data).delay(Direction::ToClient, Duration::from_millis(20));
    let mut overtaken = 0;
    for key in 0..1_000 {
        pair.first.read(key).await;
        let reader = pair.second.clone();
        let reading = tokio::spawn(async move { reader.read(key).await });
        // By then the question is at the server.
        sleep(Duration::from_millis(5)).await;
        let write = pair.first.write(key).await;
        let hit = reading.await.unwrap();
        if hit.tier() == Tier::Remote && *hit < write.version {
            outcome.stale(pair.second.staleness(key, write).await);
            overtaken += 1;
        }
        if overtaken == 100 {
            return outcome.report("late_fill");
        }
    }
    panic!("only {overtaken} reads of 1,000 were overtaken");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_of_the_shared_tier_that_is_overtaken_is_not_kept() {
    let (pair, mut outcome) = (Pair::new().await, Outcome::default());
    for key in 0..RACES {
        pair.first.read(key).await;
        let (reader, writer) = (pair.second.clone(), pair.first.clone());
        let reading = tokio::spawn(async move { reader.read(key).await });
        let writing = tokio::spawn(async move { writer.write(key).await });
        reading.await.unwrap();
        outcome.stale(pair.second.staleness(key, writing.await.unwrap()).await);
    }
    outcome.report("natural_fill");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_load_that_is_overtaken_is_kept_nowhere() {
    const KEYS: u64 = 100;
    let (pair, mut outcome) = (Pair::new().await, Outcome::default());
    let (under_way, (release, released)) = (Arc::new(Semaphore::new(0)), watch::channel(false));
    let mut loads = JoinSet::new();
    for key in 0..KEYS {
        let (node, under_way, mut released) = (pair.second.clone(), under_way.clone(), released.clone());
        loads.spawn(async move {
            let database = node.database.clone();
            let load = move |key| async move {
                let version = database.read(key);
                under_way.add_permits(1);
                released.wait_for(|released| *released).await.map_err(io::Error::other)?;
                Ok::<_, io::Error>(version)
            };
            node.cache.get_or_load(&key, load).await.unwrap()
        });
    }
    let all = under_way.acquire_many(KEYS.try_into().unwrap()).await.unwrap();
    let mut writes = Vec::new();
    for key in 0..KEYS {
        writes.push(pair.first.write(key).await);
    }
    drop(all);
    release.send(true).unwrap();
    loads.join_all().await;
    for (key, write) in (0..KEYS).zip(writes) {
        for node in pair.nodes() {
            outcome.stale(node.staleness(key, write).await);
        }
    }
    outcome.report("loader_race");
}

/// Both nodes write to the database, then through the cache, and then read what they have written.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writers_on_two_nodes_leave_the_same_on_both() {
    let (pair, mut outcome) = (Pair::new().await, Outcome::default());
    for key in 0..RACES {
        let writes = pair.nodes().map(|node| tokio::spawn(write_through(node.clone(), key)));
        for write in writes {
            write.await.unwrap();
        }
        let last = Write { version: pair.first.database.read(key), executed: Instant::now() };
        let first = pair.first.staleness(key, last).await;
        outcome.stale(pair.second.staleness(key, last).await.max(first));
    }
    outcome.report("writers");
}

async fn write_through(node: Node, key: u64) {
    let version = node.database.write(key);
    let _inserted = node.cache.insert(&key, version, Version::new(version)).await.unwrap();
    node.read(key).await;
}

/// One node writes 5,000 keys, while the other reads them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_read_while_it_is_written_is_not_kept() {
    const KEYS: u64 = 5_000;
    let (pair, mut outcome) = (Pair::new().await, Outcome::default());
    let is_over = Arc::new(AtomicBool::new(false));
    let mut readers = JoinSet::new();
    for _ in 0..4 {
        let (node, is_over) = (pair.second.clone(), is_over.clone());
        readers.spawn(async move {
            while !is_over.load(Ordering::Relaxed) {
                node.read(fastrand::u64(0..KEYS)).await;
                yield_now().await;
            }
        });
    }
    let mut writes = Vec::new();
    for key in 0..KEYS {
        writes.push(pair.first.write(key).await);
    }
    is_over.store(true, Ordering::Relaxed);
    readers.join_all().await;
    // As long as the others were given.
    sleep(Duration::from_secs(1)).await;
    for (key, write) in (0..KEYS).zip(writes) {
        outcome.stale(pair.second.staleness(key, write).await);
    }
    outcome.report("race");
}
