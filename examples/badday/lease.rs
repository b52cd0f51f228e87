//! A shared tier without leases, to see what they are worth.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use larder::Result;
use larder_core::{
    Announced, CacheName, Chain, Fill, Filled, Frame, Invalidation, Key, Lease, LeaseReply, LeaseRequest,
    Put, Remote, Sequence, SweepPosition, Swept, TagDelta, Ttl, Version,
};

/// Lets everybody load who asks. What is loaded without the lease of the server is not stored there; it still is what the
/// one who has it has loaded.
pub(crate) struct Unleased<R>(pub(crate) Arc<R>);

#[async_trait]
impl<R: Remote> Remote for Unleased<R> {
    async fn lease(&self, key: &Key, request: &LeaseRequest) -> Result<LeaseReply> {
        Ok(match self.0.lease(key, request).await? {
            LeaseReply::Busy(_) => LeaseReply::Granted,
            reply => reply,
        })
    }

    async fn get(&self, keys: &[Key]) -> Result<Vec<Option<Bytes>>> {
        self.0.get(keys).await
    }

    async fn get_and_tags(&self, keys: &[Key]) -> Result<(Vec<Option<Bytes>>, Sequence)> {
        self.0.get_and_tags(keys).await
    }

    async fn renew(&self, key: &Key, lease: Lease, hold: Ttl) -> Result<bool> {
        self.0.renew(key, lease, hold).await
    }

    async fn release(&self, key: &Key, lease: Lease) -> Result<()> {
        self.0.release(key, lease).await
    }

    async fn fill(&self, key: &Key, lease: Lease, content: Fill) -> Result<Filled> {
        self.0.fill(key, lease, content).await
    }

    async fn put(&self, key: &Key, version: Version, value: Bytes, ttl: Ttl, frame: &Frame) -> Result<Put> {
        self.0.put(key, version, value, ttl, frame).await
    }

    async fn invalidate(&self, what: &Invalidation<'_>, frame: &Frame) -> Result<Announced> {
        self.0.invalidate(what, frame).await
    }

    async fn sequences(&self) -> Result<Vec<(Chain, Sequence)>> {
        self.0.sequences().await
    }

    async fn raise(&self, chain: Chain, at: Sequence) -> Result<()> {
        self.0.raise(chain, at).await
    }

    async fn invalidated_tags(&self, since: Sequence) -> Result<TagDelta> {
        self.0.invalidated_tags(since).await
    }

    async fn sweep(&self, cache: &CacheName, from: Option<&SweepPosition>, most: u32) -> Result<Swept> {
        self.0.sweep(cache, from, most).await
    }
}

impl<R> fmt::Debug for Unleased<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Unleased")
    }
}
