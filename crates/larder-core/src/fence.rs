//! The fence: what a load must pass before its result may be kept.
//!
//! # The problem
//!
//! A load reads from Redis or a database, and that takes time. Meanwhile somebody writes, and an
//! invalidation arrives. It finds nothing to drop, since the load has not finished. Then the load finishes and
//! stores the old value, and nothing will ever drop that.
//!
//! # The idea
//!
//! The node keeps a clock that counts the invalidations it has heard of. A load takes a [`Stamp`]
//! from that clock *before its first I/O*. An invalidation advances the clock and leaves the new reading
//! behind where the load will pass: in the stripe of its key, or, for one that touches a
//! whole partition, in the partition's floor. The load is [admitted](Fence::admit) only if what it finds there is
//! no later than its stamp.
//!
//! # Why it holds
//!
//! If a load has read the state before some write, it did so before the write's invalidation ran on
//! the server, and so before the node heard of it. Its stamp is older still. So it is smaller than the
//! reading which that invalidation leaves behind. Both [`evict`](Fence::evict) and `admit` hold the stripe's
//! lock: either the load comes first, and its entry is removed; or it comes second, and is refused.
//!
//! A flush leaves its reading in the floor without taking any lock. A load that slips by at that very moment puts
//! an entry in the map, but the entry carries its stamp, and every hit compares that with the
//! floor. So a flush costs the same for an empty cache and for a full one, and is over at once for both.
//!
//! A false refusal, from another key on the same stripe, costs one value that is returned but
//! not kept. With 4,096 stripes, 1,000 invalidations a second and loads of 50 ms that is about one load in eighty.
//!
//! The proof by exhaustion of all interleavings is in `tests/loom.rs`.

use std::fmt;

use crate::clock::Moment;
use crate::key::{KeyHash, PARTITIONS, Partition};
use crate::stamp::Stamp;
use crate::sync::{AtomicU64, Mutex, MutexGuard, Ordering};

/// Small under the model checker, which visits every one of them.
const STRIPES: usize = if cfg!(loom) { 2 } else { 4_096 };

/// Keeps overtaken loads out of the local tier. One per process and app, shared by all its caches.
///
/// # Examples
///
/// A load that an invalidation overtakes is returned to its caller, but not kept:
///
/// ```
/// use larder_core::{AppName, CacheName, Fence, Key, Moment, Namespace, Refused};
///
/// let users = Namespace::new(AppName::new("prod.shop")?, CacheName::new("user")?);
/// let ada = Key::new(&users, "ada")?.hash();
/// let fence = Fence::new();
///
/// let stamp = fence.stamp(); // before the first I/O …
/// fence.evict(ada, || {}); // … then somebody writes …
/// let kept = fence.admit(ada, stamp, Moment::ORIGIN, |_| Ok(())); // … then the load is done.
/// assert_eq!(kept, Err(Refused::Invalidated));
/// # Ok::<(), larder_core::Error>(())
/// ```
pub struct Fence {
    /// How many invalidations this node has heard of. Only ever advanced.
    clock: AtomicU64,
    /// Per stripe, the clock's reading at its last invalidation. The lock also makes "check, then insert" and
    /// "advance, then remove" one step each.
    stripes: Box<[Mutex<u64>]>,
    /// Per partition, the clock's reading at its last flush. Entries stamped before it are suspect.
    floors: [AtomicU64; PARTITIONS],
    /// Until when the node may believe that it hears of every invalidation. The bus moves it on.
    trusted_until: AtomicU64,
}

/// Whether the node may believe that it has heard of every invalidation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Trust {
    /// It may.
    Sure,
    /// The bus has been silent for too long. What is put into the local tier now may not count on being invalidated.
    Unsure,
}

/// Why a value was returned to its caller but not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Refused {
    /// Its key, or one on the same stripe, was invalidated during the load.
    Invalidated,
    /// Invalidations of its partition may have been missed during the load.
    Flushed,
    /// The bus has been silent for too long to say what was invalidated during the load.
    OutOfSync,
    /// The cache was cleared during the load.
    Cleared,
    /// One of its tags was invalidated during the load.
    Tagged,
    /// A newer version of it is there already.
    Outdated,
    /// It was past its time to live when its load was done.
    Expired,
    /// Its key is one of another cache.
    Misplaced,
}

impl Refused {
    /// The reason in one word, for a metric's label.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Invalidated => "invalidated",
            Self::Flushed => "flushed",
            Self::OutOfSync => "out_of_sync",
            Self::Cleared => "cleared",
            Self::Tagged => "tagged",
            Self::Outdated => "outdated",
            Self::Expired => "expired",
            Self::Misplaced => "misplaced",
        }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Invalidated => "its key was invalidated during the load",
            Self::Flushed => "its partition was flushed during the load",
            Self::OutOfSync => "the bus was out of sync at the end of the load",
            Self::Cleared => "its cache was cleared during the load",
            Self::Tagged => "one of its tags was invalidated during the load",
            Self::Outdated => "a newer version is there already",
            Self::Misplaced => "its key is one of another cache",
            Self::Expired => "it was past its time to live at the end of the load",
        })
    }
}

