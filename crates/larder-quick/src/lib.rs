//! The local tier of Larder on [quick_cache](quick_cache::sync): the cheapest hits.
//!
//! A hit costs a quarter to a third of one on moka, and scales better with many cores. In return the map is cut
//! into shards that evict each for itself (by S3-FIFO), so a small capacity is held less exactly, and an
//! entry that is larger than its shard's part of a capacity in bytes is not kept at all.
//!
//! # Examples
//!
//! ```
//! use std::sync::Arc;
//! use larder_core::{AppName, CacheName, Capacity, Fence, Namespace, Shelf};
//! use larder_quick::QuickLocal;
//!
//! let users = Namespace::new(AppName::new("prod.shop")?, CacheName::new("user")?);
//! let local = Arc::new(QuickLocal::new(Capacity::Entries(100_000)));
//! let users: Shelf<String> = Shelf::new(users, local, Arc::new(Fence::new()));
//! # Ok::<(), larder_core::Error>(())
//! ```
//!
//! quick_cache knows no time to live. It needs none: entries carry their deadlines. An expired entry stays until
//! its room is needed, or until [`sweep`](larder_core::Local::sweep) is called.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use larder_core::{Capacity, KeyHash, KeyHasher, Local, Stored, Usage};
use quick_cache::sync::{Cache, DefaultLifecycle};
use quick_cache::{Lifecycle, OptionsBuilder, Weighter};

/// What quick_cache and the allocator need for an entry besides the entry, in bytes. Measured by
/// `cargo xtask bench`.
const OVERHEAD: u64 = 90;

/// The size of entry that a capacity in bytes is expected to be filled with. Decides only how many shards there are and
/// how many evicted keys are remembered.
const TYPICAL_BYTES: u64 = 512;

/// A [`Local`] on `quick_cache::sync::Cache`.
pub struct QuickLocal<S> {
    map: Cache<KeyHash, S, Scale, KeyHasher, Counting<S>>,
    capacity: Capacity,
    evictions: Arc<AtomicU64>,
}

/// Counts what is evicted, which is dropped as usual: once no lock is held any more.
struct Counting<S> {
    usual: DefaultLifecycle<KeyHash, S>,
    evictions: Arc<AtomicU64>,
}

impl<S: Stored> Lifecycle<KeyHash, S> for Counting<S> {
    type RequestState = <DefaultLifecycle<KeyHash, S> as Lifecycle<KeyHash, S>>::RequestState;

    /// The other hook is told of what is replaced as well.
    fn before_evict(&self, _: &mut Self::RequestState, _: &KeyHash, _: &mut S) {
        self.evictions.fetch_add(1, Ordering::Relaxed);
    }

    fn on_evict(&self, evicted: &mut Self::RequestState, hash: KeyHash, stored: S) {
        self.usual.on_evict(evicted, hash, stored);
    }
}

// Derived, it would ask that what is stored can be cloned by itself.
impl<S> Clone for Counting<S> {
    fn clone(&self) -> Self {
        Self { usual: self.usual.clone(), evictions: self.evictions.clone() }
    }
}

/// Weighs entries in the unit of the capacity.
#[derive(Clone, Copy)]
enum Scale {
    Each,
    Bytes,
}

impl<S: Stored> Weighter<KeyHash, S> for Scale {
    fn weight(&self, _: &KeyHash, stored: &S) -> u64 {
        match self {
            Self::Each => 1,
            Self::Bytes => u64::from(stored.weight()) + OVERHEAD,
        }
    }
}

impl<S: Stored> QuickLocal<S> {
    /// An empty map that holds as much as `capacity`.
    pub fn new(capacity: Capacity) -> Self {
        let (scale, weight, items) = match capacity {
            Capacity::Bytes(bytes) => (Scale::Bytes, bytes, bytes / TYPICAL_BYTES),
            Capacity::Entries(entries) => (Scale::Each, entries, entries),
        };
        let options = OptionsBuilder::new()
            .weight_capacity(weight)
            .estimated_items_capacity(usize::try_from(items).unwrap_or(usize::MAX))
            .build()
            .expect("both capacities are given");
        let evictions = Arc::new(AtomicU64::new(0));
        let counting = Counting { usual: DefaultLifecycle::default(), evictions: evictions.clone() };
        let map = Cache::with_options(options, scale, KeyHasher::default(), counting);
        // It rounds up what each shard may hold, and so holds more than it was told. Round down.
        let shards = map.num_shards() as u64;
        map.set_capacity(weight / shards * shards);
        Self { map, capacity, evictions }
    }

    /// How much it may hold.
    pub fn capacity(&self) -> Capacity {
        self.capacity
    }
}

impl<S: Stored> Local<S> for QuickLocal<S> {
    #[inline]
    fn get(&self, hash: KeyHash) -> Option<S> {
        self.map.get(&hash)
    }

    fn insert(&self, hash: KeyHash, stored: S) {
        self.map.insert(hash, stored);
    }

    fn remove(&self, hash: KeyHash) {
        self.map.remove(&hash);
    }

    fn retain(&self, keep: &mut dyn FnMut(&S) -> bool) {
        for (hash, stored) in self.map.iter() {
            if !keep(&stored) {
                self.map.remove(&hash);
            }
        }
    }

    fn usage(&self) -> Usage {
        Usage::new(self.map.len() as u64, self.map.weight()).evictions(self.evictions.load(Ordering::Relaxed))
    }
}

impl<S: Stored> fmt::Debug for QuickLocal<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QuickLocal").field("capacity", &self.capacity).field("usage", &self.usage()).finish()
    }
}
