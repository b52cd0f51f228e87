//! The local tier of Larder on [moka](moka::sync): the default.
//!
//! moka admits by frequency and evicts by recency (TinyLFU over LRU), which keeps a hit ratio near the best
//! possible through scans and shifts of popularity. A hit costs about as much as one of moka by itself.
//!
//! # Examples
//!
//! A map for one cache:
//!
//! ```
//! use std::sync::Arc;
//! use larder_core::{AppName, CacheName, Capacity, Fence, Namespace, Shelf};
//! use larder_moka::MokaLocal;
//!
//! let users = Namespace::new(AppName::new("prod.shop")?, CacheName::new("user")?);
//! let local = Arc::new(MokaLocal::new(Capacity::Entries(100_000)));
//! let users: Shelf<String> = Shelf::new(users, local, Arc::new(Fence::new()));
//! # Ok::<(), larder_core::Error>(())
//! ```
//!
//! One map for all caches of a process, within one limit:
//!
//! ```
//! use std::sync::Arc;
//! use larder_core::{AppName, CacheName, Capacity, Fence, Namespace, Shared, Shelf};
//! use larder_moka::MokaLocal;
//!
//! let app = AppName::new("prod.shop")?;
//! let local = Arc::new(MokaLocal::new(Capacity::Bytes(256 << 20)));
//! let fence = Arc::new(Fence::new());
//!
//! let users = Namespace::new(app.clone(), CacheName::new("user")?);
//! let users: Shelf<String> = Shelf::new(users, Arc::new(Shared::new(local.clone())), fence.clone());
//! let prices = Namespace::new(app, CacheName::new("price")?);
//! let prices: Shelf<u64> = Shelf::new(prices, Arc::new(Shared::new(local)), fence);
//! # Ok::<(), larder_core::Error>(())
//! ```
//!
//! # What is not used of moka, and why
//!
//! - `get_with` and `and_compute_with`: an invalidation during the load does not stop either from inserting what
//!   is old by then. The fence of `larder-core` does, so all that is asked of moka is get, insert and remove.
//! - `invalidate_entries_if`: until a scan has ended, every get runs every predicate.
//! - Its own times to live and to idle: entries carry deadlines that are judged by a clock which tests can turn.
//!   moka therefore keeps an expired entry until it needs the room, or until
//!   [`sweep`](larder_core::Local::sweep) is called.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use larder_core::{Capacity, KeyHash, KeyHasher, Local, Stored, Usage};
use moka::sync::Cache;

/// What moka and the allocator need for an entry besides the entry, in bytes. Measured by `cargo xtask bench`.
const OVERHEAD: u32 = 280;

/// A [`Local`] on `moka::sync::Cache`.
pub struct MokaLocal<S> {
    map: Cache<KeyHash, S, KeyHasher>,
    capacity: Capacity,
    /// How many entries have come that replaced no other, and how many were taken out. The rest was evicted, or is there.
    ///
    /// moka tells of each eviction to who asks for that, and then takes a lock for each insert, which costs far more than to
    /// look whether there is something to be replaced.
    inserted: AtomicU64,
    removed: AtomicU64,
}

impl<S: Stored> MokaLocal<S> {
    /// An empty map that holds as much as `capacity`.
    pub fn new(capacity: Capacity) -> Self {
        let builder = match capacity {
            Capacity::Entries(entries) => Cache::builder().max_capacity(entries),
            Capacity::Bytes(bytes) => Cache::builder()
                .max_capacity(bytes)
                .weigher(|_, stored: &S| stored.weight().saturating_add(OVERHEAD)),
        };
        let map = builder.build_with_hasher(KeyHasher::default());
        Self { map, capacity, inserted: AtomicU64::new(0), removed: AtomicU64::new(0) }
    }

    /// How much it may hold.
    pub fn capacity(&self) -> Capacity {
        self.capacity
    }
}

impl<S: Stored> Local<S> for MokaLocal<S> {
    #[inline]
    fn get(&self, hash: KeyHash) -> Option<S> {
        self.map.get(&hash)
    }

    fn insert(&self, hash: KeyHash, stored: S) {
        if !self.map.contains_key(&hash) {
            self.inserted.fetch_add(1, Ordering::Relaxed);
        }
        self.map.insert(hash, stored);
    }

    fn remove(&self, hash: KeyHash) {
        if self.map.remove(&hash).is_some() {
            self.removed.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn retain(&self, keep: &mut dyn FnMut(&S) -> bool) {
        for (hash, stored) in &self.map {
            if !keep(&stored) {
                // An entry that has just taken its place goes too, which is a miss and no harm.
                self.remove(*hash);
            }
        }
    }

    fn usage(&self) -> Usage {
        // What moka has put off would be missing here, and be taken for evicted.
        self.map.run_pending_tasks();
        let entries = self.map.entry_count();
        let gone = self.inserted.load(Ordering::Relaxed).saturating_sub(entries);
        Usage::new(entries, self.map.weighted_size())
            .evictions(gone.saturating_sub(self.removed.load(Ordering::Relaxed)))
    }

    fn settle(&self) {
        self.map.run_pending_tasks();
    }
}

impl<S: Stored> fmt::Debug for MokaLocal<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MokaLocal").field("capacity", &self.capacity).field("usage", &self.usage()).finish()
    }
}
