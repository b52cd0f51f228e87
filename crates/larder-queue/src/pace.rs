//! How much the sink is given at once, and how soon again after it has failed.

use std::time::Duration;

use crate::settings::Settings;

/// Finds the write that fails a batch by halving it, and spares a sink that fails whatever it is given.
///
/// A batch that fails is halved after a short wait, down to a single write. If that fails too, nobody knows whether it is the
/// write or the sink: the next single one is tried after a wait that grows for as long as nothing at all succeeds.
#[derive(Debug)]
pub(crate) struct Pace {
    most: usize,
    /// How many writes the next batch may have.
    limit: usize,
    /// How many single writes have failed since something succeeded.
    failures: u32,
    waits: Waits,
}

/// Waits that double, each shortened by chance, so that those who failed together do not try again together.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Waits {
    first: Duration,
    longest: Duration,
}

impl Pace {
    pub(crate) fn new(settings: &Settings) -> Self {
        let waits = Waits { first: settings.first_wait, longest: settings.longest_wait };
        Self { most: settings.batch, limit: settings.batch, failures: 0, waits }
    }

    pub(crate) fn limit(&self) -> usize {
        self.limit
    }

    pub(crate) fn waits(&self) -> Waits {
        self.waits
    }

    pub(crate) fn succeeded(&mut self) {
        self.failures = 0;
        self.limit = self.limit.saturating_mul(2).min(self.most);
    }

    /// Takes note that a batch of so many failed, and says how long to leave the sink alone. A suspect that fails again says
    /// nothing of the sink, until others fail too.
    pub(crate) fn failed(&mut self, count: usize, was_suspect: bool) -> Duration {
        if count > 1 {
            self.limit = count.div_ceil(2);
            return self.waits.after(1);
        }
        self.failures = self.failures.saturating_add(1);
        if was_suspect && self.failures == 1 {
            return Duration::ZERO;
        }
        self.limit = 1;
        self.waits.after(self.failures)
    }
}

impl Waits {
    /// The wait after so many failures: between half of what it could be and all of it.
    pub(crate) fn after(self, failures: u32) -> Duration {
        let doubled = 2_u32.saturating_pow(failures.saturating_sub(1));
        self.first.saturating_mul(doubled).min(self.longest).mul_f64(0.5 + fastrand::f64() / 2.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MILLI: Duration = Duration::from_millis(1);

    fn pace() -> Pace {
        Pace::new(&Settings {
            batch: 100,
            first_wait: MILLI,
            longest_wait: 64 * MILLI,
            ..Settings::default()
        })
    }

    #[test]
    fn waits_double_up_to_the_longest_and_never_vanish() {
        let waits = pace().waits();
        for (failures, whole) in [(1, 1), (2, 2), (3, 4), (7, 64), (8, 64), (u32::MAX, 64)] {
            let wait = waits.after(failures);
            assert!((whole * MILLI / 2..=whole * MILLI).contains(&wait), "{failures}: {wait:?}");
        }
    }

    #[test]
    fn a_batch_that_fails_is_halved_and_grows_again_with_success() {
        let mut pace = pace();
        let mut sizes = Vec::new();
        while pace.limit() > 1 {
            sizes.push(pace.limit());
            assert!(pace.failed(pace.limit(), false) <= MILLI, "halving does not wait for longer and longer");
        }
        assert_eq!(sizes, [100, 50, 25, 13, 7, 4, 2]);
        (0..3).for_each(|_| pace.succeeded());
        assert_eq!(pace.limit(), 8);
        (0..99).for_each(|_| pace.succeeded());
        assert_eq!(pace.limit(), 100);
    }

    #[test]
    fn a_sink_that_fails_whatever_it_is_given_is_left_alone_for_longer_and_longer() {
        let mut pace = pace();
        let waits: Vec<Duration> = (0..7).map(|_| pace.failed(1, false)).collect();
        assert!(waits.windows(2).all(|pair| pair[1] >= pair[0]), "{waits:?}");
        assert!(waits[6] >= 32 * MILLI);
        pace.succeeded();
        assert!(pace.failed(1, false) <= MILLI);
    }

    #[test]
    fn a_suspect_delays_nobody_until_others_fail_too() {
        let mut pace = pace();
        assert_eq!((pace.failed(1, true), pace.limit()), (Duration::ZERO, 100));
        assert!(pace.failed(1, true) > Duration::ZERO);
        assert_eq!(pace.limit(), 1);
    }
}
