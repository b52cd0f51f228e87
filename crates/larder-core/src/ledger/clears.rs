//! When whole caches were cleared.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock};

use crate::name::CacheName;
use crate::stamp::Sequence;

/// The last clear of every cache. Caches are few, so none is ever forgotten.
#[derive(Debug, Default)]
pub(super) struct Clears {
    /// The last clear of any cache. Written last, so that who sees it finds which.
    latest: AtomicU64,
    /// The last clear of each cache, and under `None` of all together.
    of: RwLock<HashMap<Option<CacheName>, Sequence>>,
}

impl Clears {
    /// Hears of a clear.
    pub(super) fn note(&self, cache: Option<&CacheName>, at: Sequence) {
        {
            let mut of = self.of.write().unwrap_or_else(PoisonError::into_inner);
            let last = of.entry(cache.cloned()).or_default();
            *last = at.max(*last);
        }
        self.latest.fetch_max(at.get(), Ordering::Release);
    }

    /// Whether a clear at `at` or later is known.
    pub(super) fn knows(&self, cache: Option<&CacheName>, at: Sequence) -> bool {
        let of = self.of.read().unwrap_or_else(PoisonError::into_inner);
        of.get(&cache.cloned()).is_some_and(|&last| last >= at)
    }

    /// The last clear of `cache`, by itself or with all others.
    pub(super) fn last(&self, cache: &CacheName) -> Sequence {
        if self.latest.load(Ordering::Acquire) == 0 {
            return Sequence::ZERO;
        }
        let of = self.of.read().unwrap_or_else(PoisonError::into_inner);
        let last = |cache: &Option<CacheName>| of.get(cache).copied().unwrap_or_default();
        last(&None).max(last(&Some(cache.clone())))
    }
}
