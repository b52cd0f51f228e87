//! How long something took, over all times that it happened.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Steps within each doubling: a bucket is an eighth of its bound wide at most.
const STEPS: usize = 8;

/// Doublings from a microsecond on: the last bucket takes all above a minute and more.
const DOUBLINGS: usize = 27;

const BUCKETS: usize = STEPS * DOUBLINGS;

/// A histogram that any thread may add to.
#[derive(Debug)]
pub(crate) struct Histogram {
    buckets: Box<[AtomicU64]>,
    micros: AtomicU64,
}

impl Histogram {
    pub(crate) fn new() -> Self {
        Self { buckets: (0..BUCKETS).map(|_| AtomicU64::new(0)).collect(), micros: AtomicU64::new(0) }
    }

    pub(crate) fn record(&self, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        if let Some(bucket) = self.buckets.get(bucket_of(micros)) {
            bucket.fetch_add(1, Ordering::Relaxed);
        }
        self.micros.fetch_add(micros, Ordering::Relaxed);
    }

    pub(crate) fn snapshot(&self) -> Latency {
        Latency {
            buckets: self.buckets.iter().map(|bucket| bucket.load(Ordering::Relaxed)).collect(),
            total: Duration::from_micros(self.micros.load(Ordering::Relaxed)),
        }
    }
}

/// How long something took, over all times that it happened: a histogram with an error of an eighth at most.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Latency {
    buckets: Vec<u64>,
    total: Duration,
}

impl Latency {
    /// How often it happened.
    pub fn count(&self) -> u64 {
        self.buckets.iter().sum()
    }

    /// How long it took all times together.
    pub fn total(&self) -> Duration {
        self.total
    }

    /// How long it took on the average; nothing if it never happened.
    pub fn mean(&self) -> Option<Duration> {
        let count = u32::try_from(self.count()).unwrap_or(u32::MAX);
        self.total.checked_div(count)
    }

    /// What this share of all times did not exceed: 0.99 for all but one in a hundred. Nothing if it never happened.
    pub fn quantile(&self, share: f64) -> Option<Duration> {
        let count = self.count();
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a rank between one and the count"
        )]
        let rank = ((count as f64 * share.clamp(0.0, 1.0)).ceil() as u64).max(1);
        let mut seen = 0;
        self.buckets().find_map(|(bound, times)| {
            seen += times;
            (seen >= rank).then_some(bound)
        })
    }

    /// Every bucket that is not empty: what it took at most, and how often.
    pub fn buckets(&self) -> impl Iterator<Item = (Duration, u64)> {
        let full = self.buckets.iter().enumerate().filter(|(_, times)| **times > 0);
        full.map(|(bucket, times)| (bound_of(bucket), *times))
    }
}

impl fmt::Display for Latency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.quantile(0.5), self.quantile(0.99)) {
            (Some(half), Some(most)) => write!(f, "{half:.1?} half of the time, {most:.1?} at p99"),
            _ => f.write_str("no time yet"),
        }
    }
}

impl fmt::Debug for Latency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Linear up to [`STEPS`] microseconds, and from there on in as many steps to each doubling.
fn bucket_of(micros: u64) -> usize {
    let doubling = (micros / STEPS as u64).checked_ilog2().map_or(0, |doubling| doubling as usize + 1);
    let width = 1_u64 << doubling.saturating_sub(1);
    let step = usize::try_from(micros / width).unwrap_or(usize::MAX) % STEPS;
    (doubling * STEPS + step).min(BUCKETS - 1)
}

/// The most that falls into a bucket.
fn bound_of(bucket: usize) -> Duration {
    let (doubling, step) = (bucket / STEPS, (bucket % STEPS) as u64);
    let (width, first) = if doubling == 0 { (1, 0) } else { (1_u64 << (doubling - 1), STEPS as u64) };
    Duration::from_micros((first + step + 1) * width)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(times: impl IntoIterator<Item = u64>) -> Latency {
        let histogram = Histogram::new();
        times.into_iter().for_each(|micros| histogram.record(Duration::from_micros(micros)));
        histogram.snapshot()
    }

    #[test]
    fn a_bucket_is_at_most_an_eighth_too_wide_and_never_too_narrow() {
        for micros in (0..4_000).chain((0..26).map(|doubling| (1 << doubling) + 12_345)) {
            let bound = bound_of(bucket_of(micros));
            let took = Duration::from_micros(micros);
            assert!(bound > took, "{micros} µs are more than {bound:?}");
            assert!(bound <= took.mul_f64(1.125) + Duration::from_micros(1), "{micros} µs are in {bound:?}");
        }
    }

    #[test]
    fn quantiles_are_what_that_share_does_not_exceed() {
        let latency = of(1..=1_000);
        assert_eq!(latency.count(), 1_000);
        let [half, most] = [0.5, 0.99].map(|share| latency.quantile(share).unwrap().as_micros());
        assert!((500..=563).contains(&half) && (990..=1_120).contains(&most), "{half}, {most}");
        assert_eq!(latency.mean(), Some(Duration::from_nanos(500_500)));
        assert_eq!(latency.quantile(0.0), latency.quantile(0.0001));
    }

    #[test]
    fn of_nothing_nothing_is_told() {
        let latency = of([]);
        assert_eq!((latency.quantile(0.5), latency.mean(), latency.count()), (None, None, 0));
        assert_eq!(latency.to_string(), "no time yet");
        assert_eq!(Latency::default().quantile(0.5), None);
    }

    #[test]
    fn the_longest_are_counted_too() {
        let latency = of([u64::MAX / 4]);
        assert_eq!(latency.count(), 1);
        assert!(latency.quantile(1.0).unwrap() > Duration::from_secs(60));
    }
}
