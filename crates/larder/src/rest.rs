//! Rests: a key whose load has failed is left alone for a moment, and what there is of it served.
//!
//! While an origin is down, every reader of a stale value would try it again, wait for it to fail, and hold it down. So whoever
//! is served something stale because a load failed leaves a note, and until that runs out the next are served the same at
//! once. An invalidation ends a rest: what it outdates is not served to anybody who comes later.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use larder_core::{Key, KeyHasher, Moment, Stamp};

use crate::store::Catch;

/// As many keys rest at most; of more than these it is not remembered that their loads have failed.
const MOST: usize = 10_000;

/// The keys of one cache that rest.
pub(crate) struct Rests<V> {
    /// How many there are, so that a read finds out without the lock that there is none.
    count: AtomicUsize,
    resting: Mutex<HashMap<Key, Rest<V>, KeyHasher>>,
}

struct Rest<V> {
    until: Moment,
    /// When the load began that failed.
    stamp: Stamp,
    catch: Catch<V>,
}

impl<V> Rests<V> {
    pub(crate) fn new() -> Self {
        Self { count: AtomicUsize::new(0), resting: Mutex::default() }
    }

    /// Lets a key rest until then, and serves `catch` meanwhile, which was there before a load that began at `stamp`.
    pub(crate) fn begin(&self, key: &Key, catch: &Catch<V>, stamp: Stamp, now: Moment, until: Moment) {
        let mut resting = self.resting();
        if resting.len() >= MOST {
            resting.retain(|_, rest| rest.until > now);
        }
        if resting.len() < MOST {
            resting.insert(key.clone(), Rest { until, stamp, catch: catch.clone() });
        }
        self.count.store(resting.len(), Ordering::Relaxed);
    }

    /// What is to be served of a key that rests, unless that `is_overtaken`.
    pub(crate) fn find(
        &self,
        key: &Key,
        now: Moment,
        is_overtaken: impl FnOnce(Stamp, &Catch<V>) -> bool,
    ) -> Option<Catch<V>> {
        if self.count.load(Ordering::Relaxed) == 0 {
            return None;
        }
        let mut resting = self.resting();
        let rest = resting.get(key)?;
        if now < rest.until && !is_overtaken(rest.stamp, &rest.catch) {
            return Some(rest.catch.clone());
        }
        resting.remove(key);
        self.count.store(resting.len(), Ordering::Relaxed);
        None
    }

    /// Lets nobody rest any more who has been loaded since.
    pub(crate) fn end(&self, key: &Key) {
        if self.count.load(Ordering::Relaxed) > 0 {
            let mut resting = self.resting();
            resting.remove(key);
            self.count.store(resting.len(), Ordering::Relaxed);
        }
    }

    fn resting(&self) -> MutexGuard<'_, HashMap<Key, Rest<V>, KeyHasher>> {
        self.resting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
