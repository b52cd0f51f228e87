//! A fleet of nodes on one server whose links can be broken, and the database behind them.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use larder::memory::{Faults, MemoryServer, Probe};
use larder::{
    Answer, AppName, Cache, CacheBuilder, CacheName, Clock, Event, Hit, Larder, Observer, Optional, Receipt,
    Result, Tag, Tier,
};
use larder_core::{Key, Namespace};
use larder_testkit::{Recorder, TokioClock};
use tokio::task::JoinHandle;
use tokio::time::sleep;

use super::pausing::{Gate, PausingRemote};

pub(crate) type Users = Cache<u64, u64>;

/// A key that every test has in the database from the start, in version 1.
pub(crate) const ADA: u64 = 7;

/// Another one, in another partition.
pub(crate) const BOB: u64 = 8;

/// Longer than anybody remembers what was told.
pub(crate) const MINUTES: Duration = Duration::from_secs(180);

/// Within which time a loss is noticed.
pub(crate) fn bound() -> Duration {
    Probe::default().bound()
}

/// How often the server is asked where it stands.
pub(crate) fn interval() -> Duration {
    Probe::default().interval()
}

pub(crate) const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// Lets everything happen that can happen without time. One millisecond passes.
pub(crate) async fn settle() {
    sleep(ms(1)).await;
}

/// All nodes have this in common.
pub(crate) struct Fleet {
    pub(crate) server: MemoryServer,
    pub(crate) clock: Clock,
    pub(crate) database: Database,
}

impl Fleet {
    pub(crate) fn new() -> Self {
        let clock = TokioClock::new().clock();
        let database = Database::default();
        database.commit(ADA);
        database.commit(BOB);
        Self { server: MemoryServer::unreliable(clock.clone(), Probe::default()), clock, database }
    }

    pub(crate) async fn node(&self) -> Node {
        self.node_with(|users| users).await
    }

    pub(crate) async fn nodes<const N: usize>(&self) -> [Node; N] {
        let mut nodes = Vec::new();
        for _ in 0..N {
            nodes.push(self.node().await);
        }
        nodes.try_into().ok().expect("there are as many as were asked for")
    }

    /// A node whose cache is set up otherwise.
    pub(crate) async fn node_with(
        &self,
        set_up: impl FnOnce(CacheBuilder<u64, u64>) -> CacheBuilder<u64, u64>,
    ) -> Node {
        let link = self.server.connect(&app());
        let (remote, ears) = (PausingRemote::new(link.remote()), Ears::default());
        let builder = Larder::builder("test.shop").upstream(remote.clone(), link.bus());
        let larder = builder.clock(self.clock.clone()).observer(ears.clone()).build().await.unwrap();
        let users = set_up(larder.cache("user").jitter(0)).build().unwrap();
        ears.flushes();
        let (faults, database) = (link.faults().unwrap(), self.database.clone());
        Node { larder, users, faults, remote, ears, database }
    }

    /// What the shared tier would give to somebody who is new.
    pub(crate) async fn shared(&self, key: u64) -> Option<u64> {
        let newcomer = self.node().await;
        newcomer.users.get(&key).await.unwrap().map(|hit| *hit)
    }
}

fn app() -> AppName {
    AppName::new("test.shop").unwrap()
}

pub(crate) fn key(number: u64) -> Key {
    Key::new(&Namespace::new(app(), CacheName::new("user").unwrap()), &number).unwrap()
}

/// Another key of the same partition.
pub(crate) fn sibling(of: u64) -> u64 {
    let partition = key(of).hash().partition();
    (of + 1..of + 100_000)
        .find(|&number| key(number).hash().partition() == partition)
        .expect("there are 64 partitions")
}

/// One instance of the service.
pub(crate) struct Node {
    pub(crate) larder: Larder,
    pub(crate) users: Users,
    pub(crate) faults: Faults,
    pub(crate) remote: PausingRemote,
    pub(crate) ears: Ears,
    pub(crate) database: Database,
}

impl Node {
    pub(crate) async fn hit(&self, key: u64) -> Hit<u64> {
        let database = self.database.clone();
        self.users.get_or_load(&key, move |key| database.load(key)).await.unwrap()
    }

    /// Which version this node sees.
    pub(crate) async fn read(&self, key: u64) -> u64 {
        *self.hit(key).await
    }

    /// The same, for a key that may not be there.
    pub(crate) async fn find(&self, key: u64) -> Option<u64> {
        let database = self.database.clone();
        let found = self.users.get_or_load(&key, move |key| database.load(key)).await;
        found.optional().unwrap().map(|hit| *hit)
    }

    /// A read that goes on by itself.
    pub(crate) fn reading(&self, key: u64) -> JoinHandle<u64> {
        let (users, database) = (self.users.clone(), self.database.clone());
        tokio::spawn(async move { *users.get_or_load(&key, move |key| database.load(key)).await.unwrap() })
    }

