//! What lies in the local tier: a typed value and all that decides whether it may be served.

use std::any::Any;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use crate::clock::Moment;
use crate::key::{Key, KeyBytes};
use crate::label::{Label, Version};
use crate::stamp::{Sequence, Stamp};
use crate::tag::{TagHash, Tags};

/// What a load turned up, on its way to a shelf.
pub struct Loaded<V> {
    pub(crate) key: Key,
    pub(crate) value: Option<V>,
    label: Label,
    made: Moment,
    read: Moment,
    due: Duration,
}

impl<V> Loaded<V> {
    /// A value, or `None` for the knowledge that the origin has none; what is known besides; and when it was made, which
    /// is when its load began.
    pub fn new(key: Key, value: Option<V>, label: Label, made: Moment) -> Self {
        Self { key, value, label, made, read: made, due: Duration::MAX }
    }

    /// Sets when this node began to read it. That is later than when it was made, if another node has made it.
    #[must_use]
    pub fn read_at(self, read: Moment) -> Self {
        Self { read, ..self }
    }

    /// Sets at what age it is to be refreshed, if that is before its fresh time is over.
    #[must_use]
    pub fn due_at(self, age: Duration) -> Self {
        Self { due: age, ..self }
    }

    /// The key.
    pub fn key(&self) -> &Key {
        &self.key
    }

    pub(crate) fn read(&self) -> Moment {
        self.read
    }
}

impl<V> fmt::Debug for Loaded<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Loaded")
            .field("hash", &self.key.hash())
            .field("missing", &self.value.is_none())
            .field("label", &self.label)
            .finish_non_exhaustive()
    }
}

/// A value in the local tier, decoded and ready.
///
/// A [`Shelf`](crate::Shelf) makes it of what was [`Loaded`], and never changes it from then on, except that it may be marked
/// stale and remembers when it was last hit.
pub struct Entry<V> {
    /// Compared on every hit, so that two keys with one hash are only two misses.
    key: KeyBytes,
    /// `None` is knowledge too: the origin has no such value.
    value: Option<V>,
    /// The invalidation clock before the load's first I/O.
    stamp: Stamp,
    /// From then on the entry is gone.
    expires: Moment,
    /// Until then the entry is fresh and not due for a refresh, in nanoseconds: all that most hits look at. Zero if it was
    /// marked stale; the end of its fresh time once somebody sees to the refresh.
    plain_until: AtomicU64,
    /// Milliseconds from being made.
    fresh_for: u32,
    time_to_live: u32,
    /// Milliseconds from being made to the last hit, kept only where idle entries expire.
    last_hit: AtomicU32,
    weight: u32,
    /// Milliseconds.
    load_cost: u16,
    /// Whether its life was cut short, because it was put here while invalidations could be missed.
    provisional: bool,
    /// Whether there is no value. Beside what every hit looks at, for the value may lie in another cache line.
    missing: bool,
    /// What most entries do not have.
    rare: Option<Box<Rare>>,
}

struct Rare {
    birth: Sequence,
    tags: Tags,
    version: Version,
}

impl<V> Entry<V> {
    /// What one entry weighs before its key, its tags and what its value owns elsewhere.
    pub const BASE_WEIGHT: usize = size_of::<Self>();

    /// What was loaded, as it lies on the shelf from `now` on. `owned` is what its value owns elsewhere.
    pub(crate) fn new(loaded: Loaded<V>, stamp: Stamp, now: Moment, owned: u32) -> Self {
        let Loaded { key, value, label, made, read: _, due } = loaded;
        let key = key.into_bytes();
        let fresh = label.lifetime.fresh();
        let missing = value.is_none();
        let is_rare = !label.tags.is_empty() || !label.version.is_none();
        let rare =
            is_rare.then(|| Box::new(Rare { birth: label.birth, tags: label.tags, version: label.version }));
        let rare_bytes =
            rare.as_ref().map_or(0, |rare| size_of::<Rare>() + size_of_val(rare.tags.as_slice()));
        let own = Self::BASE_WEIGHT + key.heap_bytes() + rare_bytes;
        Self {
            key,
            value,
            stamp,
            expires: made.after(label.lifetime.time_to_live().as_duration()),
            plain_until: AtomicU64::new(made.after(fresh.as_duration().min(due)).as_nanos()),
            fresh_for: fresh.as_millis(),
            time_to_live: label.lifetime.time_to_live().as_millis(),
            last_hit: AtomicU32::new(millis(now.since(made))),
            weight: u32::try_from(own).unwrap_or(u32::MAX).saturating_add(owned),
            load_cost: u16::try_from(label.load_cost.as_millis()).unwrap_or(u16::MAX),
            provisional: false,
            missing,
            rare,
        }
    }

    /// Lets it go at `end`, if it does not before.
    pub(crate) fn cut(&mut self, end: Moment) {
        let made = self.made();
        let plain_until = self.plain_until.get_mut();
        *plain_until = end.as_nanos().min(*plain_until);
        self.expires = self.expires.min(end);
        self.time_to_live = millis(self.expires.since(made));
        self.fresh_for = self.fresh_for.min(self.time_to_live);
        self.provisional = true;
    }

    /// The value, or `None` if the origin has none.
    #[inline]
    pub fn value(&self) -> Option<&V> {
        self.value.as_ref()
    }

    /// Whether it is the knowledge that the origin has no value.
    #[inline]
    pub fn is_missing(&self) -> bool {
        self.missing
    }

    /// The text of its key.
    pub fn key_text(&self) -> &str {
        self.key.as_str()
    }

