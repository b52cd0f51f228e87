//! What a node knows of invalidated tags.
//!
//! # The problem
//!
//! A tag may be on a million entries in two tiers. Invalidating it must not cost more than invalidating
//! one on none.
//!
//! # The idea
//!
//! Nothing is removed. The server keeps, for every tag, the sequence of its last invalidation, and every
//! node keeps a copy of that here. An entry carries its tags and its *birth*: the sequence the node
//! had seen when the entry's load began. The entry is current if no tag of it was invalidated
//! after its birth.
//!
//! A hit must not wait for a lock or a hash map. So there is, beside the exact copy, an array of 65,536
//! stripes that many tags share, each with the latest sequence of any of them. Most hits need no more than the
//! stripes; a stripe that is too new sends the hit to the exact copy, for at 65,536 tags a stripe is another
//! tag's more often than not.
//!
//! # Bounds
//!
//! The copy holds at most 131,072 tags. Past that the older half is forgotten and the *floor* raised to the
//! latest of it: tagged entries born before the floor count as invalidated. That costs misses, never a stale hit.

mod clears;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{OnceLock, PoisonError, RwLock};

use crate::name::CacheName;
use crate::remote::TagDelta;
use crate::stamp::Sequence;
use crate::tag::{TagHash, Tags};
use clears::Clears;

const STRIPES: usize = 1 << 16;
const MOST_TAGS: usize = 1 << 17;

/// A node's copy of the tag invalidations of its app.
///
/// # Examples
///
/// ```
/// use larder_core::{Sequence, Tag, TagLedger, Tags};
///
/// let ledger = TagLedger::new();
/// let tenant = Tag::new("tenant:42")?.hash();
///
/// let birth = ledger.seen(); // before the load …
/// let tags = Tags::new([tenant])?; // … which finds out the tags …
/// assert!(ledger.is_current(birth, &tags));
///
/// ledger.invalidate(tenant, Sequence::new(17));
/// assert!(!ledger.is_current(birth, &tags));
/// assert!(ledger.is_current(ledger.seen(), &tags)); // a later load is fine again
/// # Ok::<(), larder_core::Error>(())
/// ```
pub struct TagLedger {
    /// The latest sequence that this node has heard of: the birth of loads that begin now.
    seen: AtomicU64,
    /// Nothing up to here was missed.
    known: AtomicU64,
    /// Entries with tags that were born before it are not current.
    floor: AtomicU64,
    /// The same, but only until it is known what was missed.
    gap: AtomicU64,
    /// Per stripe, the latest sequence of the tags on it. Half a megabyte, so made with the first invalidation.
    stripes: OnceLock<Box<[AtomicU64]>>,
    /// Per tag, its latest sequence. Written before its stripe, so that who sees the stripe finds the tag.
    exact: RwLock<HashMap<TagHash, u64>>,
    /// When whole caches were cleared.
    clears: Clears,
}

impl TagLedger {
    /// A ledger that has heard of nothing.
    pub fn new() -> Self {
        Self {
            seen: AtomicU64::new(0),
            known: AtomicU64::new(0),
            floor: AtomicU64::new(0),
            gap: AtomicU64::new(0),
            stripes: OnceLock::new(),
            exact: RwLock::new(HashMap::new()),
            clears: Clears::default(),
        }
    }

    /// Hears that `tag` was invalidated at `at`. Hearing it again, or of an earlier one, changes nothing.
    pub fn invalidate(&self, tag: TagHash, at: Sequence) {
        let at = at.get();
        {
            let mut exact = self.exact.write().unwrap_or_else(PoisonError::into_inner);
            let latest = exact.entry(tag).or_default();
            *latest = at.max(*latest);
            if exact.len() > MOST_TAGS {
                self.forget_older_half(&mut exact);
            }
        }
        let stripes = self.stripes.get_or_init(|| (0..STRIPES).map(|_| AtomicU64::new(0)).collect());
        if let Some(stripe) = stripes.get(stripe_of(tag)) {
            stripe.fetch_max(at, Ordering::Release);
        }
        self.see(Sequence::new(at));
    }

    /// Hears that invalidations up to `at` may have been forgotten, by the server or on the way.
    pub fn raise_floor(&self, at: Sequence) {
        if self.floor.fetch_max(at.get(), Ordering::Release) >= at.get() {
            return;
        }
        let mut exact = self.exact.write().unwrap_or_else(PoisonError::into_inner);
        exact.retain(|_, latest| *latest > at.get());
        drop(exact);
        self.see(at);
    }

    /// Hears that invalidations up to `at` were missed. Until they are [settled](Self::settle), every tagged entry from before
    /// is in doubt.
    pub fn open_gap(&self, at: Sequence) {
        self.gap.fetch_max(at.get(), Ordering::Release);
    }

    /// Hears that a cache, or without a name all of them, was cleared at `at`. Hearing it again changes nothing.
    ///
    /// This outdates what the shared tier has of it. What lies on a shelf is for [`Shelf::clear`](crate::Shelf::clear).
    pub fn clear(&self, cache: Option<&CacheName>, at: Sequence) {
        self.clears.note(cache, at);
        self.see(at);
    }

