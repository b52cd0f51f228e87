//! How often a subscription asks where the server stands.

use std::time::Duration;

/// The rhythm of sync points on an unreliable server.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use larder_memory::Probe;
///
/// assert_eq!(Probe::default().bound(), Duration::from_millis(1_500));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Probe {
    interval: Duration,
    timeout: Duration,
}

impl Probe {
    /// Asks every `interval`, and counts on an answer within `timeout`.
    ///
    /// An interval below one millisecond is taken for one.
    pub fn new(interval: Duration, timeout: Duration) -> Self {
        // With none at all a subscription would do nothing but ask.
        Self { interval: interval.max(Duration::from_millis(1)), timeout }
    }

    /// How often it asks.
    pub const fn interval(self) -> Duration {
        self.interval
    }

    /// How long an answer takes at most.
    pub const fn timeout(self) -> Duration {
        self.timeout
    }

    /// Within which time a loss is noticed.
    pub const fn bound(self) -> Duration {
        self.interval.saturating_add(self.timeout)
    }
}

impl Default for Probe {
    /// Every second, with an answer within half of one.
    fn default() -> Self {
        Self::new(Duration::from_secs(1), Duration::from_millis(500))
    }
}
