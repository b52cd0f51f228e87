//! The shared tier, as the engine sees it: one method for each thing that must happen in one step.

use std::fmt;

use async_trait::async_trait;
use bytes::Bytes;

use crate::bus::{Announced, Frame};
use crate::error::{Error, ErrorKind, Result};
use crate::health::Connection;
use crate::key::{Key, Partition};
use crate::label::Version;
use crate::name::CacheName;
use crate::policy::Ttl;
use crate::register::{Register, Registered};
use crate::stamp::{Chain, Sequence};
use crate::survey::Sampled;
use crate::sweep::{SweepPosition, Swept};
use crate::tag::TagHash;
use crate::working_set::{Reads, Season};

/// The tier that all nodes share: Redis, or its stand-in within one process.
///
/// Each method is one atomic step on the server. What the protocol proves it proves of these steps in any order, so
/// an implementation must not split one. Every method may be retried after a timeout.
///
/// # Cancel safety
///
/// A future that is dropped may or may not have had its effect; the server is never left between two effects.
#[async_trait]
pub trait Remote: fmt::Debug + Send + Sync + 'static {
    /// Reads what is stored under each of `keys`, in their order.
    async fn get(&self, keys: &[Key]) -> Result<Vec<Option<Bytes>>>;

    /// The same, and beside it, read no later than the values, the latest sequence of [`Chain::Tags`]: for a node that
    /// cannot be sure to have heard of every invalidation of a tag.
    async fn get_and_tags(&self, keys: &[Key]) -> Result<(Vec<Option<Bytes>>, Sequence)>;

    /// Asks for the right to load a key.
    ///
    /// What stands in the way is looked at in this order: a guarded write makes the key
    /// [quarantined](LeaseReply::Quarantined); a value that the request's mode does not mean to replace, and that was born
    /// at or after `need_birth`, is [found](LeaseReply::Found); the lease that is already held by this name is
    /// granted again, and lasts no shorter than before; another, born at or after `need_birth`, is [busy](LeaseReply::Busy). Everything else is granted.
    async fn lease(&self, key: &Key, request: &LeaseRequest) -> Result<LeaseReply>;

    /// Lets a lease that is still held last for `hold` from now on. Returns whether it was held.
    async fn renew(&self, key: &Key, lease: Lease, hold: Ttl) -> Result<bool>;

    /// Gives a lease back without storing anything.
    async fn release(&self, key: &Key, lease: Lease) -> Result<()>;

    /// Stores what was loaded under a lease, unless an invalidation has taken the lease away, or it has a version and a newer
    /// one is there or has been.
    async fn fill(&self, key: &Key, lease: Lease, content: Fill) -> Result<Filled>;

    /// Stores a version that its writer knows, unless a newer one is or was there, and announces it.
    ///
    /// What stands in the way is looked at in this order: an entry of a newer build, a newer version, the server's memory, a
    /// guarded write. The version is remembered in the last case too.
    async fn put(&self, key: &Key, version: Version, value: Bytes, ttl: Ttl, frame: &Frame) -> Result<Put>;

    /// Invalidates, gives the invalidation its place in the chain, and announces it, all in one step.
    async fn invalidate(&self, what: &Invalidation<'_>, frame: &Frame) -> Result<Announced>;

    /// The latest sequence of every chain.
    async fn sequences(&self) -> Result<Vec<(Chain, Sequence)>>;

    /// Makes sure that a chain goes on after `at`, which some node has seen and the server may have lost. Only a sequence
    /// that the server itself once told may be passed on; one that is more than a day ahead of it is
    /// [refused](crate::ErrorKind::Refused).
    async fn raise(&self, chain: Chain, at: Sequence) -> Result<()>;

    /// The tags that were invalidated after `since`, with the floor below which they have been forgotten, and the caches
    /// that were ever cleared.
    async fn invalidated_tags(&self, since: Sequence) -> Result<TagDelta>;

    /// Removes values of a cache for real, and looks at `most` keys for that, about. `from` is where the last step ended.
    ///
    /// A value that is removed is a miss from then on, and nothing worse; leases, guards and remembered versions stay. What
    /// is stored meanwhile may stay, too.
    ///
    /// # Errors
    ///
    /// [`Invalid`](crate::ErrorKind::Invalid) if nobody has ever been at that position.
    async fn sweep(&self, cache: &CacheName, from: Option<&SweepPosition>, most: u32) -> Result<Swept>;

    /// Looks at values of a cache, and at `most` keys for that, about. `from` is where the last step ended.
    ///
    /// # Errors
    ///
    /// [`Refused`](crate::ErrorKind::Refused) by a tier that cannot, and [`Invalid`](crate::ErrorKind::Invalid) if nobody has
    /// ever been at that position.
    async fn sample(&self, cache: &CacheName, from: Option<&SweepPosition>, most: u32) -> Result<Sampled> {
        let _ = (from, most);
        Err(Error::new(ErrorKind::Refused, "this tier does not tell what it holds").with("cache", cache))
    }

    /// Adds to what the fleet has read of a cache in that season, and keeps the `most` keys that were read most.
    ///
    /// By the server's clock; what was added before has [faded](crate::Fading) since. Nothing that is read or written otherwise
    /// depends on it. A tier that remembers nothing of the kind leaves new nodes cold.
    async fn add_reads(
        &self,
        _cache: &CacheName,
        _season: Season,
        _reads: &[Reads],
        _most: u32,
    ) -> Result<()> {
        Ok(())
    }

    /// What the fleet has read most of a cache in that season, and what is left of the counts: `most` keys, after the first
    /// `skip`.
    async fn most_read(
        &self,
        _cache: &CacheName,
        _season: Season,
        _skip: u32,
        _most: u32,
    ) -> Result<Vec<Reads>> {
        Ok(Vec::new())
    }

    /// Notes lines in a register, and tells all that were noted of late, these included. Nothing is noted if there are none.
    ///
    /// Nothing that is read or written otherwise depends on it. A tier that remembers nothing of the kind has nobody warned.
    async fn register(&self, _register: Register, _lines: &[String]) -> Result<Vec<Registered>> {
        Ok(Vec::new())
    }

    /// Makes sure, at the start of a process, that the tier can be used: that its permissions suffice, and that whoever used
    /// it before laid it out in the same way.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](crate::ErrorKind::Unavailable) or [`Elapsed`](crate::ErrorKind::Elapsed) if nobody can tell at present; then
    /// the process starts without it. Any other, if it is there and cannot be used; then the process does not start.
    async fn check(&self) -> Result<()> {
        Ok(())
    }

    /// How the connections to it fare.
    fn connections(&self) -> Vec<Connection> {
        Vec::new()
    }
}

