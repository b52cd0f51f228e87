//! A shared tier that stops where a test wants it to.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use larder::memory::MemoryRemote;
use larder::{Result, Version};
use larder_core::{
    Announced, CacheName, Chain, Fill, Filled, Frame, Invalidation, Key, Lease, LeaseReply, LeaseRequest,
    Put, Reads, Register, Registered, Remote, Sampled, Season, Sequence, SweepPosition, Swept, TagDelta, Ttl,
};
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};

/// A point that somebody comes to and waits at until a test lets them go on.
#[derive(Clone, Debug, Default)]
pub(crate) struct Gate {
    reached: Arc<Notify>,
    opened: Arc<Notify>,
}

impl Gate {
    /// Comes to it, and waits.
    pub(crate) async fn pass(&self) {
        self.reached.notify_one();
        self.opened.notified().await;
    }

    /// Waits until somebody has come to it.
    pub(crate) async fn reached(&self) {
        let minute = Duration::from_secs(60);
        timeout(minute, self.reached.notified()).await.expect("somebody comes here");
    }

    /// Lets them go on.
    pub(crate) fn open(&self) {
        self.opened.notify_one();
    }
}

/// Where a call may stop: before it has its effect, or after it, with the answer on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Point {
    BeforeGet,
    AfterGet,
    BeforePut,
    BeforeFill,
    AfterFill,
    BeforeInvalidate,
    AfterInvalidate,
    BeforeTags,
}

/// A node's remote, and where its next calls stop. Clones are the same.
#[derive(Clone, Debug)]
pub(crate) struct PausingRemote {
    inner: MemoryRemote,
    pauses: Arc<Mutex<Vec<(Point, Gate)>>>,
    /// How long every answer of those calls that can be stopped is on its way, in milliseconds.
    latency: Arc<AtomicU64>,
    steps: Arc<Mutex<Steps>>,
    gets: Arc<Mutex<Steps>>,
    panics: Arc<AtomicBool>,
}

/// The invalidations that were sent, or the questions for values.
#[derive(Debug, Default)]
struct Steps {
    /// How many keys or tags each was of.
    sizes: Vec<usize>,
    under_way: usize,
    most_at_once: usize,
}

/// One that is under way, until this is dropped.
struct UnderWay(Arc<Mutex<Steps>>);

impl UnderWay {
    fn begin(steps: &Arc<Mutex<Steps>>, what: &Invalidation<'_>) -> Self {
        Self::begin_of(
            steps,
            match what {
                Invalidation::Keys(_, keys, _)
                | Invalidation::Expire(_, keys)
                | Invalidation::Guard(_, keys, ..) => keys.len(),
                Invalidation::Tags(tags) => tags.len(),
                _ => 1,
            },
        )
    }

    fn begin_of(steps: &Arc<Mutex<Steps>>, size: usize) -> Self {
        let mut sent = steps.lock().unwrap();
        sent.sizes.push(size);
        sent.under_way += 1;
        sent.most_at_once = sent.most_at_once.max(sent.under_way);
        Self(steps.clone())
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.lock().unwrap().under_way -= 1;
    }
}

impl PausingRemote {
    pub(crate) fn new(inner: MemoryRemote) -> Self {
        let (pauses, latency) = (Arc::default(), Arc::default());
        let (steps, gets) = (Arc::default(), Arc::default());
        Self { inner, pauses, latency, steps, gets, panics: Arc::default() }
    }

    /// Lets every answer take so many milliseconds from now on.
    pub(crate) fn set_latency(&self, millis: u64) {
        self.latency.store(millis, Ordering::Relaxed);
    }

    /// Stops the next call at a point, once.
    pub(crate) fn pause(&self, point: Point) -> Gate {
        let gate = Gate::default();
        self.pauses.lock().unwrap().push((point, gate.clone()));
        gate
    }

    /// Lets the next invalidation panic.
    pub(crate) fn panic(&self) {
        self.panics.store(true, Ordering::Relaxed);
    }

    /// How many keys or tags each invalidation was of that has been sent since this was last asked.
    pub(crate) fn steps(&self) -> Vec<usize> {
        std::mem::take(&mut self.steps.lock().unwrap().sizes)
    }

    /// How many invalidations were under way at the same time.
    pub(crate) fn most_at_once(&self) -> usize {
        self.steps.lock().unwrap().most_at_once
    }

