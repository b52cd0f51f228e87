//! What the readers got, and when.

use std::time::Duration;

use crate::origin::Origin;
use crate::readers::TIME;

/// A second of which this is true is as good as any: nobody gets an error, and one in a hundred waits for longer than this.
const GOOD: Duration = Duration::from_millis(50);

/// What one reader got.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Answered {
    /// When it came.
    pub(crate) came: Duration,
    pub(crate) waited: Duration,
    pub(crate) is_error: bool,
    pub(crate) is_stale: bool,
}

/// All of them, by the second in which they came.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    seconds: Vec<Second>,
    most: u64,
    asked: u64,
}

#[derive(Clone, Debug, Default)]
struct Second {
    waited: Vec<Duration>,
    failed: usize,
    stale: usize,
}

impl Record {
    pub(crate) const HEAD: &str = "\
| | most at the origin | queries | p50 | p99 | longest | errors | stale | steady after |
|---|--:|--:|--:|--:|--:|--:|--:|--:|";

    pub(crate) fn new() -> Self {
        let seconds = usize::try_from(TIME.as_secs()).unwrap_or(0);
        Self { seconds: vec![Second::default(); seconds], most: 0, asked: 0 }
    }

    pub(crate) fn add(&mut self, answered: Answered) {
        let second = usize::try_from(answered.came.as_secs()).unwrap_or(usize::MAX);
        if let Some(second) = self.seconds.get_mut(second) {
            second.waited.push(answered.waited);
            second.failed += usize::from(answered.is_error);
            second.stale += usize::from(answered.is_stale);
        }
    }

    pub(crate) fn close(&mut self, origin: &Origin) {
        (self.most, self.asked) = (origin.most(), origin.asked());
        for second in &mut self.seconds {
            second.waited.sort_unstable();
        }
    }

    pub(crate) fn row(&self, name: &str) -> String {
        let mut waited: Vec<Duration> =
            self.seconds.iter().flat_map(|second| second.waited.iter().copied()).collect();
        waited.sort_unstable();
        let [half, most_of_all, longest] = [50, 99, 100].map(|percent| rank(&waited, percent));
        let sum = |count: fn(&Second) -> usize| self.seconds.iter().map(count).sum::<usize>();
        format!(
            "| {name} | {} | {} | {half:?} | {most_of_all:?} | {longest:?} | {} | {} | {} |",
            self.most,
            self.asked,
            sum(|second| second.failed),
            sum(|second| second.stale),
            self.steady_after().map_or("never".to_owned(), |second| format!("{second} s"))
        )
    }

    /// The first second from which on all are good.
    fn steady_after(&self) -> Option<usize> {
        let bad = self.seconds.iter().rposition(|second| !second.is_good());
        let steady = bad.map_or(0, |last| last + 1);
        (steady < self.seconds.len()).then_some(steady)
    }
}

impl Second {
    fn is_good(&self) -> bool {
        self.failed == 0 && rank(&self.waited, 99) < GOOD
    }
}

/// What this many percent did not have to wait longer for, of waits in order.
fn rank(waited: &[Duration], percent: usize) -> Duration {
    let rank = (waited.len() * percent).div_ceil(100).max(1);
    waited.get(rank - 1).copied().unwrap_or_default()
}