/// Asks for the right to load one key.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LeaseRequest {
    /// The name of the lease, should it be granted.
    pub lease: Lease,
    /// For how long.
    pub hold: Ttl,
    /// What may stand in the way.
    pub mode: LeaseMode,
    /// Entries and leases born before it are of no use: the cache, or one of the tags that the key had, was invalidated
    /// then.
    pub need_birth: Sequence,
    /// The birth of what is about to be loaded.
    pub birth: Sequence,
}

impl LeaseRequest {
    /// Asks for a lease of `hold` on a key that was not found.
    pub const fn new(lease: Lease, hold: Ttl) -> Self {
        let (need_birth, birth) = (Sequence::ZERO, Sequence::ZERO);
        Self { lease, hold, mode: LeaseMode::Miss, need_birth, birth }
    }
}

/// The random name of a lease. A load may store its result only while the server knows the lease by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Lease(u128);

impl Lease {
    /// The lease of that name, which should come from a good source of randomness.
    pub const fn new(name: u128) -> Self {
        Self(name)
    }

    /// The name.
    pub const fn get(self) -> u128 {
        self.0
    }
}

/// Which value a load means to replace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum LeaseMode {
    /// None was found. If there is one by now, it is the answer.
    #[default]
    Miss,
    /// The one with this [identity](Self::replace), which could not be read or is to be refreshed. Any other is the answer.
    Replace(Bytes),
    /// Whatever is there: it is to be loaded anew in any case, or a newer build wrote it, and it stays.
    Any,
}