    /// The invalidation clock before its load's first I/O.
    #[inline]
    pub fn stamp(&self) -> Stamp {
        self.stamp
    }

    /// How old it is.
    pub fn age(&self, now: Moment) -> Duration {
        now.since(self.made())
    }

    /// How long it may still be kept.
    pub fn remaining(&self, now: Moment) -> Duration {
        self.expires.since(now)
    }

    /// Whether its life was cut short, because it was put here while invalidations could be missed.
    pub fn is_provisional(&self) -> bool {
        self.provisional
    }

    /// How long its load took, up to about a minute.
    pub fn load_cost(&self) -> Duration {
        Duration::from_millis(self.load_cost.into())
    }

    /// The writer's version, if the cache is written through.
    pub fn version(&self) -> Version {
        self.rare.as_ref().map_or(Version::NONE, |rare| rare.version)
    }

    /// The groups that it is invalidated with.
    pub fn tags(&self) -> &[TagHash] {
        self.rare.as_ref().map_or(&[], |rare| rare.tags.as_slice())
    }

    /// Marks it stale: it may still be served if its refresh fails.
    pub fn expire(&self) {
        self.plain_until.store(0, Ordering::Release);
    }

    /// Whether it is past its time to live.
    #[inline]
    pub fn has_expired(&self, now: Moment) -> bool {
        now >= self.expires
    }

    /// Whether it is neither past its fresh time nor marked stale.
    pub fn is_fresh(&self, now: Moment) -> bool {
        self.plain_until.load(Ordering::Acquire) != 0 && now < self.fresh_until()
    }

    /// The same, and not due for a refresh either.
    #[inline]
    pub(crate) fn is_plainly_fresh(&self, now: Moment) -> bool {
        now.as_nanos() < self.plain_until.load(Ordering::Acquire)
    }

    /// Whether the caller is the one to have it refreshed, which is the first who asks when it is due.
    pub fn claim_refresh(&self, now: Moment) -> bool {
        let (due, end) = (self.plain_until.load(Ordering::Acquire), self.fresh_until().as_nanos());
        let is_due = due != 0 && due < end && due <= now.as_nanos();
        is_due && self.plain_until.compare_exchange(due, end, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }

    #[inline]
    pub(crate) fn has_key(&self, text: &[u8]) -> bool {
        self.key.as_bytes() == text
    }

    /// The tags and the birth to judge them by, for the entries that have tags.
    #[inline]
    pub(crate) fn tagged(&self) -> Option<(Sequence, &Tags)> {
        self.rare.as_ref().map(|rare| (rare.birth, &rare.tags))
    }

    #[inline]
    pub(crate) fn has_key_of(&self, other: &Self) -> bool {
        self.key == other.key
    }

    /// Whether more than `limit` has passed since the last hit. If not, this is one.
    #[inline]
    pub(crate) fn is_idle(&self, now: Moment, limit: Duration) -> bool {
        let since_made = millis(now.since(self.made()));
        let last_hit = self.last_hit.load(Ordering::Relaxed);
        if u128::from(since_made.saturating_sub(last_hit)) > limit.as_millis() {
            return true;
        }
        // A store per hit would pass the cache line from core to core; the clock seldom moves.
        if last_hit < since_made {
            self.last_hit.store(since_made, Ordering::Relaxed);
        }
        false
    }

    fn fresh_until(&self) -> Moment {
        self.made().after(Duration::from_millis(self.fresh_for.into()))
    }

    fn made(&self) -> Moment {
        self.expires.before(Duration::from_millis(self.time_to_live.into()))
    }
}

impl<V> fmt::Debug for Entry<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry")
            .field("missing", &self.value.is_none())
            .field("stamp", &self.stamp)
            .field("expires", &self.expires)
            .field("weight", &self.weight)
            .finish_non_exhaustive()
    }
}

/// What a [`Local`](crate::Local) needs to know of what it holds: an `Arc<Entry<V>>`, or a [`Slot`].
pub trait Stored: sealed::Sealed + Clone + Send + Sync + 'static {
    /// What it weighs, in bytes. Never changes.
    fn weight(&self) -> u32;

    /// When it may be thrown away.
    fn expires(&self) -> Moment;
}

impl<V: Send + Sync + 'static> Stored for Arc<Entry<V>> {
    fn weight(&self) -> u32 {
        self.weight
    }

    fn expires(&self) -> Moment {
        self.expires
    }
}

fn millis(duration: Duration) -> u32 {
    u32::try_from(duration.as_millis()).unwrap_or(u32::MAX)
}

/// An entry of whatever type.
#[derive(Clone, Debug)]
pub struct Slot(Arc<dyn Untyped>);

impl Slot {
    /// An entry whose type is forgotten.
    pub fn new<V: Send + Sync + 'static>(entry: Arc<Entry<V>>) -> Self {
        Self(entry)
    }

    /// The entry, to be asked for its type.
    pub fn into_any(self) -> Arc<dyn Any + Send + Sync> {
        self.0
    }
}

impl Stored for Slot {
    fn weight(&self) -> u32 {
        self.0.weight()
    }

    fn expires(&self) -> Moment {
        self.0.expires()
    }
}

trait Untyped: Any + fmt::Debug + Send + Sync {
    fn weight(&self) -> u32;
    fn expires(&self) -> Moment;
}

impl<V: Send + Sync + 'static> Untyped for Entry<V> {
    fn weight(&self) -> u32 {
        self.weight
    }

    fn expires(&self) -> Moment {
        self.expires
    }
}

mod sealed {
    pub trait Sealed {}
    impl<V> Sealed for std::sync::Arc<super::Entry<V>> {}
    impl Sealed for super::Slot {}
}
