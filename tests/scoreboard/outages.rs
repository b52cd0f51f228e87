//! A server that freezes or cannot be reached, and then goes on.

use std::io;
use std::ops::Range;
use std::time::Duration;

use larder::{Inserted, Tier, Version};
use larder_testkit::redis::Direction;
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
    for outage in outages() {
        let keys: Vec<u64> = outage.keys.clone().collect();
        pair.warm(keys.clone()).await;
        outage.begin(&pair);
        let versions: Vec<u64> = keys.iter().map(|key| pair.second.database.write(*key)).collect();
        let receipt = pair.second.cache.invalidate_many(&keys).await.unwrap();
        assert!(receipt.is_deferred(), "the server cannot be told");
        outage.end(&pair).await;
        look(&pair, &keys, &versions, &mut outcome).await;
    }
    outcome.report("outage_delete");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_inserted_during_an_outage_is_the_last_word() {
    let (pair, mut outcome) = (Pair::new().await, Outcome::default());
    for outage in outages() {
        let (keys, mut versions): (Vec<u64>, _) = (outage.keys.clone().collect(), Vec::new());
        pair.warm(keys.clone()).await;
        outage.begin(&pair);
        for &key in &keys {
            let version = pair.second.database.write(key);
            let inserted = pair.second.cache.insert(&key, version, Version::new(version)).await.unwrap();
            assert!(matches!(inserted, Inserted::Stored(receipt) if receipt.is_deferred()));
            versions.push(version);
        }
        outage.end(&pair).await;
        look(&pair, &keys, &versions, &mut outcome).await;
    }
    outcome.report("outage_set");
}

/// One during which ten keys are written.
struct Outage {
    keys: Range<u64>,
    kind: Kind,
}

enum Kind {
    /// The server does in the end what it was sent.
    Frozen,
    /// What the writer sends vanishes.
    CutOff,
}

fn outages() -> impl Iterator<Item = Outage> {
    (0..10).map(|round| Outage {
        keys: round * 10..(round + 1) * 10,
        kind: if round % 2 == 0 { Kind::Frozen } else { Kind::CutOff },
    })
}

impl Outage {
    fn begin(&self, pair: &Pair) {
        match self.kind {
            Kind::Frozen => pair.server.pause().unwrap(),
            Kind::CutOff => pair.proxy.swallow(Direction::Both),
        }
    }

    async fn end(&self, pair: &Pair) {
        match self.kind {
            Kind::Frozen => pair.server.resume().unwrap(),
            Kind::CutOff => pair.proxy.heal(),
        }
        pair.is_well().await;
    }
}

/// Looks at what each node has, and the server.
async fn look(pair: &Pair, keys: &[u64], versions: &[u64], outcome: &mut Outcome) {
    let executed = Instant::now();
    for (&key, &version) in keys.iter().zip(versions) {
        let kept = pair.first.cache.reading().skip_local().get(&key).await.unwrap();
        outcome.add(kept.is_some_and(|kept| *kept < version));
        for node in pair.nodes() {
            outcome.stale(node.staleness(key, Write { version, executed }).await);
        }
    }
}
