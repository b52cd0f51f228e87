//! Two nodes, their database, and one Redis.

use std::collections::HashMap;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use larder::{Answer, Cache, Hit, Larder, Tag};
use larder_testkit::redis::{Proxy, RedisServer};
use tokio::time::{Instant, sleep};

/// How long an old value is waited out. What is served for longer is served for good, as far as a row can tell.
const PATIENCE: Duration = Duration::from_secs(2);

/// How long both may take to be in sync again after everything is well.
const HEALING: Duration = Duration::from_secs(10);

pub(super) struct Pair {
    pub(super) server: RedisServer,
    /// The way of the second to the server.
    pub(super) proxy: Proxy,
    pub(super) first: Node,
    pub(super) second: Node,
}

/// One instance of a service.
#[derive(Clone)]
pub(super) struct Node {
    pub(super) larder: Larder,
    pub(super) cache: Cache<u64, u64>,
    pub(super) database: Arc<Database>,
}

/// Of each key the latest version, which is also its value.
#[derive(Default)]
pub(super) struct Database {
    versions: Mutex<HashMap<u64, u64>>,
    pub(super) loads: AtomicU64,
}

/// A write of which the server has been told.
#[derive(Clone, Copy)]
pub(super) struct Write {
    pub(super) version: u64,
    pub(super) executed: Instant,
}

impl Pair {
    pub(super) async fn new() -> Self {
        let server = RedisServer::start().expect("redis-server is installed");
        let proxy = Proxy::to(&server).unwrap();
        let database = Arc::<Database>::default();
        let first = Node::new(&server.url(), &database).await;
        let second = Node::new(&proxy.url(), &database).await;
        let pair = Self { server, proxy, first, second };
        pair.is_well().await;
        pair
    }

    pub(super) fn nodes(&self) -> [&Node; 2] {
        [&self.first, &self.second]
    }

    /// Waits until both hear of everything, and neither has anything left to tell.
    pub(super) async fn is_well(&self) {
        let began = Instant::now();
        while self.nodes().iter().any(|node| !node.larder.is_in_sync() || node.larder.deferred() > 0) {
            assert!(began.elapsed() < HEALING, "{}", self.second.larder.health());
            sleep(Duration::from_millis(5)).await;
        }
    }

    /// Lets both read the keys.
    pub(super) async fn warm(&self, keys: impl IntoIterator<Item = u64>) {
        for key in keys {
            for node in self.nodes() {
                node.read(key).await;
            }
        }
    }
}

impl Node {
    async fn new(url: &str, database: &Arc<Database>) -> Self {
        let larder = Larder::builder("test.shop").redis(url).build().await.unwrap();
        let cache = larder.cache("number").time_to_live(Duration::from_secs(600)).build().unwrap();
        Self { larder, cache, database: database.clone() }
    }

    /// Reads as a service does.
    pub(super) async fn read(&self, key: u64) -> Hit<u64> {
        let database = self.database.clone();
        let load =
            move |key| async move { Ok::<_, io::Error>(Answer::value(database.read(key)).tag(&tag())) };
        self.cache.get_or_load(&key, load).await.unwrap()
    }

    /// Writes as a service does: the database first.
    pub(super) async fn write(&self, key: u64) -> Write {
        let version = self.database.write(key);
        let receipt = self.cache.invalidate(&key).await.unwrap();
        assert!(!receipt.is_deferred(), "the server is there");
        Write { version, executed: Instant::now() }
    }

    /// For how long after a write its old value is served.
    pub(super) async fn staleness(&self, key: u64, write: Write) -> Duration {
        let mut staleness = Duration::ZERO;
        while staleness < PATIENCE {
            let asked = Instant::now();
            if *self.read(key).await >= write.version {
                break;
            }
            staleness = asked.saturating_duration_since(write.executed);
            sleep(Duration::from_millis(1)).await;
        }
        staleness
    }
}

impl Database {
    pub(super) fn read(&self, key: u64) -> u64 {
        self.loads.fetch_add(1, Ordering::Relaxed);
        self.versions.lock().unwrap().get(&key).copied().unwrap_or(1)
    }

    /// Returns the new version.
    pub(super) fn write(&self, key: u64) -> u64 {
        let mut versions = self.versions.lock().unwrap();
        let version = versions.entry(key).or_insert(1);
        *version += 1;
        *version
    }
}

/// What every value carries.
pub(super) fn tag() -> Tag {
    Tag::new("all").unwrap()
}
