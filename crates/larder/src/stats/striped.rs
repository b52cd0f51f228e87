//! A counter that many threads add to all the time.

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// As many threads add at once without getting in each other's way.
const STRIPES: usize = 16;

/// One cache line, and the one that processors fetch along with it.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Stripe(AtomicU64);

/// A count in as many parts as there are stripes. A single one would go from core to core with each hit, which costs more than
/// the hit.
#[derive(Debug, Default)]
pub(crate) struct Striped([Stripe; STRIPES]);

impl Striped {
    #[inline]
    pub(crate) fn add_one(&self) {
        #[expect(clippy::indexing_slicing, reason = "the remainder is in range")]
        self.0[stripe() % STRIPES].0.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn sum(&self) -> u64 {
        self.0.iter().map(|stripe| stripe.0.load(Ordering::Relaxed)).sum()
    }
}

/// Threads take the stripes in turn.
#[inline]
fn stripe() -> usize {
    thread_local!(static MINE: Cell<usize> = const { Cell::new(usize::MAX) });
    let mine = MINE.get();
    if mine == usize::MAX { take_stripe(|stripe| MINE.set(stripe)) } else { mine }
}

#[cold]
fn take_stripe(keep: impl FnOnce(usize)) -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let stripe = NEXT.fetch_add(1, Ordering::Relaxed) % STRIPES;
    keep(stripe);
    stripe
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn nothing_is_lost_whoever_counts() {
        let count = Striped::default();
        thread::scope(|scope| {
            for _ in 0..2 * STRIPES {
                scope.spawn(|| (0..1_000).for_each(|_| count.add_one()));
            }
        });
        assert_eq!(count.sum(), 2 * STRIPES as u64 * 1_000);
    }

    #[test]
    fn threads_do_not_share_a_stripe_while_there_are_others() {
        let [mine, other] = [stripe(), thread::spawn(stripe).join().unwrap()];
        assert_ne!(mine, other);
        assert_eq!(mine, stripe());
    }
}