impl LeaseMode {
    /// The mode that replaces `stored`.
    ///
    /// Its identity is its bytes 4 to 63, as far as there are any. In an envelope these hold the checksum, and leave out the
    /// mark that [`Invalidation::Expire`] sets. Two values that share an identity cost one load too many.
    pub fn replace(stored: &Bytes) -> Self {
        Self::Replace(stored.slice(stored.len().min(4)..stored.len().min(64)))
    }
}

/// The server's answer to a [`LeaseRequest`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LeaseReply {
    /// The lease is granted: load, then fill or release.
    Granted,
    /// Somebody has stored a value meanwhile: this one.
    Found(Bytes),
    /// Somebody else is loading, and its lease lasts for so long.
    Busy(Ttl),
    /// A guarded write is under way: load, and keep the result nowhere.
    Quarantined,
}

/// What a load stores.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fill {
    /// A new value.
    Value(Bytes, Ttl),
    /// The header of the entry that is there: the origin says that it has not changed. Nothing is stored if none is there,
    /// or one that is shorter.
    Header(Bytes, Ttl),
}

/// What became of a [`Fill`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Filled {
    /// It is stored.
    Stored,
    /// The lease was gone: an invalidation has overtaken the load, or it took too long.
    Overtaken,
    /// A newer version is there, or has been. The lease is given back.
    Outdated,
    /// The lease was there, but not the value whose header was to be replaced. The lease is given back.
    Vanished,
}

/// What became of a versioned write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Put {
    /// It is stored.
    Stored(Announced),
    /// A newer version was there, or has been; or a guarded write of it is under way, whose value will be newer.
    Outdated,
    /// An entry of a newer build is there, and stays.
    Foreign,
}

/// What to invalidate in one step. Its keys must all be of one partition.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Invalidation<'a> {
    /// Removes values and leases, and ends the guard of the write, if there is one.
    Keys(Partition, &'a [Key], Option<Guard>),
    /// Removes a value and its lease, and from then on refuses to [put](Remote::put) versions below this one.
    Version(&'a Key, Version),
    /// Marks values as stale, drops what is no entry and so has no place for the mark, and removes leases.
    Expire(Partition, &'a [Key]),
    /// Removes values and leases before a write, and lets nothing be stored until it ends or the guard times out.
    Guard(Partition, &'a [Key], Guard, Ttl),
    /// Outdates whatever carries one of these tags.
    Tags(&'a [TagHash]),
    /// Outdates whatever is in a cache.
    Cache(&'a CacheName),
    /// Outdates whatever is in the app.
    Everything,
}

/// The random name of a guarded write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Guard(u64);

impl Guard {
    /// The guard of that name, which should come from a good source of randomness.
    pub const fn new(name: u64) -> Self {
        Self(name)
    }

    /// The name.
    pub const fn get(self) -> u64 {
        self.0
    }
}

/// What a node must learn to know all invalidations of tags and caches again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TagDelta {
    /// The tags and their latest invalidations.
    pub tags: Vec<(TagHash, Sequence)>,
    /// Invalidations of tags up to here may have been forgotten.
    pub floor: Sequence,
    /// The caches that were ever cleared, and when last. These are never forgotten.
    pub caches: Vec<(CacheName, Sequence)>,
    /// When the whole app was last cleared.
    pub everything: Sequence,
    /// The delta is complete up to here.
    pub seen: Sequence,
}
