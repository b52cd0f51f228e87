//! What was read most since it was last asked.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use larder_core::Reads;

use crate::warm::thin::Thinning;

/// Of hits one in so many is counted, at the most, as a power of two: 64.
const SPARSEST: u32 = 6;

/// Counts reads by their keys, within bounds.
///
/// It counts for the shared tier, so it need not be exact. Who finds it in use leaves their read uncounted instead of waiting,
/// and when it is full, half of the keys make room. The more hits there are, the fewer of them are counted, each
/// for so many more.
pub(crate) struct Sketch {
    counted: Mutex<Counted>,
    most: usize,
    /// Of hits one in so many is counted, as a power of two.
    sparseness: AtomicU32,
}

#[derive(Default)]
struct Counted {
    by_key: HashMap<Box<str>, f64>,
    /// How many hits were, since it was last taken or since fewer are.
    hits: usize,
}

impl Sketch {
    pub(crate) fn new(most: usize) -> Self {
        Self { counted: Mutex::default(), most, sparseness: AtomicU32::new(0) }
    }

    /// Whether the hit with which a count of hits has come to this is one of those that are counted here.
    ///
    /// Every sixty-fourth would do, but for readers that go round: of a hundred and twenty-eight keys in turn, it would be the
    /// same two for ever. Multiples of the golden ratio are spread evenly, and so are those of them that belong to any one key.
    #[inline]
    pub(crate) fn picks(&self, count: u64) -> bool {
        const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;
        count.wrapping_mul(GOLDEN) <= u64::MAX >> self.sparseness.load(Ordering::Relaxed)
    }

    /// Counts a hit that was picked, for those that were not, if nobody else is here.
    pub(crate) fn add_hit(&self, key: &str) {
        if let Ok(mut counted) = self.counted.try_lock() {
            let sparseness = self.sparseness.load(Ordering::Relaxed);
            self.count(&mut counted.by_key, key, f64::from(1 << sparseness));
            counted.hits += 1;
            if counted.hits >= self.enough() && sparseness < SPARSEST {
                counted.hits = 0;
                self.sparseness.store(sparseness + 1, Ordering::Relaxed);
            }
        }
    }

    /// Counts a read of a key, if nobody else is here.
    pub(crate) fn add(&self, key: &str) {
        if let Ok(mut counted) = self.counted.try_lock() {
            self.count(&mut counted.by_key, key, 1.0);
        }
    }

    /// All that was counted, the most read first, and begins anew.
    pub(crate) fn take(&self) -> Vec<Reads> {
        let mut counted = self.counted();
        let sparseness = self.sparseness.load(Ordering::Relaxed);
        if counted.hits < self.enough() / 4 {
            self.sparseness.store(sparseness.saturating_sub(1), Ordering::Relaxed);
        }
        let Counted { by_key, .. } = std::mem::take(&mut *counted);
        drop(counted);
        let mut reads: Vec<_> = by_key.into_iter().map(|(key, count)| Reads::new(key, count)).collect();
        reads.sort_unstable_by(|one, other| other.count.total_cmp(&one.count));
        reads
    }

    /// Takes back what nobody wanted.
    pub(crate) fn put_back(&self, reads: &[Reads]) {
        let mut counted = self.counted();
        for Reads { key, count, .. } in reads {
            self.count(&mut counted.by_key, key, *count);
        }
    }

    /// So many hits tell the keys apart well enough.
    fn enough(&self) -> usize {
        self.most.saturating_mul(32)
    }

    fn counted(&self) -> MutexGuard<'_, Counted> {
        self.counted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn count(&self, counts: &mut HashMap<Box<str>, f64>, key: &str, reads: f64) {
        if let Some(count) = counts.get_mut(key) {
            *count += reads;
            return;
        }
        if counts.len() >= self.most.saturating_mul(2) {
            halve(counts);
        }
        counts.insert(key.into(), reads);
    }
}

