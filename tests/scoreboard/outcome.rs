//! What came of a row.

use std::fmt;
use std::time::Duration;

/// The bound, and a few ticks of the coarse clock by which a node may be late.
const BOUND: Duration = Duration::from_millis(1_500);
const TICK: Duration = Duration::from_millis(10);

/// Wrong answers, of how many tries. Shown as a cell of a table.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    wrong: usize,
    tries: usize,
    stalest: Option<Duration>,
    slowest: Option<Duration>,
    loads: Option<u64>,
}

impl Outcome {
    /// Counts a try.
    pub(super) fn add(&mut self, is_wrong: bool) {
        self.tries += 1;
        self.wrong += usize::from(is_wrong);
    }

    /// Counts a try after which the old value was served for so long: wrong is what is beyond the bound.
    pub(super) fn stale(&mut self, staleness: Duration) {
        self.add(staleness > BOUND + TICK);
        self.stalest = self.stalest.max(Some(staleness));
    }

    /// Notes how long an answer took.
    pub(super) fn took(&mut self, time: Duration) {
        self.slowest = self.slowest.max(Some(time));
    }

    /// Notes how often the loader was called in a try.
    pub(super) fn loaded(&mut self, loads: u64) {
        self.loads = self.loads.max(Some(loads));
    }

    /// Tells the result to whoever makes a table of it, and expects that nothing was wrong.
    #[expect(clippy::print_stdout, reason = "the chore reads it")]
    pub(super) fn report(&self, row: &str) {
        // On a line of its own, whatever the harness has written before.
        println!("\nscoreboard: {row} = {self}");
        self.check(row);
    }

    fn check(&self, row: &str) {
        assert!(self.tries > 0, "{row}: nothing was tried");
        assert_eq!(self.wrong, 0, "{row}: {self:?}");
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = if self.wrong == 0 && self.tries > 0 { '✓' } else { '✗' };
        write!(f, "{mark} {} of {}", self.wrong, self.tries)?;
        if let Some(stalest) = self.stalest.filter(|stalest| !stalest.is_zero()) {
            write!(f, ", stale ≤ {} ms", whole_millis(stalest))?;
        }
        if let Some(slowest) = self.slowest {
            write!(f, ", ≤ {} ms", whole_millis(slowest))?;
        }
        match self.loads {
            Some(1) => f.write_str(", 1 load"),
            Some(loads) => write!(f, ", ≤ {loads} loads"),
            None => Ok(()),
        }
    }
}

/// Rounded up, for it is said that it was no more.
fn whole_millis(time: Duration) -> u128 {
    time.as_micros().div_ceil(1_000)
}

#[test]
fn an_outcome_is_shown_as_it_is() {
    let mut outcome = Outcome::default();
    assert_eq!(outcome.to_string(), "✗ 0 of 0");
    outcome.stale(Duration::ZERO);
    assert_eq!(outcome.to_string(), "✓ 0 of 1");
    outcome.stale(BOUND);
    outcome.took(Duration::from_micros(6_001));
    outcome.loaded(1);
    assert_eq!(outcome.to_string(), "✓ 0 of 2, stale ≤ 1500 ms, ≤ 7 ms, 1 load");
    outcome.stale(BOUND + TICK * 2);
    outcome.loaded(2);
    assert_eq!(outcome.to_string(), "✗ 1 of 3, stale ≤ 1520 ms, ≤ 7 ms, ≤ 2 loads");
}

#[test]
#[should_panic(expected = "test: Outcome { wrong: 1, tries: 1")]
fn a_wrong_answer_fails_its_row() {
    let mut outcome = Outcome::default();
    outcome.add(true);
    outcome.check("test");
}
