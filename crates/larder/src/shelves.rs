//! The shelves of all caches of a process, for what concerns them all.

use std::collections::HashMap;
use std::fmt;
use std::sync::{PoisonError, RwLock, Weak};

use larder_core::{CacheName, Error, ErrorKind, KeyHash, Result, Sequence};

use crate::stats::CacheStats;

/// A shelf whose values' type does not matter.
pub(crate) trait Shelved: Send + Sync {
    fn evict(&self, hash: KeyHash);
    fn expire(&self, hash: KeyHash);
    fn clear(&self);
    fn clear_at(&self, at: Sequence);
    fn stats(&self) -> CacheStats;
}

/// Every open cache's shelf, by the cache's name.
///
/// The bus tells keys by their hash alone. Which cache one belongs to is in the hash, but not to be read from it, so all are
/// told; for all but one it is a lookup that finds nothing.
#[derive(Default)]
pub(crate) struct Shelves {
    by_name: RwLock<HashMap<CacheName, Weak<dyn Shelved>>>,
}

impl Shelves {
    /// Takes a shelf in, unless a cache of that name is open.
    pub(crate) fn open(&self, name: &CacheName, shelf: Weak<dyn Shelved>) -> Result<()> {
        let mut by_name = self.by_name.write().unwrap_or_else(PoisonError::into_inner);
        by_name.retain(|_, shelf| shelf.strong_count() > 0);
        if by_name.contains_key(name) {
            return Err(
                Error::new(ErrorKind::Invalid, "a cache of this name is open already").with("cache", name)
            );
        }
        by_name.insert(name.clone(), shelf);
        Ok(())
    }

    pub(crate) fn evict(&self, hashes: &[KeyHash]) {
        self.each(|shelf| hashes.iter().for_each(|&hash| shelf.evict(hash)));
    }

    pub(crate) fn expire(&self, hashes: &[KeyHash]) {
        self.each(|shelf| hashes.iter().for_each(|&hash| shelf.expire(hash)));
    }

    /// Clears one, or all of them, whatever they have heard of.
    pub(crate) fn clear(&self, cache: Option<&CacheName>) {
        self.of(cache, |shelf| shelf.clear());
    }

    /// Clears one, or all of them, unless they have heard of it.
    pub(crate) fn clear_at(&self, cache: Option<&CacheName>, at: Sequence) {
        self.of(cache, |shelf| shelf.clear_at(at));
    }

    /// What each of them has counted, in the order of their names.
    pub(crate) fn stats(&self) -> Vec<(CacheName, CacheStats)> {
        let by_name = self.by_name.read().unwrap_or_else(PoisonError::into_inner);
        let open = by_name.iter().filter_map(|(name, shelf)| Some((name.clone(), shelf.upgrade()?)));
        let mut stats: Vec<_> = open.map(|(name, shelf)| (name, shelf.stats())).collect();
        stats.sort_by(|(left, _), (right, _)| left.as_str().cmp(right.as_str()));
        stats
    }

    fn of(&self, cache: Option<&CacheName>, act: impl Fn(&dyn Shelved)) {
        let Some(cache) = cache else {
            return self.each(act);
        };
        let by_name = self.by_name.read().unwrap_or_else(PoisonError::into_inner);
        let shelf = by_name.get(cache).and_then(Weak::upgrade);
        drop(by_name);
        if let Some(shelf) = shelf {
            act(&*shelf);
        }
    }

    fn each(&self, act: impl Fn(&dyn Shelved)) {
        let by_name = self.by_name.read().unwrap_or_else(PoisonError::into_inner);
        by_name.values().filter_map(Weak::upgrade).for_each(|shelf| act(&*shelf));
    }
}

impl fmt::Debug for Shelves {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let by_name = self.by_name.read().unwrap_or_else(PoisonError::into_inner);
        f.debug_set().entries(by_name.keys()).finish()
    }
}
