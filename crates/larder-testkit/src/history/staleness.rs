//! How stale answers were.

use std::fmt;
use std::time::Duration;

/// The upper edges of the classes, in milliseconds. What is staler than the last goes into a class of its own.
const EDGES: [u64; 12] = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000];

/// How stale the answers to some reads were, as a histogram.
///
/// An answer is as stale as the time between the acknowledgement of the first version that it should have shown and the
/// beginning of the read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Staleness {
    fresh: u64,
    classes: [u64; EDGES.len() + 1],
    largest: Duration,
}

impl Staleness {
    /// Adds an answer; zero is fresh.
    pub fn add(&mut self, staleness: Duration) {
        self.largest = self.largest.max(staleness);
        if staleness.is_zero() {
            self.fresh += 1;
            return;
        }
        let class = EDGES.iter().position(|edge| staleness <= Duration::from_millis(*edge));
        if let Some(count) = self.classes.get_mut(class.unwrap_or(EDGES.len())) {
            *count += 1;
        }
    }

    /// How many answers there were.
    pub fn count(&self) -> u64 {
        self.fresh + self.stale()
    }

    /// How many of them were stale at all.
    pub fn stale(&self) -> u64 {
        self.classes.iter().sum()
    }

    /// The largest staleness that was seen.
    pub const fn largest(&self) -> Duration {
        self.largest
    }

    /// The stale answers in classes, each with the most that belongs to it; the last has no end.
    pub fn classes(&self) -> impl Iterator<Item = (Option<Duration>, u64)> {
        let edges = EDGES.iter().copied().map(Duration::from_millis).map(Some).chain([None]);
        edges.zip(self.classes)
    }
}

impl fmt::Display for Staleness {
    /// One line: `9120 answers, 31 stale: 20 within 2ms, 11 within 500ms; largest 431ms`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} answers, {} stale", self.count(), self.stale())?;
        let mut between = ": ";
        for (edge, count) in self.classes().filter(|(_, count)| *count > 0) {
            match edge {
                Some(edge) => write!(f, "{between}{count} within {edge:?}")?,
                None => write!(f, "{between}{count} beyond that")?,
            }
            between = ", ";
        }
        if self.stale() > 0 {
            write!(f, "; largest {:?}", self.largest)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_counted_in_the_class_that_it_just_fits_in() {
        let mut staleness = Staleness::default();
        for millis in [0, 1, 2, 5_000, 5_001] {
            staleness.add(Duration::from_millis(millis));
        }
        assert_eq!(
            staleness.to_string(),
            "5 answers, 4 stale: 1 within 1ms, 1 within 2ms, 1 within 5s, 1 beyond that; largest 5.001s"
        );
    }
}
