//! A bus that keeps a log, and catches up.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use larder::{Cache, Event, Larder, Observer};
use larder_testkit::redis::{Proxy, RedisCluster, RedisServer, Traffic};
use tokio::time::{Instant, sleep};

use super::world::{BOUND_OF_CLUSTER, HEALING};

const KEYS: u64 = 500;

/// Counts how often copies became suspect.
#[derive(Debug, Default)]
struct Flushes(Arc<AtomicU64>);

impl Observer for Flushes {
    fn observe(&self, event: &Event<'_>) {
        if matches!(event, Event::Flushed { .. }) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
}

struct Node {
    larder: Larder,
    cache: Cache<u64, u64>,
    flushes: Arc<AtomicU64>,
}

#[derive(Clone, Copy, PartialEq)]
enum Log {
    Kept,
    None,
}

impl Node {
    async fn new(url: &str, log: Log) -> Self {
        let flushes = Flushes::default();
        let counted = flushes.0.clone();
        let builder = Larder::builder("test.shop").redis(url).observer(flushes);
        let builder = if log == Log::Kept { builder.bus_log() } else { builder };
        let larder = builder.build().await.unwrap();
        assert!(larder.is_in_sync(), "{}", larder.health());
        Self { cache: larder.cache("number").build().unwrap(), larder, flushes: counted }
    }

    async fn fill(&self) {
        for key in 0..KEYS {
            self.cache.get_or_load(&key, |key| async move { Ok::<_, std::io::Error>(key) }).await.unwrap();
        }
    }

    /// How many of the keys from `first` on are in its memory.
    fn has(&self, first: u64) -> usize {
        (first..KEYS).filter(|key| self.cache.contains_local(key)).count()
    }

    /// Waits until the connection of the bus was made anew, and the servers have answered over it.
    async fn reconnected(&self, made: u64) {
        let began = Instant::now();
        while bus_made(&self.larder) == made || !self.larder.is_in_sync() || self.larder.health().behind() > 0
        {
            assert!(began.elapsed() < HEALING, "{}", self.larder.health());
            sleep(Duration::from_millis(5)).await;
        }
        // For the answer over the new connection; the trust may still be that of the old one.
        let asked = Instant::now();
        while self.larder.health().probe_age.is_none_or(|age| age > asked.elapsed()) {
            assert!(began.elapsed() < HEALING * 2, "{}", self.larder.health());
            sleep(Duration::from_millis(5)).await;
        }
    }
}

fn bus_made(larder: &Larder) -> u64 {
    let health = larder.health();
    health
        .connections
        .iter()
        .filter(|connection| connection.purpose == larder::Purpose::Bus)
        .map(|bus| bus.made)
        .sum()
}

/// Lets a reader miss a hundred invalidations while its connection is down for a moment.
async fn miss(log: Log) -> (Node, Node, Proxy, RedisServer) {
    let server = RedisServer::start().expect("redis-server is installed");
    let proxy = Proxy::to(&server).unwrap();
    let (writer, reader) = (Node::new(&server.url(), Log::None).await, Node::new(&proxy.url(), log).await);
    reader.fill().await;
    let (made, flushed) = (bus_made(&reader.larder), reader.flushes.load(Ordering::Relaxed));
    proxy.on(Traffic::Bus).refuse();
    proxy.on(Traffic::Bus).cut();
    let missed: Vec<u64> = (0..100).collect();
    assert!(!writer.cache.invalidate_many(&missed).await.unwrap().is_deferred());
    proxy.heal();
    reader.reconnected(made).await;
    reader.flushes.fetch_sub(flushed, Ordering::Relaxed);
    (writer, reader, proxy, server)
}

#[tokio::test]
async fn who_keeps_a_log_drops_what_it_missed_and_nothing_else() {
    let (_writer, reader, ..) = miss(Log::Kept).await;
    assert_eq!(reader.has(0), reader.has(100), "what was missed is dropped");
    assert_eq!((reader.has(100), reader.flushes.load(Ordering::Relaxed)), (400, 0));
}

#[tokio::test]
async fn who_keeps_none_suspects_everything() {
    let (_writer, reader, ..) = miss(Log::None).await;
    assert!(reader.flushes.load(Ordering::Relaxed) > 0);
    assert_eq!(reader.has(0), 0);
}

#[tokio::test]
async fn what_is_not_in_the_log_any_more_is_suspect() {
    let server = RedisServer::start().expect("redis-server is installed");
    let proxy = Proxy::to(&server).unwrap();
    let (writer, reader) =
        (Node::new(&server.url(), Log::None).await, Node::new(&proxy.url(), Log::Kept).await);
    reader.fill().await;
    let made = bus_made(&reader.larder);
    proxy.on(Traffic::Bus).refuse();
    proxy.on(Traffic::Bus).cut();
    let missed: Vec<u64> = (0..100).collect();
    assert!(!writer.cache.invalidate_many(&missed).await.unwrap().is_deferred());
    for partition in larder_core::Partition::all() {
        let tag = larder_link::hash_tag(larder_core::Chain::Keys(partition));
        server.command(&["XTRIM", &format!("larder:{{{tag}}}:test.shop~x"), "MAXLEN", "0"]).unwrap();
    }
    proxy.heal();
    reader.reconnected(made).await;
    assert_eq!((0_u64..100).filter(|key| reader.cache.contains_local(key)).count(), 0);
    assert!(reader.flushes.load(Ordering::Relaxed) > 0);
}

#[tokio::test]
async fn a_server_that_has_lost_the_log_with_everything_else_is_not_believed() {
    let (_writer, reader, _proxy, server) = miss(Log::Kept).await;
    let made = bus_made(&reader.larder);
    server.restart().unwrap();
    reader.reconnected(made).await;
    assert_eq!(reader.has(0), 0);
}

#[tokio::test]
async fn on_a_cluster_too() {
    let cluster = RedisCluster::start().expect("redis-server is installed");
    let (writer, reader) =
        (Node::new(&cluster.url(), Log::None).await, Node::new(&cluster.url(), Log::Kept).await);
    reader.fill().await;
    let flushed = reader.flushes.load(Ordering::Relaxed);
    for round in 0..5_u64 {
        let made = bus_made(&reader.larder);
        for master in cluster.masters().unwrap() {
            master.command(&["CLIENT", "KILL", "TYPE", "pubsub"]).unwrap();
        }
        let missed: Vec<u64> = (round * 20..(round + 1) * 20).collect();
        assert!(!writer.cache.invalidate_many(&missed).await.unwrap().is_deferred());
        reader.reconnected(made).await;
        sleep(BOUND_OF_CLUSTER).await;
        let first = (round + 1) * 20;
        assert_eq!(reader.has(0), reader.has(first));
        assert_eq!(reader.has(first) as u64, KEYS - first, "{}", reader.flushes.load(Ordering::Relaxed));
    }
    assert_eq!(reader.flushes.load(Ordering::Relaxed), flushed);
}
