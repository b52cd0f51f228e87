//! What was read most since it was last asked.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use larder_core::Reads;

/// Counts reads by their keys, within bounds.
///
/// It counts for the shared tier, so it need not be exact. Who finds it in use leaves their read uncounted instead of waiting,
/// and when it is full, the half that was read least makes room.
pub(crate) struct Sketch {
    counts: Mutex<HashMap<Box<str>, f64>>,
    most: usize,
}

impl Sketch {
    pub(crate) fn new(most: usize) -> Self {
        Self { counts: Mutex::default(), most }
    }

    /// Counts so many reads of a key, if nobody else is here.
    pub(crate) fn add(&self, key: &str, reads: f64) {
        if let Ok(mut counts) = self.counts.try_lock() {
            self.count(&mut counts, key, reads);
        }
    }

    /// All that was counted, the most read first, and begins anew.
    pub(crate) fn take(&self) -> Vec<Reads> {
        let counts = std::mem::take(&mut *self.counts.lock().unwrap_or_else(PoisonError::into_inner));
        let mut reads: Vec<_> = counts.into_iter().map(|(key, count)| Reads::new(key, count)).collect();
        reads.sort_unstable_by(|one, other| other.count.total_cmp(&one.count));
        reads
    }

    /// Takes back what nobody wanted.
    pub(crate) fn put_back(&self, reads: &[Reads]) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        for Reads { key, count, .. } in reads {
            self.count(&mut counts, key, *count);
        }
    }

    fn count(&self, counts: &mut HashMap<Box<str>, f64>, key: &str, reads: f64) {
        if let Some(count) = counts.get_mut(key) {
            *count += reads;
            return;
        }
        if counts.len() >= self.most {
            halve(counts);
        }
        counts.insert(key.into(), reads);
    }
}

/// Forgets those that were read least. Those that were read alike are not told apart, and half of them go all the same.
fn halve(counts: &mut HashMap<Box<str>, f64>) {
    let kept = counts.len() / 2;
    let mut all: Vec<_> = counts.drain().collect();
    if kept > 0 {
        all.select_nth_unstable_by(kept - 1, |(_, one), (_, other)| other.total_cmp(one));
    }
    all.truncate(kept);
    counts.extend(all);
}

impl fmt::Debug for Sketch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys = self.counts.lock().unwrap_or_else(PoisonError::into_inner).len();
        f.debug_struct("Sketch").field("keys", &keys).field("most", &self.most).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_of_a_key_add_up_and_the_most_read_comes_first() {
        let sketch = Sketch::new(10);
        for (key, reads) in [("ada", 1.0), ("bob", 64.0), ("cyd", 2.0), ("ada", 2.0)] {
            sketch.add(key, reads);
        }
        let expected = [Reads::new("bob", 64.0), Reads::new("ada", 3.0), Reads::new("cyd", 2.0)];
        assert_eq!(sketch.take(), expected);
        assert_eq!(sketch.take(), []);
        sketch.add("bob", 1.0);
        sketch.put_back(&expected[..2]);
        assert_eq!(sketch.take(), [Reads::new("bob", 65.0), Reads::new("ada", 3.0)]);
    }

    #[test]
    fn what_is_read_much_outlasts_a_flood_of_what_is_read_once() {
        let sketch = Sketch::new(100);
        for number in 0..10_000 {
            sketch.add(&format!("once {number}"), 1.0);
            sketch.add(&format!("much {}", number % 20), 1.0);
        }
        let taken = sketch.take();
        assert!(taken.len() <= 100, "{}", taken.len());
        for reads in taken.iter().take(20) {
            assert!(reads.key.starts_with("much") && reads.count > 400.0, "{reads:?}");
        }
    }

    #[test]
    fn a_read_that_meets_another_is_not_counted_and_does_not_wait() {
        let sketch = Sketch::new(10);
        let other = sketch.counts.lock().unwrap();
        sketch.add("ada", 1.0);
        drop(other);
        assert_eq!(sketch.take(), []);
    }
}