    /// How many questions for values were asked since this was last asked, and how many of all were under way at once.
    pub(crate) fn gets(&self) -> (usize, usize) {
        let mut gets = self.gets.lock().unwrap();
        let most = std::mem::take(&mut gets.most_at_once);
        (std::mem::take(&mut gets.sizes).len(), most)
    }

    async fn at(&self, point: Point) {
        let gate = {
            let mut pauses = self.pauses.lock().unwrap();
            let next = pauses.iter().position(|(paused, _)| *paused == point);
            next.map(|index| pauses.remove(index).1)
        };
        if let Some(gate) = gate {
            gate.pass().await;
        }
        let latency = self.latency.load(Ordering::Relaxed);
        if latency > 0 && matches!(point, Point::AfterGet | Point::AfterFill | Point::AfterInvalidate) {
            sleep(Duration::from_millis(latency)).await;
        }
    }
}

#[async_trait]
impl Remote for PausingRemote {
    async fn get(&self, keys: &[Key]) -> Result<Vec<Option<Bytes>>> {
        let _under_way = UnderWay::begin_of(&self.gets, keys.len());
        self.at(Point::BeforeGet).await;
        let answer = self.inner.get(keys).await;
        self.at(Point::AfterGet).await;
        answer
    }

    async fn get_and_tags(&self, keys: &[Key]) -> Result<(Vec<Option<Bytes>>, Sequence)> {
        let _under_way = UnderWay::begin_of(&self.gets, keys.len());
        self.at(Point::BeforeGet).await;
        let answer = self.inner.get_and_tags(keys).await;
        self.at(Point::AfterGet).await;
        answer
    }

    async fn lease(&self, key: &Key, request: &LeaseRequest) -> Result<LeaseReply> {
        self.inner.lease(key, request).await
    }

    async fn renew(&self, key: &Key, lease: Lease, hold: Ttl) -> Result<bool> {
        self.inner.renew(key, lease, hold).await
    }

    async fn release(&self, key: &Key, lease: Lease) -> Result<()> {
        self.inner.release(key, lease).await
    }

    async fn fill(&self, key: &Key, lease: Lease, content: Fill) -> Result<Filled> {
        self.at(Point::BeforeFill).await;
        let answer = self.inner.fill(key, lease, content).await;
        self.at(Point::AfterFill).await;
        answer
    }

    async fn put(&self, key: &Key, version: Version, value: Bytes, ttl: Ttl, frame: &Frame) -> Result<Put> {
        self.at(Point::BeforePut).await;
        self.inner.put(key, version, value, ttl, frame).await
    }

    async fn invalidate(&self, what: &Invalidation<'_>, frame: &Frame) -> Result<Announced> {
        let _under_way = UnderWay::begin(&self.steps, what);
        assert!(!self.panics.swap(false, Ordering::Relaxed), "a broken shared tier");
        self.at(Point::BeforeInvalidate).await;
        let answer = self.inner.invalidate(what, frame).await;
        self.at(Point::AfterInvalidate).await;
        answer
    }

    async fn sequences(&self) -> Result<Vec<(Chain, Sequence)>> {
        self.inner.sequences().await
    }

    async fn raise(&self, chain: Chain, at: Sequence) -> Result<()> {
        self.inner.raise(chain, at).await
    }

    async fn invalidated_tags(&self, since: Sequence) -> Result<TagDelta> {
        self.at(Point::BeforeTags).await;
        self.inner.invalidated_tags(since).await
    }

    async fn sweep(&self, cache: &CacheName, from: Option<&SweepPosition>, most: u32) -> Result<Swept> {
        self.inner.sweep(cache, from, most).await
    }

    async fn sample(&self, cache: &CacheName, from: Option<&SweepPosition>, most: u32) -> Result<Sampled> {
        self.inner.sample(cache, from, most).await
    }

    async fn add_reads(&self, cache: &CacheName, season: Season, reads: &[Reads], most: u32) -> Result<()> {
        self.inner.add_reads(cache, season, reads, most).await
    }

    async fn most_read(&self, cache: &CacheName, season: Season, skip: u32, most: u32) -> Result<Vec<Reads>> {
        self.inner.most_read(cache, season, skip, most).await
    }

    async fn register(&self, register: Register, lines: &[String]) -> Result<Vec<Registered>> {
        self.inner.register(register, lines).await
    }
}
