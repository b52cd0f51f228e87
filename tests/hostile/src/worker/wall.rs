//! A wall clock that jumps. The monotonic one is the system's.
//!
//! Larder asks the kernel for the time itself, past every library that could be put in between. So a process whose clock is wrong
//! is one that was given such a clock.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use larder_core::{Clock, Moment, TimeSource};

/// Shows the system's time, and another one on the wall. Clones have the same hands.
#[derive(Clone, Debug, Default)]
pub(super) struct Wall {
    system: Clock,
    skew: Arc<AtomicI64>,
}

impl Wall {
    pub(super) fn clock(&self) -> Clock {
        Clock::custom(self.clone())
    }

    /// Makes it wrong by so many milliseconds.
    pub(super) fn turn(&self, skew: i64) {
        self.skew.store(skew, Ordering::SeqCst);
    }
}

impl TimeSource for Wall {
    fn now(&self) -> Moment {
        self.system.now()
    }

    fn unix_millis(&self) -> u64 {
        self.system.unix_millis().saturating_add_signed(self.skew.load(Ordering::SeqCst))
    }
}