impl std::error::Error for Refused {}

impl Fence {
    /// A fence that trusts its bus without end, as an embedded one can be.
    pub fn new() -> Self {
        Self {
            clock: AtomicU64::new(0),
            stripes: (0..STRIPES).map(|_| Mutex::new(0)).collect(),
            floors: std::array::from_fn(|_| AtomicU64::new(0)),
            trusted_until: AtomicU64::new(Moment::NEVER.as_nanos()),
        }
    }

    /// Hears of an invalidation of one key: fences its loads and runs `remove`, which must take its
    /// entry out of the local tier.
    pub fn evict<R>(&self, hash: KeyHash, remove: impl FnOnce() -> R) -> R {
        let mut last = self.lock(hash);
        // Before the removal and under the lock, so that no older load can follow it.
        *last = self.advance();
        remove()
    }

    /// Hears that invalidations of a partition may have been missed: suspects all its entries
    /// and fences all its loads.
    pub fn flush(&self, partition: Partition) {
        let now = self.advance();
        if let Some(floor) = self.floors.get(partition.index()) {
            floor.fetch_max(now, Ordering::Release);
        }
    }

    /// Hears that invalidations of any partition may have been missed.
    pub fn flush_all(&self) {
        let now = self.advance();
        for floor in &self.floors {
            floor.fetch_max(now, Ordering::Release);
        }
    }

    /// Hears of something that concerns more than one key, and returns the reading to compare with.
    pub(crate) fn advance_stamp(&self) -> Stamp {
        Stamp(self.advance())
    }

    /// Believes, until `moment`, that every invalidation is heard of. May also go back.
    pub fn trust_until(&self, moment: Moment) {
        self.trusted_until.store(moment.as_nanos(), Ordering::Release);
    }

    /// What a load takes before its first I/O.
    #[inline]
    pub fn stamp(&self) -> Stamp {
        Stamp(self.clock.load(Ordering::Acquire))
    }

    /// Runs `insert`, which puts the loaded value into the local tier, unless an invalidation that the node has heard of
    /// has overtaken the load that was stamped with `stamp`.
    ///
    /// `insert` is told whether the node hears of them all at present, and must see to it that what it inserts without
    /// that does not stay for long. It runs under the lock of the key's stripe: it must be short, and must not come back
    /// here.
    pub fn admit<R>(
        &self,
        hash: KeyHash,
        stamp: Stamp,
        now: Moment,
        insert: impl FnOnce(Trust) -> Result<R, Refused>,
    ) -> Result<R, Refused> {
        let last = self.lock(hash);
        if *last > stamp.0 {
            return Err(Refused::Invalidated);
        }
        if self.floor(hash.partition()) > stamp {
            return Err(Refused::Flushed);
        }
        insert(self.trust(now))
    }

    /// Runs `act` while no load of this key can be admitted and no invalidation of it be heard.
    pub(crate) fn hold<R>(&self, hash: KeyHash, act: impl FnOnce() -> R) -> R {
        let _last = self.lock(hash);
        act()
    }

    /// Whether a load of this key that was stamped with `stamp` has been overtaken by now. A
    /// reader must not join such a load: it began after the invalidation, the load before.
    pub fn has_overtaken(&self, hash: KeyHash, stamp: Stamp) -> bool {
        *self.lock(hash) > stamp.0 || self.floor(hash.partition()) > stamp
    }

    /// The floor of a partition: what was stamped before it is suspect.
    #[inline]
    pub fn floor(&self, partition: Partition) -> Stamp {
        // Relaxed: a hit that is served while the flush is under way could as well have come before it.
        // No load relies on it, for a load's own stamp is what orders it.
        self.floors.get(partition.index()).map_or(Stamp::ZERO, |floor| Stamp(floor.load(Ordering::Relaxed)))
    }

    /// Until when the node may believe that it hears of every invalidation.
    pub fn trusted_until(&self) -> Moment {
        Moment::from_nanos(self.trusted_until.load(Ordering::Acquire))
    }

    /// Whether the node may believe, at `now`, that it has heard of every invalidation.
    #[inline]
    pub fn is_trusted(&self, now: Moment) -> bool {
        now.as_nanos() < self.trusted_until.load(Ordering::Acquire)
    }

    pub(crate) fn trust(&self, now: Moment) -> Trust {
        if self.is_trusted(now) { Trust::Sure } else { Trust::Unsure }
    }

    fn advance(&self) -> u64 {
        self.clock.fetch_add(1, Ordering::AcqRel) + 1
    }

    fn lock(&self, hash: KeyHash) -> MutexGuard<'_, u64> {
        #[expect(clippy::indexing_slicing, reason = "the remainder is in range")]
        let stripe = &self.stripes[hash.stripe() % STRIPES];
        // A panic under the lock, say in the `Drop` of a user's value, leaves the stripe as true as before.
        stripe.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Default for Fence {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Fence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fence")
            .field("stamp", &self.stamp())
            .field("trusted_until", &self.trusted_until.load(Ordering::Relaxed))
            .finish_non_exhaustive()
    }
}
