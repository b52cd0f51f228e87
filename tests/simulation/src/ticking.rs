//! Time in which no two events are at once.

use std::sync::atomic::{AtomicU64, Ordering};

use larder_core::{Clock, Moment, TimeSource};
use larder_testkit::TokioClock;

/// The virtual time, and a nanosecond more at every look.
///
/// Much happens in the same virtual millisecond, one after the other. A judge must know what came first.
#[derive(Debug)]
pub(crate) struct Ticking {
    time: Clock,
    looks: AtomicU64,
}

impl Ticking {
    /// A clock that shows the time of the current runtime's timers.
    pub(crate) fn clock() -> Clock {
        Clock::custom(Self { time: TokioClock::new().clock(), looks: AtomicU64::new(0) })
    }
}

impl TimeSource for Ticking {
    fn now(&self) -> Moment {
        let look = self.looks.fetch_add(1, Ordering::Relaxed);
        Moment::from_nanos(self.time.now().as_nanos() + look)
    }

    fn unix_millis(&self) -> u64 {
        self.time.unix_millis()
    }
}
