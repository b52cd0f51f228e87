//! An origin, a fleet of nodes in front of it, and somebody who notes down what each reader was told.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use larder::{Cache, Larder};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

const KEYS: usize = 200;
const READERS: usize = 4;

/// No read may take longer, whatever is broken. The longest wait that there is a reason for is the two seconds of a lease
/// whose holder never heard that it was granted.
const HANG: Duration = Duration::from_secs(6);

/// Ticks of the coarse clock by which a node may be late.
const TICK: Duration = Duration::from_millis(10);

/// A bound on a single server, and on a cluster.
pub(super) const BOUND: Duration = Duration::from_millis(1_500);
pub(super) const BOUND_OF_CLUSTER: Duration = Duration::from_millis(1_750);

/// How long a fleet may take to be in sync again after everything is well.
pub(super) const HEALING: Duration = Duration::from_secs(3);

/// The fleet at work.
pub(super) struct World {
    pub(super) nodes: Vec<Node>,
    origin: Arc<Origin>,
    tasks: JoinSet<()>,
    bound: Duration,
}

/// One process's part, as far as a test can tell.
#[derive(Clone)]
pub(super) struct Node {
    pub(super) larder: Larder,
    pub(super) cache: Cache<u64, u64>,
}

/// What is true, and what was told.
struct Origin {
    /// The version of each key.
    versions: Vec<AtomicU64>,
    /// Of each key, when the invalidation of each version was known to have been executed.
    executed: Vec<Mutex<Vec<(Instant, u64)>>>,
    /// Written, but the shared tier could not be told yet.
    deferred: Mutex<Vec<(usize, u64)>>,
    loads: AtomicU64,
    reads: AtomicU64,
    writes: AtomicU64,
    errors: Mutex<Vec<String>>,
    stalest: Mutex<Duration>,
    slowest: Mutex<Duration>,
    is_writing: AtomicBool,
}

impl World {
    /// Starts three nodes on the servers at `url`, and the work.
    pub(super) async fn new(url: &str, bound: Duration) -> Self {
        Self::of(&[url, url, url], bound).await
    }

    /// The same, each node by its own way.
    pub(super) async fn of(urls: &[&str], bound: Duration) -> Self {
        let mut nodes = Vec::new();
        for url in urls {
            nodes.push(Node::new(url).await);
        }
        let mut world = Self { nodes, origin: Arc::new(Origin::new()), tasks: JoinSet::new(), bound };
        world.work();
        world
    }

    fn work(&mut self) {
        for node in &self.nodes {
            for _ in 0..READERS {
                self.tasks.spawn(read_on(node.clone(), self.origin.clone()));
            }
            self.tasks.spawn(write_on(node.clone(), self.origin.clone()));
        }
        self.tasks.spawn(settle_on(self.nodes.clone(), self.origin.clone()));
    }

    /// Waits until every node is in sync.
    pub(super) async fn in_sync_within(&self, patience: Duration) {
        let began = Instant::now();
        while !self.nodes.iter().all(|node| node.larder.is_in_sync()) {
            assert!(began.elapsed() < patience, "not in sync after {patience:?}: {}", self.health());
            sleep(Duration::from_millis(10)).await;
        }
    }

    fn health(&self) -> String {
        let health: Vec<String> = self.nodes.iter().map(|node| node.larder.health().to_string()).collect();
        health.join("\n")
    }

    /// Waits until some node is not.
    pub(super) async fn out_of_sync_within(&self, patience: Duration) {
        let began = Instant::now();
        while self.nodes.iter().all(|node| node.larder.is_in_sync()) {
            assert!(began.elapsed() < patience, "in sync after {patience:?} with a broken server");
            sleep(Duration::from_millis(5)).await;
        }
    }

    /// Ends the work, and judges.
    pub(super) async fn judge(self) -> Verdict {
        let bound = self.bound;
        self.judge_by(bound).await
    }

    /// The same where what happened entitles to more than the bound.
    pub(super) async fn judge_by(mut self, allowed: Duration) -> Verdict {
        self.origin.is_writing.store(false, Ordering::SeqCst);
        // Whoever was told before the last invalidation has until then to hear of it.
        sleep(self.bound).await;
        while self.nodes.iter().any(|node| node.larder.deferred() > 0) {
            sleep(Duration::from_millis(10)).await;
        }
        sleep(self.bound).await;
        self.tasks.shutdown().await;
        self.agree().await;
        let verdict = self.origin.verdict();
        eprintln!("{verdict:?}");
        assert_eq!(*self.origin.errors.lock().unwrap(), Vec::<String>::new());
        assert!(verdict.reads > 100 && verdict.writes > 20, "{verdict:?}");
        assert!(verdict.stalest <= allowed + TICK, "{verdict:?}");
        verdict
    }