/// Forgets half of them, by chance; what is read much stays.
fn halve(counts: &mut HashMap<Box<str>, f64>) {
    let thinning = Thinning::new(&counts.values().copied(), counts.len() / 2);
    counts.retain(|_, count| {
        thinning.of(*count, fastrand::f64()).is_some_and(|left| {
            *count = left;
            true
        })
    });
}

impl fmt::Debug for Sketch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys = self.counted().by_key.len();
        f.debug_struct("Sketch").field("keys", &keys).field("most", &self.most).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_of_a_key_add_up_and_the_most_read_comes_first() {
        let sketch = Sketch::new(10);
        for key in ["ada", "bob", "cyd", "bob", "cyd", "bob"] {
            sketch.add(key);
        }
        let expected = [Reads::new("bob", 3.0), Reads::new("cyd", 2.0), Reads::new("ada", 1.0)];
        assert_eq!(sketch.take(), expected);
        assert_eq!(sketch.take(), []);
        sketch.add("bob");
        sketch.put_back(&expected[..2]);
        assert_eq!(sketch.take(), [Reads::new("bob", 4.0), Reads::new("cyd", 2.0)]);
    }

    #[test]
    fn every_key_of_those_that_are_read_in_turn_is_picked_alike() {
        const ROUNDS: u64 = 6_400;
        let sketch = Sketch { sparseness: SPARSEST.into(), ..Sketch::new(10) };
        for keys in [1, 2, 3, 64, 100, 128] {
            let mut picked = vec![0; keys];
            for count in 0..ROUNDS * keys as u64 {
                if sketch.picks(count) {
                    picked[usize::try_from(count).unwrap() % keys] += 1;
                }
            }
            let [least, most] = [picked.iter().min().unwrap(), picked.iter().max().unwrap()];
            assert!(*least >= 80 && *most <= 120, "{keys} keys: {least} to {most}");
        }
    }

    /// Hits go round over these keys, of which the first has every second one.
    fn hit(sketch: &Sketch, hits: u64) -> u64 {
        let mut counted = 0;
        for number in 0..hits {
            if sketch.picks(number) {
                let other = format!("other {}", number / 2 % 5);
                sketch.add_hit(if number % 2 == 0 { "first" } else { &other });
                counted += 1;
            }
        }
        counted
    }

    #[test]
    fn of_few_hits_each_is_counted_and_of_many_a_few_for_all() {
        let sketch = Sketch::new(10);
        assert_eq!(hit(&sketch, 319), 319);
        assert_eq!(sketch.take()[0], Reads::new("first", 160.0));
        for _ in 0..3 {
            let counted = hit(&sketch, 100_000);
            assert!((1_200..3_500).contains(&counted), "{counted}");
            let taken = sketch.take();
            let all: f64 = taken.iter().map(|reads| reads.count).sum();
            assert!(
                (taken[0].count - 50_000.0).abs() < 2_500.0 && (all - 100_000.0).abs() < 2_500.0,
                "{taken:?}"
            );
        }
        // With few of them it becomes exact again, step by step.
        for _ in 0..SPARSEST {
            hit(&sketch, 10);
            sketch.take();
        }
        assert_eq!(hit(&sketch, 60), 60);
    }

    #[test]
    fn what_is_read_much_outlasts_a_flood_of_what_is_read_once() {
        let sketch = Sketch::new(100);
        for number in 0..10_000 {
            sketch.add(&format!("once {number}"));
            sketch.add(&format!("much {}", number % 20));
        }
        let taken = sketch.take();
        assert!(taken.len() <= 200, "{}", taken.len());
        for reads in taken.iter().take(20) {
            assert!(reads.key.starts_with("much") && reads.count > 400.0, "{reads:?}");
        }
    }

    #[test]
    fn a_read_that_meets_another_is_not_counted_and_does_not_wait() {
        let sketch = Sketch::new(10);
        let other = sketch.counted();
        sketch.add("ada");
        sketch.add_hit("ada");
        drop(other);
        assert_eq!(sketch.take(), []);
    }
}
