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

use larder_core::{Capacity, KeyHash, KeyHasher, Local, Stored, Usage};
use quick_cache::sync::{Cache, DefaultLifecycle};
use quick_cache::{OptionsBuilder, Weighter};

/// What quick_cache and the allocator need for an entry besides the entry, in bytes. Measured by
/// `cargo xtask bench`.
const OVERHEAD: u64 = 90;

/// The size of entry that a capacity in bytes is expected to be filled with. Decides only how many shards there are and
/// how many evicted keys are remembered.
const TYPICAL_BYTES: u64 = 512;

/// A [`Local`] on `quick_cache::sync::Cache`.
pub struct QuickLocal<S> {
    map: Cache<KeyHash, S, Scale, KeyHasher>,
    capacity: Capacity,
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
        let map = Cache::with_options(options, scale, KeyHasher::default(), DefaultLifecycle::default());
        // It rounds up what each shard may hold, and so holds more than it was told. Round down.
        let shards = map.num_shards() as u64;
        map.set_capacity(weight / shards * shards);
        Self { map, capacity }
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
        Usage::new(self.map.len() as u64, self.map.weight())
    }
}

impl<S: Stored> fmt::Debug for QuickLocal<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QuickLocal").field("capacity", &self.capacity).field("usage", &self.usage()).finish()
    }
}
