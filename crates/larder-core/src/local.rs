//! The local tier's map, as the engine sees it.

use std::fmt;
use std::sync::Arc;

use crate::clock::Moment;
use crate::entry::{Entry, Slot, Stored};
use crate::key::KeyHash;

/// A bounded map in this process's memory, of one cache or of many.
///
/// The map of one cache holds its entries as they are, `Arc<Entry<V>>`. A map that many caches share, so that one limit
/// holds for all of them, holds [`Slot`]s; each cache sees it through a [`Shared`].
///
/// It decides what to evict and nothing else. Whether an entry may be served, and whether it may be put
/// here at all, is decided in one place for all of them: by the [`Shelf`](crate::Shelf) above and its
/// [`Fence`](crate::Fence). That leaves little to an implementor, and little to get wrong:
///
/// - what was inserted is found until it is evicted, replaced or removed;
/// - what was removed is not found by any `get` that begins later, on any thread;
/// - no method blocks for long, calls back into the shelf, or needs a runtime.
pub trait Local<S: Stored>: fmt::Debug + Send + Sync + 'static {
    /// Looks an entry up, and counts that as a use.
    fn get(&self, hash: KeyHash) -> Option<S>;

    /// Puts an entry in place of any other under that hash. May evict others, or this one.
    fn insert(&self, hash: KeyHash, stored: S);

    /// Takes an entry out.
    fn remove(&self, hash: KeyHash);

    /// Takes out every entry that `keep` says no to. Slow, and need not see what is inserted meanwhile.
    fn retain(&self, keep: &mut dyn FnMut(&S) -> bool);

    /// How much it holds.
    fn usage(&self) -> Usage;

    /// Does what housekeeping has been put off, so that [`usage`](Self::usage) is exact.
    fn settle(&self) {}

    /// Takes out what has expired. The map evicts such entries by itself once it is full, and never serves
    /// them; this gives their memory back before that.
    fn sweep(&self, now: Moment) {
        self.retain(&mut |stored| now < stored.expires());
    }
}

/// One cache's part of a map that many share.
///
/// Which cache an entry belongs to needs no note: its hash is seeded with the cache's name. A hit costs a few nanoseconds
/// more than on a map of its own, to make sure of the type.
#[derive(Debug)]
pub struct Shared<L>(Arc<L>);

impl<L> Shared<L> {
    /// A part of `local`.
    pub fn new(local: Arc<L>) -> Self {
        Self(local)
    }
}

impl<V, L> Local<Arc<Entry<V>>> for Shared<L>
where
    V: Send + Sync + 'static,
    L: Local<Slot>,
{
    fn get(&self, hash: KeyHash) -> Option<Arc<Entry<V>>> {
        self.0.get(hash)?.into_any().downcast().ok()
    }

    fn insert(&self, hash: KeyHash, entry: Arc<Entry<V>>) {
        self.0.insert(hash, Slot::new(entry));
    }

    fn remove(&self, hash: KeyHash) {
        self.0.remove(hash);
    }

    /// Asks only about the entries of this type, which may be those of more than one cache.
    fn retain(&self, keep: &mut dyn FnMut(&Arc<Entry<V>>) -> bool) {
        self.0.retain(&mut |slot| slot.clone().into_any().downcast().map_or(true, |entry| keep(&entry)));
    }

    /// That of the whole map.
    fn usage(&self) -> Usage {
        self.0.usage()
    }

    fn settle(&self) {
        self.0.settle();
    }

    fn sweep(&self, now: Moment) {
        self.0.sweep(now);
    }
}

/// How much a [`Local`] holds, and what had to make room for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Usage {
    /// How many entries.
    pub entries: u64,
    /// What they weigh together: bytes, if the capacity is in bytes, else the number of entries.
    pub weight: u64,
    /// How many entries were evicted to make room, or were not let in for want of it, since there is this map; about, if the same
    /// key is inserted by several at a time.
    pub evictions: u64,
}

impl Usage {
    /// So many entries that weigh so much.
    pub const fn new(entries: u64, weight: u64) -> Self {
        Self { entries, weight, evictions: 0 }
    }

    /// The same, and so many that had to go.
    #[must_use]
    pub const fn evictions(self, evictions: u64) -> Self {
        Self { evictions, ..self }
    }
}
