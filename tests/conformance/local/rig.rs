//! Shelves on one node, with its fence, its ledger and its time in the test's hand.

use std::sync::Arc;
use std::time::Duration;

use larder_core::{
    AppName, CacheKey, CacheName, Capacity, Entry, Fence, KeyHash, Label, Lifetime, Loaded, Local, Lookup,
    Namespace, Refused, Sequence, Shelf, Stamp, Tag, TagHash, TagLedger, Tags, Ttl, Version,
};
use larder_testkit::ManualClock;

use super::tier::Tier;

/// The life of every entry of which nothing else is said.
pub(super) const LIFE: Duration = Duration::from_secs(60);

/// The smallest step of time.
pub(super) const INSTANT: Duration = Duration::from_nanos(1);

/// One node.
pub(super) struct Rig<T> {
    pub(super) tier: T,
    pub(super) fence: Arc<Fence>,
    pub(super) ledger: Arc<TagLedger>,
    pub(super) time: ManualClock,
}

impl<T: Tier> Rig<T> {
    /// A node with more room than any test needs.
    pub(super) fn new() -> Self {
        Self::with(Capacity::Entries(100_000))
    }

    pub(super) fn with(capacity: Capacity) -> Self {
        Self {
            tier: T::new(capacity),
            fence: Arc::default(),
            ledger: Arc::default(),
            time: ManualClock::new(),
        }
    }

    pub(super) fn shelf<V: Send + Sync + 'static>(&self, cache: &str) -> Shelf<V> {
        self.shelf_on(cache, self.tier.local())
    }

    /// A shelf whose map the test can get at.
    pub(super) fn shelf_on<V: Send + Sync + 'static>(
        &self,
        cache: &str,
        local: Arc<dyn Local<Arc<Entry<V>>>>,
    ) -> Shelf<V> {
        Shelf::new(namespace(cache), local, self.fence.clone())
            .tags(self.ledger.clone())
            .clock(self.time.clock())
    }

    pub(super) fn users(&self) -> Shelf<u32> {
        self.shelf("user")
    }
}

pub(super) fn namespace(cache: &str) -> Namespace {
    Namespace::new(AppName::new("test.shop").unwrap(), CacheName::new(cache).unwrap())
}

pub(super) fn ttl(duration: Duration) -> Ttl {
    Ttl::new(duration).unwrap()
}

/// A label with the usual life.
pub(super) fn label() -> Label {
    Label::new(Lifetime::new(ttl(LIFE)))
}

pub(super) fn versioned(version: u64) -> Label {
    label().version(Version::new(version))
}

pub(super) fn tagged(birth: Sequence, tags: &[TagHash]) -> Label {
    label().birth(birth).tags(Tags::new(tags.iter().copied()).unwrap())
}

pub(super) fn tag(name: &str) -> TagHash {
    Tag::new(name).unwrap().hash()
}

/// What a load of `key` ends with.
pub(super) fn loaded<V, Q>(shelf: &Shelf<V>, key: &Q, value: V, label: Label) -> Loaded<V>
where
    V: Send + Sync + 'static,
    Q: CacheKey + ?Sized,
{
    Loaded::new(shelf.key(key).unwrap(), Some(value), label, shelf.now())
}

/// Ends a load that was stamped with `stamp`.
pub(super) fn finish<V, Q>(
    shelf: &Shelf<V>,
    stamp: Stamp,
    key: &Q,
    value: V,
    label: Label,
) -> Result<(), Refused>
where
    V: Send + Sync + 'static,
    Q: CacheKey + ?Sized,
{
    shelf.insert(stamp, loaded(shelf, key, value, label)).map(|_| ())
}

/// A whole load, which nothing overtakes.
pub(super) fn put<V, Q>(shelf: &Shelf<V>, key: &Q, value: V)
where
    V: Send + Sync + 'static,
    Q: CacheKey + ?Sized,
{
    finish(shelf, shelf.stamp(), key, value, label()).expect("nothing overtook it");
}

/// A lookup by its value, so that it can be compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Seen<V> {
    Fresh(Option<V>),
    Due(Option<V>),
    Stale(Option<V>),
    Suspect(Option<V>),
    Absent,
}

pub(super) fn see<V, Q>(shelf: &Shelf<V>, key: &Q) -> Seen<V>
where
    V: Clone + Send + Sync + 'static,
    Q: CacheKey + ?Sized,
{
    let value = |entry: Arc<Entry<V>>| entry.value().cloned();
    match shelf.get(key) {
        Lookup::Fresh(entry) => Seen::Fresh(value(entry)),
        Lookup::Due(entry) => Seen::Due(value(entry)),
        Lookup::Stale(entry) => Seen::Stale(value(entry)),
        Lookup::Suspect(entry) => Seen::Suspect(value(entry)),
        Lookup::Absent => Seen::Absent,
    }
}

pub(super) fn fresh<V>(value: V) -> Seen<V> {
    Seen::Fresh(Some(value))
}

pub(super) fn stale<V>(value: V) -> Seen<V> {
    Seen::Stale(Some(value))
}

pub(super) fn suspect<V>(value: V) -> Seen<V> {
    Seen::Suspect(Some(value))
}

pub(super) fn hash<V, Q>(shelf: &Shelf<V>, key: &Q) -> KeyHash
where
    V: Send + Sync + 'static,
    Q: CacheKey + ?Sized,
{
    shelf.key(key).unwrap().hash()
}

/// The stripe of the fence that a key falls on: the lowest twelve of the bits 96 to 111.
pub(super) fn stripe(hash: KeyHash) -> u16 {
    let bytes = hash.to_bytes();
    u16::from_le_bytes([bytes[12], bytes[13]]) % 4_096
}

/// A key whose hash is as wanted.
pub(super) fn key_where<V: Send + Sync + 'static>(
    shelf: &Shelf<V>,
    wanted: impl Fn(KeyHash) -> bool,
) -> String {
    (0..1_000_000)
        .map(|number| format!("key-{number}"))
        .find(|key| wanted(hash(shelf, key)))
        .expect("there is one in a few thousand")
}

/// A key on another stripe and in another partition than `key`.
pub(super) fn stranger_of<V: Send + Sync + 'static>(shelf: &Shelf<V>, key: &str) -> String {
    let own = hash(shelf, key);
    key_where(shelf, |other| stripe(other) != stripe(own) && other.partition() != own.partition())
}

/// A key on the same stripe as `key`, in another partition.
pub(super) fn twin_of<V: Send + Sync + 'static>(shelf: &Shelf<V>, key: &str) -> String {
    let own = hash(shelf, key);
    key_where(shelf, |other| stripe(other) == stripe(own) && other.partition() != own.partition())
}
