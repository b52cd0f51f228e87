//! What lies between a node and the shared tier: some time on the way there, and some on the way back.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use fastrand::Rng;
use larder::memory::MemoryRemote;
use larder_core::{
    Announced, CacheName, Chain, Fill, Filled, Frame, Invalidation, Key, Lease, LeaseReply, LeaseRequest,
    Put, Reads, Register, Registered, Remote, Result, Sampled, Season, Sequence, SweepPosition, Swept,
    TagDelta, Ttl, Version,
};
use tokio::time::sleep;

use crate::fleet::millis;
use crate::mischief::Climate;

/// A remote whose calls and answers are on their way for as long as the dice say.
#[derive(Debug)]
pub(crate) struct Contact {
    inner: MemoryRemote,
    dice: Arc<Mutex<Rng>>,
    /// The longest way, in milliseconds.
    longest: u64,
}

impl Contact {
    pub(crate) fn new(inner: MemoryRemote, climate: Climate, dice: Rng) -> Self {
        // Two of the longest are more than the budget of a read, and then there is no answer.
        let longest = if climate.answers() { 12 } else { 40 };
        Self { inner, dice: Arc::new(Mutex::new(dice)), longest }
    }

    async fn call<T>(&self, call: impl Future<Output = Result<T>> + Send) -> Result<T> {
        self.way().await;
        let answer = call.await;
        self.way().await;
        answer
    }

    /// Mostly quick, sometimes slow.
    async fn way(&self) {
        let time = {
            let mut dice = self.dice.lock().unwrap_or_else(PoisonError::into_inner);
            let most = if dice.u8(0..10) == 0 { self.longest } else { 3 };
            dice.u64(0..most)
        };
        if time > 0 {
            sleep(millis(time)).await;
        }
    }
}

#[async_trait]
impl Remote for Contact {
    async fn get(&self, keys: &[Key]) -> Result<Vec<Option<Bytes>>> {
        self.call(self.inner.get(keys)).await
    }

    async fn get_and_tags(&self, keys: &[Key]) -> Result<(Vec<Option<Bytes>>, Sequence)> {
        self.call(self.inner.get_and_tags(keys)).await
    }

    async fn lease(&self, key: &Key, request: &LeaseRequest) -> Result<LeaseReply> {
        self.call(self.inner.lease(key, request)).await
    }

    async fn renew(&self, key: &Key, lease: Lease, hold: Ttl) -> Result<bool> {
        self.call(self.inner.renew(key, lease, hold)).await
    }

    async fn release(&self, key: &Key, lease: Lease) -> Result<()> {
        self.call(self.inner.release(key, lease)).await
    }

    async fn fill(&self, key: &Key, lease: Lease, content: Fill) -> Result<Filled> {
        self.call(self.inner.fill(key, lease, content)).await
    }

    async fn put(&self, key: &Key, version: Version, value: Bytes, ttl: Ttl, frame: &Frame) -> Result<Put> {
        self.call(self.inner.put(key, version, value, ttl, frame)).await
    }

    async fn invalidate(&self, what: &Invalidation<'_>, frame: &Frame) -> Result<Announced> {
        self.call(self.inner.invalidate(what, frame)).await
    }

    async fn sequences(&self) -> Result<Vec<(Chain, Sequence)>> {
        self.call(self.inner.sequences()).await
    }

    async fn raise(&self, chain: Chain, at: Sequence) -> Result<()> {
        self.call(self.inner.raise(chain, at)).await
    }

    async fn invalidated_tags(&self, since: Sequence) -> Result<TagDelta> {
        self.call(self.inner.invalidated_tags(since)).await
    }

    async fn sweep(&self, cache: &CacheName, from: Option<&SweepPosition>, most: u32) -> Result<Swept> {
        self.call(self.inner.sweep(cache, from, most)).await
    }

    async fn sample(&self, cache: &CacheName, from: Option<&SweepPosition>, most: u32) -> Result<Sampled> {
        self.call(self.inner.sample(cache, from, most)).await
    }

    async fn add_reads(&self, cache: &CacheName, season: Season, reads: &[Reads], most: u32) -> Result<()> {
        self.call(self.inner.add_reads(cache, season, reads, most)).await
    }

    async fn most_read(&self, cache: &CacheName, season: Season, skip: u32, most: u32) -> Result<Vec<Reads>> {
        self.call(self.inner.most_read(cache, season, skip, most)).await
    }

    async fn register(&self, register: Register, lines: &[String]) -> Result<Vec<Registered>> {
        self.call(self.inner.register(register, lines)).await
    }
}
