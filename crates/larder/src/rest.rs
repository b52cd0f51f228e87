//! Rests: a key whose load has failed is left alone for a moment, and what there is of it served.
//!
//! While an origin is down, every reader of a stale value would try it again, wait for it to fail, and hold it down. So whoever
//! is served something stale because a load failed leaves a note, and until that runs out the next are served the same at
//! once. An invalidation ends a rest: what it outdates is not served to anybody who comes later.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use larder_core::{Key, KeyHasher, Moment, Stamp};

/// As many keys rest at most; of more than these it is not remembered that their loads have failed.
const MOST: usize = 10_000;

/// How often rests that are over are looked for, while there are any: they keep values alive.
const SWEEP: Duration = Duration::from_secs(1);

/// The keys of one cache that rest, and what is served of them.
pub(crate) struct Rests<C> {
    /// How many there are, so that a read finds out without the lock that there is none.
    count: AtomicUsize,
    resting: Mutex<Resting<C>>,
}

struct Resting<C> {
    rests: HashMap<Key, Rest<C>, KeyHasher>,
    /// When those that are over are to be forgotten, for most of them nobody asks again.
    sweep_at: Moment,
}

struct Rest<C> {
    until: Moment,
    /// When the load began that failed.
    stamp: Stamp,
    catch: C,
}

impl<C: Clone> Rests<C> {
    pub(crate) fn new() -> Self {
        let resting = Resting { rests: HashMap::default(), sweep_at: Moment::ORIGIN };
        Self { count: AtomicUsize::new(0), resting: Mutex::new(resting) }
    }

    /// Lets a key rest until then, and serves `catch` meanwhile, which was there before a load that began at `stamp`.
    pub(crate) fn begin(&self, key: &Key, catch: &C, stamp: Stamp, now: Moment, until: Moment) {
        self.change(now, |rests| {
            if rests.len() < MOST {
                rests.insert(key.clone(), Rest { until, stamp, catch: catch.clone() });
            }
        });
    }

    /// What is to be served of a key that rests, unless that `is_overtaken`.
    pub(crate) fn find(
        &self,
        key: &Key,
        now: Moment,
        is_overtaken: impl FnOnce(Stamp, &C) -> bool,
    ) -> Option<C> {
        if self.is_empty() {
            return None;
        }
        self.change(now, |rests| {
            let rest = rests.get(key)?;
            if now < rest.until && !is_overtaken(rest.stamp, &rest.catch) {
                return Some(rest.catch.clone());
            }
            rests.remove(key);
            None
        })
    }

    /// Lets nobody rest any more who has been loaded since.
    pub(crate) fn end(&self, key: &Key, now: Moment) {
        if !self.is_empty() {
            self.change(now, |rests| rests.remove(key));
        }
    }

    fn is_empty(&self) -> bool {
        self.count.load(Ordering::Relaxed) == 0
    }

    fn change<R>(&self, now: Moment, change: impl FnOnce(&mut HashMap<Key, Rest<C>, KeyHasher>) -> R) -> R {
        let mut resting = self.resting.lock().unwrap_or_else(PoisonError::into_inner);
        if now >= resting.sweep_at {
            resting.rests.retain(|_, rest| now < rest.until);
            resting.sweep_at = now.after(SWEEP);
        }
        let result = change(&mut resting.rests);
        self.count.store(resting.rests.len(), Ordering::Relaxed);
        result
    }
}

#[cfg(test)]
mod tests {
    use larder_core::{AppName, CacheName, Namespace};

    use super::*;

    const REST: Duration = Duration::from_secs(1);

    fn key(number: u64) -> Key {
        let namespace = Namespace::new(AppName::new("test.shop").unwrap(), CacheName::new("user").unwrap());
        Key::new(&namespace, &number).unwrap()
    }

    #[test]
    fn what_is_over_is_forgotten_though_nobody_asks_for_it() {
        let (rests, now) = (Rests::new(), Moment::ORIGIN);
        rests.begin(&key(1), &"Ada", Stamp::ZERO, now, now.after(REST));
        rests.begin(&key(2), &"Bob", Stamp::ZERO, now, now.after(3 * REST));
        assert_eq!(rests.find(&key(2), now.after(2 * REST), |_, _| false), Some("Bob"));
        assert_eq!(rests.count.load(Ordering::Relaxed), 1);
        rests.end(&key(3), now.after(4 * REST));
        assert!(rests.is_empty());
    }
}
