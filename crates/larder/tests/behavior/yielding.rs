//! A shared tier whose every answer takes a few polls, and the means to poll a future just so often.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;

use async_trait::async_trait;
use bytes::Bytes;
use larder::memory::{Link, MemoryRemote};
use larder::{AppName, Larder, LarderBuilder, Result, Version};
use larder_core::{
    Announced, CacheName, Chain, Fill, Filled, Frame, Invalidation, Key, Lease, LeaseReply, LeaseRequest,
    Put, Reads, Register, Registered, Remote, Sampled, Season, Sequence, SweepPosition, Swept, TagDelta, Ttl,
};
use tokio::task::yield_now;

use super::rig::{Rig, millis};

/// Polls a future so many times, with a rest for everybody else after each, and returns what it gave if it did.
pub(crate) async fn cancel_after<F: Future>(mut future: Pin<&mut F>, polls: usize) -> Option<F::Output> {
    for _ in 0..polls {
        let polled = poll_fn(|context| Poll::Ready(future.as_mut().poll(context))).await;
        if let Poll::Ready(output) = polled {
            return Some(output);
        }
        // Time goes on only when nobody has anything else to do.
        tokio::time::sleep(millis(1)).await;
    }
    None
}

/// A node whose shared tier yields so many times before and after each step.
pub(crate) async fn yielding(rig: &Rig, polls: usize) -> Larder {
    let link = rig.server.connect(&AppName::new("test.shop").unwrap());
    yielding_on(rig, &link, polls).build().await.unwrap()
}

/// The same by a connection that may be broken, and not yet started.
pub(crate) fn yielding_on(rig: &Rig, link: &Link, polls: usize) -> LarderBuilder {
    let remote = Yielding { remote: link.remote(), polls };
    Larder::builder("test.shop").upstream(remote, link.bus()).clock(rig.clock.clone())
}

#[derive(Debug)]
struct Yielding {
    remote: MemoryRemote,
    polls: usize,
}

impl Yielding {
    async fn after<T>(&self, step: impl Future<Output = Result<T>>) -> Result<T> {
        for _ in 0..self.polls {
            yield_now().await;
        }
        let answer = step.await;
        for _ in 0..self.polls {
            yield_now().await;
        }
        answer
    }
}

#[async_trait]
impl Remote for Yielding {
    async fn get(&self, keys: &[Key]) -> Result<Vec<Option<Bytes>>> {
        self.after(self.remote.get(keys)).await
    }

    async fn get_and_tags(&self, keys: &[Key]) -> Result<(Vec<Option<Bytes>>, Sequence)> {
        self.after(self.remote.get_and_tags(keys)).await
    }

    async fn lease(&self, key: &Key, request: &LeaseRequest) -> Result<LeaseReply> {
        self.after(self.remote.lease(key, request)).await
    }

    async fn renew(&self, key: &Key, lease: Lease, hold: Ttl) -> Result<bool> {
        self.after(self.remote.renew(key, lease, hold)).await
    }

    async fn release(&self, key: &Key, lease: Lease) -> Result<()> {
        self.after(self.remote.release(key, lease)).await
    }

    async fn fill(&self, key: &Key, lease: Lease, content: Fill) -> Result<Filled> {
        self.after(self.remote.fill(key, lease, content)).await
    }

    async fn put(&self, key: &Key, version: Version, value: Bytes, ttl: Ttl, frame: &Frame) -> Result<Put> {
        self.after(self.remote.put(key, version, value, ttl, frame)).await
    }

    async fn invalidate(&self, what: &Invalidation<'_>, frame: &Frame) -> Result<Announced> {
        self.after(self.remote.invalidate(what, frame)).await
    }

    async fn sequences(&self) -> Result<Vec<(Chain, Sequence)>> {
        self.after(self.remote.sequences()).await
    }

    async fn raise(&self, chain: Chain, at: Sequence) -> Result<()> {
        self.after(self.remote.raise(chain, at)).await
    }

    async fn invalidated_tags(&self, since: Sequence) -> Result<TagDelta> {
        self.after(self.remote.invalidated_tags(since)).await
    }

    async fn sweep(&self, cache: &CacheName, from: Option<&SweepPosition>, most: u32) -> Result<Swept> {
        self.after(self.remote.sweep(cache, from, most)).await
    }

    async fn sample(&self, cache: &CacheName, from: Option<&SweepPosition>, most: u32) -> Result<Sampled> {
        self.after(self.remote.sample(cache, from, most)).await
    }

    async fn add_reads(&self, cache: &CacheName, season: Season, reads: &[Reads], most: u32) -> Result<()> {
        self.after(self.remote.add_reads(cache, season, reads, most)).await
    }

    async fn most_read(&self, cache: &CacheName, season: Season, skip: u32, most: u32) -> Result<Vec<Reads>> {
        self.after(self.remote.most_read(cache, season, skip, most)).await
    }

    async fn register(&self, register: Register, lines: &[String]) -> Result<Vec<Registered>> {
        self.after(self.remote.register(register, lines)).await
    }
}
