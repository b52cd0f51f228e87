//! Two things timed in turns, so that whatever else the machine does hits both.

use std::hint::black_box;
use std::sync::Barrier;
use std::time::{Duration, Instant};

/// How long a comparison may take.
#[derive(Clone, Copy)]
pub(crate) struct Effort {
    /// How often each side is timed. The median of the rounds' ratios is what counts.
    pub(crate) rounds: usize,
    /// How long one timing should take.
    pub(crate) round: Duration,
}

/// What two sides took, and how they compare.
#[derive(Clone, Copy)]
pub(crate) struct Comparison {
    pub(crate) ours: f64,
    pub(crate) reference: f64,
    pub(crate) ratio: f64,
}

impl Comparison {
    /// What was measured, by something known.
    pub(crate) fn with(ours: f64, reference: f64) -> Self {
        Self { ours, reference, ratio: ours / reference }
    }

    /// What was measured, with nothing to compare it to.
    pub(crate) fn none(ours: f64) -> Self {
        Self::with(ours, f64::NAN)
    }

    /// The medians of several, each for itself.
    pub(crate) fn median(of: impl Iterator<Item = Self> + Clone) -> Self {
        Self {
            ours: median(of.clone().map(|one| one.ours)),
            reference: median(of.clone().map(|one| one.reference)),
            ratio: median(of.map(|one| one.ratio)),
        }
    }
}

/// Times `ours` against `reference`, in nanoseconds a call, with `threads` threads calling each at once.
///
/// Each call gets a number that counts up from zero.
pub(crate) fn compare(
    effort: Effort,
    threads: usize,
    ours: impl Fn(usize) + Sync,
    reference: impl Fn(usize) + Sync,
) -> Comparison {
    let calls = calls_for(effort.round, &reference);
    time(threads, calls, &ours);
    in_turns(effort.rounds, || time(threads, calls, &ours), || time(threads, calls, &reference))
}

/// Compares what a round of each takes, in whatever unit they tell.
pub(crate) fn in_turns(
    rounds: usize,
    mut ours: impl FnMut() -> f64,
    mut reference: impl FnMut() -> f64,
) -> Comparison {
    let mut rounds: Vec<_> = (0..rounds)
        .map(|round| {
            // Who goes first takes turns too.
            if round % 2 == 0 {
                let ours = ours();
                (ours, reference())
            } else {
                let reference = reference();
                (ours(), reference)
            }
        })
        .collect();
    Comparison {
        ours: median(rounds.iter().map(|(ours, _)| *ours)),
        reference: median(rounds.iter().map(|(_, reference)| *reference)),
        ratio: median(rounds.drain(..).map(|(ours, reference)| ours / reference)),
    }
}

/// How many calls fill a round, found by doubling.
fn calls_for(round: Duration, call: &(impl Fn(usize) + Sync)) -> usize {
    let mut calls = 64;
    while time(1, calls, call) * as_f64(calls) < round.as_secs_f64() * 1e9 {
        calls *= 2;
    }
    calls
}

/// Nanoseconds a call, by the slowest of the threads.
fn time(threads: usize, calls: usize, call: &(impl Fn(usize) + Sync)) -> f64 {
    let start = Barrier::new(threads);
    let run = || {
        start.wait();
        let began = now();
        for number in 0..calls {
            call(black_box(number));
        }
        began.elapsed()
    };
    let slowest = std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(run)).collect();
        let own = run();
        others.into_iter().map(|thread| thread.join().expect("no call panics")).fold(own, Duration::max)
    });
    slowest.as_secs_f64() * 1e9 / as_f64(calls)
}

#[expect(clippy::disallowed_methods, reason = "a bench measures real time")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    percentile(values, 50)
}

/// What so many percent of the values are below.
pub(crate) fn percentile(values: impl Iterator<Item = f64>, percent: usize) -> f64 {
    let mut values: Vec<_> = values.collect();
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() * percent / 100).copied().unwrap_or(f64::NAN)
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
pub(crate) fn as_f64(count: usize) -> f64 {
    count as f64
}