    /// The same, when it has come to a gate.
    pub(crate) async fn reading_up_to(&self, gate: Gate, key: u64) -> Halted {
        let read = self.reading(key);
        gate.reached().await;
        Halted { gate, read }
    }

    /// A read that sees the writes behind a receipt.
    pub(crate) async fn read_at_least(&self, receipt: &Receipt, key: u64) -> u64 {
        let database = self.database.clone();
        let reading = self.users.reading().at_least(receipt);
        *reading.get_or_load(&key, move |key| database.load(key)).await.unwrap()
    }

    /// A new version in the database, and then everywhere.
    pub(crate) async fn write(&self, key: u64) -> Receipt {
        self.database.commit(key);
        self.users.invalidate(&key).await.unwrap()
    }

    /// The same for who drops it by its tag.
    pub(crate) async fn write_by_tag(&self, key: u64, tag: &Tag) -> Receipt {
        self.database.commit(key);
        self.larder.invalidate_tag(tag).await.unwrap()
    }

    /// Where a read finds the key, which it must without loading.
    pub(crate) async fn tier(&self, key: u64) -> Option<Tier> {
        self.users.get(&key).await.unwrap().map(|hit| hit.tier())
    }
}

/// A read that stands at a gate.
pub(crate) struct Halted {
    gate: Gate,
    read: JoinHandle<u64>,
}

impl Halted {
    /// Lets it go on, and returns which version it sees.
    pub(crate) async fn end(self) -> u64 {
        self.gate.open();
        self.read.await.unwrap()
    }
}

/// What a node says it has done.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ears(Arc<Recorder>);

impl Ears {
    /// What was flushed since this was last asked.
    pub(crate) fn flushes(&self) -> Vec<String> {
        self.told().into_iter().filter(|event| event.starts_with("Flushed")).collect()
    }

    /// All that was told since this was last asked.
    pub(crate) fn told(&self) -> Vec<String> {
        self.0.take()
    }
}

impl Observer for Ears {
    fn observe(&self, event: &Event<'_>) {
        self.0.observe(event);
    }
}

/// The origin. Its rows are versions, and a load takes what is committed when it begins. Clones are the same.
#[derive(Clone, Debug, Default)]
pub(crate) struct Database(Arc<Mutex<Rows>>);

#[derive(Debug, Default)]
struct Rows {
    versions: HashMap<u64, u64>,
    tags: HashMap<u64, Tag>,
    loads: usize,
    under_way: usize,
    most_at_once: usize,
    /// Where the next load stops, after its read.
    gate: Option<Gate>,
    latency: Duration,
    is_down: bool,
}

/// The origin cannot be reached.
#[derive(Debug)]
pub(crate) struct Down;

impl fmt::Display for Down {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the database is down")
    }
}

impl std::error::Error for Down {}

impl Database {
    /// Commits the next version of a key, and returns it.
    pub(crate) fn commit(&self, key: u64) -> u64 {
        let mut rows = self.rows();
        let version = rows.versions.entry(key).or_default();
        *version += 1;
        *version
    }

    /// The latest version of a key.
    pub(crate) fn version(&self, key: u64) -> u64 {
        self.rows().versions.get(&key).copied().unwrap_or_default()
    }

    /// Lets a row say from now on what it is tagged with.
    pub(crate) fn tag(&self, key: u64, tag: &Tag) {
        self.rows().tags.insert(key, tag.clone());
    }

    /// Stops the next load after it has read.
    pub(crate) fn pause(&self) -> Gate {
        let gate = Gate::default();
        self.rows().gate = Some(gate.clone());
        gate
    }

    /// Sets how long a load takes after it has read.
    pub(crate) fn set_latency(&self, latency: Duration) {
        self.rows().latency = latency;
    }

    pub(crate) fn shut_down(&self) {
        self.rows().is_down = true;
    }

    /// How many loads there have been.
    pub(crate) fn loads(&self) -> usize {
        self.rows().loads
    }

    /// How many loads there have been at the same time.
    pub(crate) fn most_at_once(&self) -> usize {
        self.rows().most_at_once
    }

    pub(crate) async fn load(self, key: u64) -> Result<Answer<u64>, Down> {
        let (version, tag, gate, latency, is_down) = {
            let mut rows = self.rows();
            rows.loads += 1;
            rows.under_way += 1;
            rows.most_at_once = rows.most_at_once.max(rows.under_way);
            let (version, tag) = (rows.versions.get(&key).copied(), rows.tags.get(&key).cloned());
            (version, tag, rows.gate.take(), rows.latency, rows.is_down)
        };
        if let Some(gate) = gate {
            gate.pass().await;
        }
        if !latency.is_zero() {
            sleep(latency).await;
        }
        self.rows().under_way -= 1;
        if is_down {
            return Err(Down);
        }
        Ok(Answer::from(version).tags(&tag))
    }

    fn rows(&self) -> MutexGuard<'_, Rows> {
        self.0.lock().unwrap()
    }
}

pub(crate) fn tag(text: &str) -> Tag {
    Tag::new(text).unwrap()
}
