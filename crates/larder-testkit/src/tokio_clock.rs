//! The time of tokio's timers.

use std::time::Duration;

use larder_core::{Clock, Moment, TimeSource};
use tokio::time::Instant;

/// In milliseconds since the Unix epoch.
const NEW_YEAR_2026: u64 = 1_767_225_600_000;

/// A clock that shows the same time as tokio's timers.
///
/// In a test whose tokio time is paused, Larder's clock and every timer are then one virtual time, which goes on by itself
/// whenever all tasks wait.
///
/// # Examples
///
/// ```
/// use larder_testkit::TokioClock;
/// use std::time::Duration;
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() {
/// let clock = TokioClock::new().clock();
/// let before = clock.now();
/// tokio::time::sleep(Duration::from_secs(3_600)).await; // takes no time at all
/// assert_eq!(clock.now().since(before), Duration::from_secs(3_600));
/// # }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct TokioClock {
    began: Instant,
}

impl TokioClock {
    /// A clock that shows one day after its origin, and the year 2026.
    ///
    /// Make it where the timers run: outside of a runtime whose time is paused it shows the system's.
    #[expect(clippy::new_without_default, reason = "where it is made matters")]
    pub fn new() -> Self {
        Self { began: Instant::now() }
    }

    /// The clock to pass to what is tested. All of them show the same time.
    pub fn clock(&self) -> Clock {
        Clock::custom(*self)
    }
}

impl TimeSource for TokioClock {
    fn now(&self) -> Moment {
        let day = Duration::from_secs(24 * 3_600);
        Moment::ORIGIN.after(day + self.began.elapsed())
    }

    fn unix_millis(&self) -> u64 {
        let millis = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        NEW_YEAR_2026.saturating_add(millis)
    }
}
