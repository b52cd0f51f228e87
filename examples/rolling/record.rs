//! What a way was like, tick by tick.

#![expect(clippy::cast_precision_loss, reason = "shares are for reading")]

use std::time::Duration;

use shop::counts::Line;

use crate::way::Way;

/// What no tick may fall under, as a share of the steady hit ratio.
const LEAST: f64 = 0.9;

/// What no reader may be behind: the time between two questions to the server, and the time for an answer.
const BOUND: Duration = Duration::from_millis(1_500);

/// What was counted in one tick by all instances.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tick {
    pub(crate) line: Line,
    /// What the database was asked.
    pub(crate) loads: u64,
}

#[derive(Clone, Debug)]
pub(crate) struct Record {
    pub(crate) tick: Duration,
    /// From the first one of the steady state on.
    pub(crate) ticks: Vec<Tick>,
    /// How many of them are steady: nothing was replaced yet.
    pub(crate) steady: usize,
    /// When each deploy began, as a tick.
    pub(crate) deploys: Vec<usize>,
    /// All that was counted, before and after the ticks too.
    pub(crate) total: Line,
    pub(crate) stalest: Duration,
}

impl Record {
    pub(crate) const HEAD: &str = "\
| way | lowest hit ratio | loads a second before | at most | errors | wrong values | stalest |
|---|--:|--:|--:|--:|--:|--:|";

    /// The hit ratio before the first deploy.
    pub(crate) fn steady_ratio(&self) -> f64 {
        let steady = self.ticks.iter().take(self.steady).map(|tick| tick.line);
        ratio(steady.fold(Line::default(), Line::plus)).unwrap_or(0.0)
    }

    /// The lowest hit ratio of a tick, as a share of the steady one. It is none if nobody could read.
    pub(crate) fn lowest(&self) -> f64 {
        let steady = self.steady_ratio();
        let of_tick = |tick: &Tick| ratio(tick.line).unwrap_or(0.0) / steady;
        self.ticks.iter().map(of_tick).fold(1.0, f64::min)
    }

    /// Whether nobody noticed: no hit ratio under nine tenths of the steady one, no error, nothing wrong or too stale. And no
    /// build met a form that it does not read, of which a short run has too few for the ratio to show.
    pub(crate) fn is_well(&self) -> bool {
        let has_hits = self.steady_ratio() > 0.0 && self.total.unreadable == 0;
        let is_right = self.total.errors == 0 && self.total.wrong == 0 && self.stalest <= BOUND;
        has_hits && self.lowest() >= LEAST && is_right
    }

    pub(crate) fn row(&self, way: Way) -> String {
        let scale = 1.0 / self.tick.as_secs_f64();
        let loads = |tick: &Tick| tick.loads as f64 * scale;
        let most = self.ticks.iter().map(loads).fold(0.0, f64::max);
        let before = self.ticks.iter().take(self.steady).map(loads).sum::<f64>() / self.steady.max(1) as f64;
        format!(
            "| {} | {:.1} % | {before:.0} | {most:.0} | {} | {} | {:.1} s |",
            way.title(),
            100.0 * self.lowest(),
            self.total.errors,
            self.total.wrong,
            self.stalest.as_secs_f64()
        )
    }
}

/// None if nothing was read.
pub(crate) fn ratio(line: Line) -> Option<f64> {
    (line.reads > 0).then(|| line.hits as f64 / line.reads as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tick(hits: u64, errors: u64, wrong: u64) -> Tick {
        Tick { line: Line { reads: 100, hits, errors, wrong, unreadable: 0 }, loads: 0 }
    }

    fn check(after: Tick, stalest: Duration, expected: bool) {
        let ticks = vec![tick(80, 0, 0), tick(80, 0, 0), after];
        let (total, tick, deploys) = (after.line, Duration::from_secs(1), vec![2]);
        let record = Record { tick, ticks, steady: 2, deploys, total, stalest };
        assert_eq!(record.is_well(), expected, "{after:?}, {stalest:?}");
    }

    #[test]
    fn a_tick_with_fewer_hits_an_error_or_a_wrong_value_is_noticed() {
        check(tick(73, 0, 0), BOUND, true);
        check(tick(71, 0, 0), Duration::ZERO, false);
        check(tick(80, 1, 0), Duration::ZERO, false);
        check(tick(80, 0, 1), Duration::ZERO, false);
        check(tick(80, 0, 0), BOUND * 2, false);
        check(Tick::default(), Duration::ZERO, false);
        let unread = Line { unreadable: 1, ..tick(80, 0, 0).line };
        check(Tick { line: unread, loads: 0 }, Duration::ZERO, false);
    }
}
