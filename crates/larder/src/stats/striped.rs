//! A counter that many threads add to all the time.

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// As many threads have a part of the count for themselves. They are those that count first, as a rule those that run a service.
const OWN: usize = 24;

/// All others share these.
const SHARED: usize = 8;

/// One cache line, and the one that processors fetch along with it.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Stripe(AtomicU64);

/// A count in many parts. A single one would go from core to core with each hit, which costs more than the hit. And who is the only
/// one to write a part need not do so in one step with reading it, which would cost a good part of a hit even where
/// nobody else comes.
#[derive(Debug, Default)]
pub(crate) struct Striped {
    own: [Stripe; OWN],
    shared: [Stripe; SHARED],
}

impl Striped {
    /// Returns what the calling thread's part has come to.
    #[inline]
    pub(crate) fn add_one(&self) -> u64 {
        let mine = number();
        match self.own.get(mine) {
            Some(Stripe(count)) => {
                // Nobody else has this number.
                let counted = count.load(Ordering::Relaxed) + 1;
                count.store(counted, Ordering::Relaxed);
                counted
            }
            None => self.add_one_to_shared(mine),
        }
    }

    #[cold]
    fn add_one_to_shared(&self, mine: usize) -> u64 {
        #[expect(clippy::indexing_slicing, reason = "the remainder is in range")]
        let Stripe(count) = &self.shared[mine % SHARED];
        count.fetch_add(1, Ordering::Relaxed) + 1
    }

    pub(crate) fn sum(&self) -> u64 {
        self.own.iter().chain(&self.shared).map(|stripe| stripe.0.load(Ordering::Relaxed)).sum()
    }
}

/// The number of the calling thread. No two have the same.
#[inline]
fn number() -> usize {
    thread_local!(static MINE: Cell<usize> = const { Cell::new(usize::MAX) });
    let mine = MINE.get();
    if mine == usize::MAX { take_number(|number| MINE.set(number)) } else { mine }
}

#[cold]
fn take_number(keep: impl FnOnce(usize)) -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    keep(number);
    number
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn nothing_is_lost_whoever_counts() {
        let count = Striped::default();
        thread::scope(|scope| {
            for _ in 0..2 * (OWN + SHARED) {
                scope.spawn(|| {
                    (0..1_000).for_each(|_| {
                        count.add_one();
                    });
                });
            }
        });
        assert_eq!(count.sum(), 2 * (OWN + SHARED) as u64 * 1_000);
    }

    #[test]
    fn no_two_threads_have_the_same_number() {
        let [mine, other] = [number(), thread::spawn(number).join().unwrap()];
        assert_ne!(mine, other);
        assert_eq!(mine, number());
    }
}
