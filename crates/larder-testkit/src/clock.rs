//! Time in the test's hand.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use larder_core::{Clock, Moment, TimeSource};

/// A clock that stands still until it is turned.
///
/// # Examples
///
/// ```
/// use larder_testkit::ManualClock;
/// use std::time::Duration;
///
/// let time = ManualClock::new();
/// let clock = time.clock();
/// let before = clock.now();
/// time.advance(Duration::from_secs(60));
/// assert_eq!(clock.now().since(before), Duration::from_secs(60));
/// ```
#[derive(Clone, Debug)]
pub struct ManualClock {
    hands: Arc<Hands>,
}

#[derive(Debug)]
struct Hands {
    /// Nanoseconds, monotonic.
    monotonic: AtomicU64,
    /// Milliseconds since the Unix epoch.
    wall: AtomicU64,
}

impl ManualClock {
    /// A clock that shows one day after its origin, and the year 2026.
    pub fn new() -> Self {
        let day = Duration::from_secs(24 * 3_600);
        let hands = Hands {
            monotonic: AtomicU64::new(Moment::ORIGIN.after(day).as_nanos()),
            wall: AtomicU64::new(1_767_225_600_000),
        };
        Self { hands: Arc::new(hands) }
    }

    /// The clock to pass to what is tested. All of them show the same time.
    pub fn clock(&self) -> Clock {
        Clock::custom(self.clone())
    }

    /// Lets time pass on both hands.
    pub fn advance(&self, by: Duration) {
        let nanos = u64::try_from(by.as_nanos()).unwrap_or(u64::MAX);
        self.hands.monotonic.fetch_add(nanos, Ordering::SeqCst);
        self.hands.wall.fetch_add(nanos / 1_000_000, Ordering::SeqCst);
    }

    /// Sets the wall clock alone, as an operator or a time server might.
    pub fn set_unix_millis(&self, millis: u64) {
        self.hands.wall.store(millis, Ordering::SeqCst);
    }
}

impl TimeSource for ManualClock {
    fn now(&self) -> Moment {
        Moment::from_nanos(self.hands.monotonic.load(Ordering::SeqCst))
    }

    fn unix_millis(&self) -> u64 {
        self.hands.wall.load(Ordering::SeqCst)
    }
}

impl Default for ManualClock {
    fn default() -> Self {
        Self::new()
    }
}
