//! The calls.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use larder_core::{
    Announced, CacheName, Chain, Fill, Filled, Frame, Invalidation, Key, Lease, LeaseReply, LeaseRequest,
    Put, Reads, Register, Registered, Remote, Result, Sampled, Season, Sequence, SweepPosition, Swept,
    TagDelta, Ttl, Version,
};

use crate::connection::Connection;

/// The shared tier, as one node sees it.
///
/// Nothing waits, unless a fault says so.
#[derive(Clone, Debug)]
pub struct MemoryRemote {
    connection: Arc<Connection>,
}

impl MemoryRemote {
    pub(crate) fn new(connection: Arc<Connection>) -> Self {
        Self { connection }
    }
}

#[async_trait]
impl Remote for MemoryRemote {
    async fn get(&self, keys: &[Key]) -> Result<Vec<Option<Bytes>>> {
        self.connection.call(|state| state.get(keys)).await
    }

    async fn get_and_tags(&self, keys: &[Key]) -> Result<(Vec<Option<Bytes>>, Sequence)> {
        self.connection.call(|state| state.get_and_tags(keys)).await
    }

    async fn lease(&self, key: &Key, request: &LeaseRequest) -> Result<LeaseReply> {
        self.connection.call(|state| state.lease(key, request)).await
    }

    async fn renew(&self, key: &Key, lease: Lease, hold: Ttl) -> Result<bool> {
        self.connection.call(|state| state.renew(key, lease, hold)).await
    }

    async fn release(&self, key: &Key, lease: Lease) -> Result<()> {
        self.connection.call(|state| state.release(key, lease)).await
    }

    async fn fill(&self, key: &Key, lease: Lease, content: Fill) -> Result<Filled> {
        self.connection.call(|state| state.fill(key, lease, content)).await
    }

    async fn put(&self, key: &Key, version: Version, value: Bytes, ttl: Ttl, frame: &Frame) -> Result<Put> {
        self.connection.call(|state| state.put(key, version, value, ttl, frame)).await
    }

    async fn invalidate(&self, what: &Invalidation<'_>, frame: &Frame) -> Result<Announced> {
        self.connection.call(|state| state.invalidate(what, frame)).await
    }

    async fn sequences(&self) -> Result<Vec<(Chain, Sequence)>> {
        self.connection.call(|state| Ok(state.sequences())).await
    }

    async fn raise(&self, chain: Chain, at: Sequence) -> Result<()> {
        self.connection.call(|state| state.raise(chain, at)).await
    }

    async fn invalidated_tags(&self, since: Sequence) -> Result<TagDelta> {
        self.connection.call(|state| Ok(state.invalidated_tags(since))).await
    }

    async fn sweep(&self, cache: &CacheName, from: Option<&SweepPosition>, most: u32) -> Result<Swept> {
        self.connection.call(|state| state.sweep(cache, from, most)).await
    }

    async fn sample(&self, cache: &CacheName, from: Option<&SweepPosition>, _most: u32) -> Result<Sampled> {
        self.connection.call(|state| state.sample(cache, from)).await
    }

    async fn add_reads(&self, cache: &CacheName, season: Season, reads: &[Reads], most: u32) -> Result<()> {
        self.connection.call(|state| state.add_reads(cache, season, reads, most)).await
    }

    async fn most_read(&self, cache: &CacheName, season: Season, skip: u32, most: u32) -> Result<Vec<Reads>> {
        self.connection.call(|state| Ok(state.most_read(cache, season, skip, most))).await
    }

    async fn register(&self, register: Register, lines: &[String]) -> Result<Vec<Registered>> {
        self.connection.call(|state| state.register(register, lines)).await
    }
}