    /// Learns what was missed since [`known`](Self::known). To be [settled](Self::settle) once the shelves have heard of the
    /// clears.
    pub fn learn(&self, missed: &TagDelta) {
        for &(tag, at) in &missed.tags {
            self.invalidate(tag, at);
        }
        if missed.floor > Sequence::ZERO {
            self.raise_floor(missed.floor);
        }
        for (cache, at) in &missed.caches {
            self.clear(Some(cache), *at);
        }
        self.clear(None, missed.everything);
    }

    /// Hears that all that was missed up to `at` is learnt, and has had its effects: closes the gap.
    pub fn settle(&self, at: Sequence) {
        self.know(at);
        // A gap that was opened meanwhile is a later one, and stays.
        let closed = |gap: u64| (gap <= at.get()).then_some(0);
        let _stays = self.gap.fetch_update(Ordering::AcqRel, Ordering::Acquire, closed);
    }

    /// Hears that every invalidation up to `at` has been told.
    pub fn know(&self, at: Sequence) {
        self.known.fetch_max(at.get(), Ordering::Release);
        self.see(at);
    }

    /// Every invalidation up to here has been told. A loss may leave it behind what was [`seen`](Self::seen).
    pub fn known(&self) -> Sequence {
        Sequence::new(self.known.load(Ordering::Acquire))
    }

    /// Hears that there was an invalidation at `at`.
    pub fn see(&self, at: Sequence) {
        self.seen.fetch_max(at.get(), Ordering::Release);
    }

    /// The birth of a load that begins now. Take it before the load's first I/O.
    pub fn seen(&self) -> Sequence {
        Sequence::new(self.seen.load(Ordering::Acquire))
    }

    /// Whether an invalidation after `birth` may have been missed.
    pub fn is_in_gap(&self, birth: Sequence) -> bool {
        birth.get() < self.gap.load(Ordering::Acquire)
    }

    /// Whether nothing tagged with one of `tags` was invalidated after `birth`, as far as this node knows.
    #[inline]
    pub fn is_current(&self, birth: Sequence, tags: &Tags) -> bool {
        if tags.is_empty() {
            return true;
        }
        if birth.get() < self.floor.load(Ordering::Acquire) {
            return false;
        }
        let Some(stripes) = self.stripes.get() else {
            return true;
        };
        tags.as_slice().iter().all(|&tag| {
            let latest = stripes.get(stripe_of(tag)).map_or(0, |stripe| stripe.load(Ordering::Acquire));
            latest <= birth.get() || self.latest(tag) <= birth.get()
        })
    }

    /// Whether what was born at `birth` in `cache` has been cleared since, as far as this node knows. What may have been
    /// missed counts as a clear.
    pub fn is_cleared(&self, cache: &CacheName, birth: Sequence) -> bool {
        self.is_in_gap(birth) || birth < self.clears.last(cache)
    }

    /// When `cache` was last cleared, by itself or with all others.
    pub fn last_clear(&self, cache: &CacheName) -> Sequence {
        self.clears.last(cache)
    }

    /// Whether this node has heard already that a cache, or without a name all of them, was cleared at `at`.
    pub fn knows_clear(&self, cache: Option<&CacheName>, at: Sequence) -> bool {
        self.clears.knows(cache, at)
    }

    /// When any of `tags` was last invalidated, or may have been.
    pub fn last_invalidated(&self, tags: &Tags) -> Sequence {
        let latest = tags.as_slice().iter().map(|&tag| self.latest(tag)).max();
        Sequence::new(latest.unwrap_or(0))
    }

    /// Whether it is not known yet what was missed.
    pub fn has_gap(&self) -> bool {
        self.gap.load(Ordering::Acquire) > 0
    }

    /// How many tags the exact copy holds.
    pub fn len(&self) -> usize {
        self.exact.read().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Whether no tag was ever invalidated, or all have been forgotten.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The latest invalidation of `tag`. One that is not in the copy was forgotten, and lies under the floor.
    #[cold]
    fn latest(&self, tag: TagHash) -> u64 {
        let exact = self.exact.read().unwrap_or_else(PoisonError::into_inner);
        // The floor under the lock: it may have been raised since the caller looked.
        exact.get(&tag).copied().unwrap_or_else(|| self.floor.load(Ordering::Acquire))
    }

    fn forget_older_half(&self, exact: &mut HashMap<TagHash, u64>) {
        let mut sequences: Vec<u64> = exact.values().copied().collect();
        let middle = sequences.len() / 2;
        let (_, &mut floor, _) = sequences.select_nth_unstable(middle);
        // First the floor: a hit that no longer finds its tag must find the floor.
        self.floor.fetch_max(floor, Ordering::Release);
        exact.retain(|_, latest| *latest > floor);
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the remainder is what is wanted")]
fn stripe_of(tag: TagHash) -> usize {
    tag.to_bits() as usize % STRIPES
}

impl Default for TagLedger {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for TagLedger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TagLedger")
            .field("seen", &self.seen())
            .field("floor", &self.floor.load(Ordering::Relaxed))
            .field("tags", &self.len())
            .finish_non_exhaustive()
    }
}
