//! Nodes on one server that loses nothing, on virtual time and without jitter; and an origin that counts.

use std::error::Error as StdError;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use larder::memory::{MemoryServer, Probe};
use larder::{Cache, CacheBuilder, CacheKey, Clock, Error, ErrorKind, Hit, Larder, Result, Tier};
use larder_testkit::TokioClock;
use tokio::time::sleep;

pub(crate) type Users = Cache<String, String>;

/// What a loader of these tests returns.
pub(crate) type Loading<A> = Pin<Box<dyn Future<Output = Result<A, Broken>> + Send>>;

/// A server, and the time by which it and all of its nodes live.
pub(crate) struct Rig {
    pub(crate) server: MemoryServer,
    pub(crate) clock: Clock,
}

impl Rig {
    pub(crate) fn new() -> Self {
        let clock = TokioClock::new().clock();
        Self { server: MemoryServer::new(clock.clone()), clock }
    }

    /// A server whose connections can be broken.
    pub(crate) fn unreliable() -> Self {
        let clock = TokioClock::new().clock();
        Self { server: MemoryServer::unreliable(clock.clone(), Probe::default()), clock }
    }

    pub(crate) async fn node(&self) -> Larder {
        let builder = Larder::builder("test.shop").embedded_on(&self.server);
        builder.clock(self.clock.clone()).build().await.unwrap()
    }

    /// The same cache on a node of its own.
    pub(crate) async fn users(&self) -> Users {
        users(&self.node().await).build().unwrap()
    }
}

/// One node on a server of its own.
pub(crate) async fn alone() -> Users {
    Rig::new().users().await
}

/// A cache of names that live for ten minutes, and for one in the process.
pub(crate) fn users(larder: &Larder) -> CacheBuilder<String, String> {
    exact(larder, "user")
}

/// A cache without jitter.
pub(crate) fn exact<K, V>(larder: &Larder, name: &str) -> CacheBuilder<K, V>
where
    K: CacheKey<Owned = K> + Send + Sync + 'static,
    V: Send + Sync + 'static,
{
    larder.cache(name).jitter(0).time_to_live(secs(600)).local_time_to_live(secs(60))
}

/// Where values come from. Clones count together.
#[derive(Clone, Default)]
pub(crate) struct Origin {
    loads: Arc<AtomicUsize>,
}

impl Origin {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// How often it was asked.
    pub(crate) fn loads(&self) -> usize {
        self.loads.load(Ordering::SeqCst)
    }

    /// A loader that answers at once.
    pub(crate) fn gives<K, A: Send + 'static>(
        &self,
        answer: A,
    ) -> impl FnOnce(K) -> Loading<A> + Send + use<K, A> {
        self.takes(Duration::ZERO, Ok(answer))
    }

    pub(crate) fn fails<K>(&self) -> impl FnOnce(K) -> Loading<String> + Send + use<K> {
        self.takes(Duration::ZERO, Err(Broken("database")))
    }

    /// A loader that takes its time.
    pub(crate) fn takes<K, A: Send + 'static>(
        &self,
        time: Duration,
        answer: Result<A, Broken>,
    ) -> impl FnOnce(K) -> Loading<A> + Send + use<K, A> {
        let loads = self.loads.clone();
        move |_| {
            loads.fetch_add(1, Ordering::SeqCst);
            Box::pin(async move {
                if !time.is_zero() {
                    sleep(time).await;
                }
                answer
            })
        }
    }

    /// A loader that may run often: it numbers what it returns.
    pub(crate) fn numbers(
        &self,
        time: Duration,
    ) -> impl Fn(String) -> Loading<String> + Send + Sync + Clone + use<> {
        let loads = self.loads.clone();
        move |key| {
            let number = loads.fetch_add(1, Ordering::SeqCst) + 1;
            Box::pin(async move {
                sleep(time).await;
                Ok(format!("{key} {number}"))
            })
        }
    }
}

/// The error of an origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Broken(pub(crate) &'static str);

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is broken", self.0)
    }
}

impl StdError for Broken {}

pub(crate) fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub(crate) fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// What a read gave: value and tier.
pub(crate) fn check(hit: &Hit<String>, value: &str, tier: Tier) {
    assert_eq!((hit.as_str(), hit.tier(), hit.is_stale()), (value, tier, false), "{hit:?}");
}

/// The same of what is no longer fresh.
pub(crate) fn check_stale(hit: &Hit<String>, value: &str, tier: Tier) {
    assert_eq!((hit.as_str(), hit.tier(), hit.is_stale()), (value, tier, true), "{hit:?}");
}

/// What a read without a loader gives: value and tier, or nothing.
pub(crate) async fn check_get(users: &Users, key: &str, expected: Option<(&str, Tier)>) {
    let hit = users.get(key).await.unwrap();
    let got = hit.as_ref().map(|hit| (hit.as_str(), hit.tier()));
    assert_eq!(got, expected, "{key}");
}

/// The kind of an error, which must be one.
pub(crate) fn kind_of<T>(result: Result<T>) -> ErrorKind {
    result.err().as_ref().map(Error::kind).expect("it should have been refused")
}

/// Puts a value into every tier.
pub(crate) async fn store(users: &Users, key: &str, value: &str) {
    let stored = users.refresh_with(key, Origin::new().gives(value.to_owned())).await.unwrap();
    check(&stored, value, Tier::Origin);
}

/// Lets every task run that can.
pub(crate) async fn settle() {
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
}