    /// Everybody must have the last version of everything, wherever it comes from.
    async fn agree(&self) {
        for node in &self.nodes {
            for key in 0..KEYS {
                let expected = self.origin.versions[key].load(Ordering::SeqCst);
                let hit = node.cache.get(&(key as u64)).await.unwrap();
                assert!(hit.is_none_or(|hit| *hit == expected), "key {key}");
            }
        }
    }
}

impl Node {
    pub(super) async fn new(url: &str) -> Self {
        let larder = Larder::builder("test.shop").redis(url).build().await.unwrap();
        let cache = larder.cache("number").time_to_live(Duration::from_secs(600)).build().unwrap();
        Self { larder, cache }
    }
}

impl Origin {
    fn new() -> Self {
        Self {
            versions: (0..KEYS).map(|_| AtomicU64::new(1)).collect(),
            executed: (0..KEYS).map(|_| Mutex::default()).collect(),
            deferred: Mutex::default(),
            loads: AtomicU64::new(0),
            reads: AtomicU64::new(0),
            writes: AtomicU64::new(0),
            errors: Mutex::default(),
            stalest: Mutex::default(),
            slowest: Mutex::default(),
            is_writing: AtomicBool::new(true),
        }
    }

    async fn load(&self, key: usize) -> u64 {
        let version = self.versions[key].load(Ordering::SeqCst);
        self.loads.fetch_add(1, Ordering::Relaxed);
        // What is read from a database is old by the time it comes.
        sleep(Duration::from_micros(fastrand::u64(0..2_000))).await;
        version
    }

    fn told(&self, key: usize, version: u64, asked: Instant) {
        self.reads.fetch_add(1, Ordering::Relaxed);
        let executed = self.executed[key].lock().unwrap();
        let newer = executed.iter().filter(|(_, newer)| *newer > version).map(|(then, _)| *then).min();
        if let Some(staleness) = newer.and_then(|then| asked.checked_duration_since(then)) {
            let mut stalest = self.stalest.lock().unwrap();
            *stalest = staleness.max(*stalest);
        }
    }

    fn took(&self, time: Duration) {
        let mut slowest = self.slowest.lock().unwrap();
        *slowest = time.max(*slowest);
    }

    fn executed(&self, key: usize, version: u64) {
        self.executed[key].lock().unwrap().push((Instant::now(), version));
    }

    fn verdict(&self) -> Verdict {
        Verdict {
            reads: self.reads.load(Ordering::Relaxed),
            loads: self.loads.load(Ordering::Relaxed),
            writes: self.writes.load(Ordering::Relaxed),
            stalest: *self.stalest.lock().unwrap(),
            slowest: *self.slowest.lock().unwrap(),
        }
    }
}

/// What came of it.
#[derive(Debug)]
#[expect(dead_code, reason = "it is shown")]
pub(super) struct Verdict {
    reads: u64,
    loads: u64,
    writes: u64,
    pub(super) stalest: Duration,
    slowest: Duration,
}

async fn read_on(node: Node, origin: Arc<Origin>) {
    loop {
        let (key, asked) = (fastrand::usize(0..KEYS), Instant::now());
        let loaded = origin.clone();
        let load = move |_| async move { Ok::<_, std::io::Error>(loaded.load(key).await) };
        match timeout(HANG, node.cache.get_or_load(&(key as u64), load)).await {
            Ok(Ok(hit)) => origin.told(key, *hit, asked),
            Ok(Err(error)) => origin.errors.lock().unwrap().push(format!("{error:?}")),
            Err(_) => origin.errors.lock().unwrap().push(format!("a read of {key} hangs")),
        }
        origin.took(asked.elapsed());
        sleep(Duration::from_micros(fastrand::u64(0..4_000))).await;
    }
}

async fn write_on(node: Node, origin: Arc<Origin>) {
    loop {
        sleep(Duration::from_micros(fastrand::u64(0..20_000))).await;
        if !origin.is_writing.load(Ordering::SeqCst) {
            return;
        }
        let key = fastrand::usize(0..KEYS);
        let version = origin.versions[key].fetch_add(1, Ordering::SeqCst) + 1;
        origin.writes.fetch_add(1, Ordering::Relaxed);
        match node.cache.invalidate(&(key as u64)).await {
            Ok(receipt) if receipt.is_deferred() => origin.deferred.lock().unwrap().push((key, version)),
            Ok(_) => origin.executed(key, version),
            Err(error) => origin.errors.lock().unwrap().push(format!("{error:?}")),
        }
    }
}

/// What was deferred is executed at the latest when nobody has anything to tell any more.
async fn settle_on(nodes: Vec<Node>, origin: Arc<Origin>) {
    loop {
        sleep(Duration::from_millis(5)).await;
        let waiting = std::mem::take(&mut *origin.deferred.lock().unwrap());
        if nodes.iter().any(|node| node.larder.deferred() > 0) {
            origin.deferred.lock().unwrap().extend(waiting);
            continue;
        }
        for (key, version) in waiting {
            origin.executed(key, version);
        }
    }
}
