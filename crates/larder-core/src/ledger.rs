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
        self.floor.fetch_max(at.get(), Ordering::Release);
        let mut exact = self.exact.write().unwrap_or_else(PoisonError::into_inner);
        exact.retain(|_, latest| *latest > at.get());
        drop(exact);
        self.see(at);
    }

    /// Hears that invalidations up to `at` were missed. Until it [learns](Self::learn) which, no tagged entry from before is
    /// current.
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

    /// Learns what was missed since [`known`](Self::known), and closes the gap. What was cleared must be off the shelves by
    /// then: see [`knows_clear`](Self::knows_clear).
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
        self.know(missed.seen);
        // Last, so that no hit comes between. A gap that was opened meanwhile is a later one, and stays.
        let closed = |gap: u64| (gap <= missed.seen.get()).then_some(0);
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

    /// Whether nothing tagged with one of `tags` was invalidated after `birth`, as far as this node knows.
    #[inline]
    pub fn is_current(&self, birth: Sequence, tags: &Tags) -> bool {
        if tags.is_empty() {
            return true;
        }
        let floor = self.floor.load(Ordering::Acquire).max(self.gap.load(Ordering::Acquire));
        if birth.get() < floor {
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
        birth.get() < self.gap.load(Ordering::Acquire) || birth < self.clears.last(cache)
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

#[cfg(test)]
mod tests {
    use super::*;

    const A: TagHash = TagHash::from_bits(1);
    /// On the same stripe as `A`.
    const TWIN: TagHash = TagHash::from_bits(1 + (1 << 16));

    fn at(sequence: u64) -> Sequence {
        Sequence::new(sequence)
    }

    fn tags(of: &[TagHash]) -> Tags {
        Tags::new(of.iter().copied()).unwrap()
    }

    #[test]
    fn only_what_was_born_before_an_invalidation_is_outdated_by_it() {
        let ledger = TagLedger::new();
        ledger.invalidate(A, at(10));
        assert!(!ledger.is_current(at(9), &tags(&[A])));
        assert!(ledger.is_current(at(10), &tags(&[A])));
        assert!(ledger.is_current(at(0), &Tags::none()));
    }

    #[test]
    fn a_tag_on_the_same_stripe_outdates_nothing() {
        let ledger = TagLedger::new();
        ledger.invalidate(TWIN, at(10));
        assert!(ledger.is_current(at(9), &tags(&[A])));
        assert!(!ledger.is_current(at(9), &tags(&[A, TWIN])));
    }

    #[test]
    fn messages_out_of_order_never_turn_a_tag_back() {
        let ledger = TagLedger::new();
        ledger.invalidate(A, at(10));
        ledger.invalidate(A, at(5));
        assert!(!ledger.is_current(at(9), &tags(&[A])));
        assert_eq!(ledger.seen(), at(10));
    }

    #[test]
    fn a_raised_floor_outdates_every_tagged_entry_before_it_and_no_other() {
        let ledger = TagLedger::new();
        ledger.invalidate(A, at(10));
        ledger.raise_floor(at(20));
        assert!(ledger.is_empty());
        assert!(!ledger.is_current(at(19), &tags(&[TWIN])));
        assert!(ledger.is_current(at(20), &tags(&[A])));
        assert!(ledger.is_current(at(0), &Tags::none()));
    }

    #[test]
    fn a_gap_outdates_tagged_entries_only_until_it_is_known_what_was_missed() {
        let ledger = TagLedger::new();
        ledger.see(at(10));
        ledger.open_gap(at(12));
        assert!(!ledger.is_current(at(10), &tags(&[A])));
        assert!(ledger.is_current(at(10), &Tags::none()));

        let missed = TagDelta { tags: vec![(TWIN, at(11))], seen: at(12), ..TagDelta::default() };
        ledger.learn(&missed);
        assert!(ledger.is_current(at(10), &tags(&[A])));
        assert!(!ledger.is_current(at(10), &tags(&[TWIN])));
        assert_eq!(ledger.seen(), at(12));
    }

    #[test]
    fn a_clear_reaches_what_was_born_before_it_in_its_cache() {
        let ledger = TagLedger::new();
        let (users, prices) = (CacheName::new("user").unwrap(), CacheName::new("price").unwrap());
        assert!(!ledger.is_cleared(&users, at(0)));
        ledger.clear(Some(&users), at(10));
        ledger.clear(Some(&users), at(9));
        assert!(ledger.knows_clear(Some(&users), at(10)) && !ledger.knows_clear(Some(&users), at(11)));
        assert!(!ledger.knows_clear(None, at(1)));
        assert!(ledger.is_cleared(&users, at(9)) && !ledger.is_cleared(&users, at(10)));
        assert!(!ledger.is_cleared(&prices, at(9)));
        assert_eq!(ledger.seen(), at(10));

        ledger.clear(None, at(20));
        assert!(ledger.is_cleared(&prices, at(19)) && ledger.is_cleared(&users, at(19)));
        assert_eq!((ledger.last_clear(&users), ledger.last_clear(&prices)), (at(20), at(20)));
    }

    #[test]
    fn in_a_gap_everything_may_have_been_cleared() {
        let ledger = TagLedger::new();
        let users = CacheName::new("user").unwrap();
        ledger.open_gap(at(12));
        assert!(ledger.has_gap() && ledger.is_cleared(&users, at(11)) && !ledger.is_cleared(&users, at(12)));
        ledger.learn(&TagDelta { seen: at(12), ..TagDelta::default() });
        assert!(!ledger.has_gap() && !ledger.is_cleared(&users, at(0)));
    }

    #[test]
    fn the_last_of_many_tags_is_the_one_that_counts() {
        let ledger = TagLedger::new();
        ledger.invalidate(A, at(10));
        ledger.invalidate(TWIN, at(30));
        assert_eq!(ledger.last_invalidated(&tags(&[A, TWIN])), at(30));
        assert_eq!(ledger.last_invalidated(&tags(&[A])), at(10));
        assert_eq!(ledger.last_invalidated(&Tags::none()), at(0));
        ledger.raise_floor(at(20));
        assert_eq!(ledger.last_invalidated(&tags(&[A])), at(20));
    }

    #[test]
    fn a_gap_that_opens_meanwhile_stays_open() {
        let ledger = TagLedger::new();
        ledger.open_gap(at(15));
        ledger.learn(&TagDelta { seen: at(12), ..TagDelta::default() });
        assert!(!ledger.is_current(at(14), &tags(&[A])));
        ledger.learn(&TagDelta { seen: at(15), ..TagDelta::default() });
        assert!(ledger.is_current(at(14), &tags(&[A])));
    }

    #[test]
    fn a_flood_of_tags_is_forgotten_safely() {
        let ledger = TagLedger::new();
        let flood = (MOST_TAGS + 1) as u64;
        for tag in 1..=flood {
            ledger.invalidate(TagHash::from_bits(tag), at(tag));
        }
        assert!(ledger.len() <= MOST_TAGS);
        // Forgotten or not, what was born before its tag's invalidation is not current.
        for tag in [1, flood / 4, flood / 2, flood / 2 + 1, flood] {
            assert!(!ledger.is_current(at(tag - 1), &tags(&[TagHash::from_bits(tag)])), "{tag}");
        }
        assert!(ledger.is_current(at(flood), &tags(&[TagHash::from_bits(1)])));
    }
}
