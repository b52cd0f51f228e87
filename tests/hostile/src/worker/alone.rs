//! When the process did without the shared tier.

use std::mem::replace;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use larder_core::{Clock, Event, Moment, Observer};

/// Notes when reads went on without the shared tier: what they keep then, they keep whoever guards it. Clones are the same one.
#[derive(Clone, Debug)]
pub(super) struct Alone {
    clock: Clock,
    times: Arc<Mutex<Times>>,
}

#[derive(Debug)]
struct Times {
    /// When this was last asked.
    asked: Moment,
    /// The last time since then.
    last: Option<Moment>,
}

impl Alone {
    pub(super) fn new(clock: Clock) -> Self {
        let times = Times { asked: clock.now(), last: None };
        Self { clock, times: Arc::new(Mutex::new(times)) }
    }

    /// Between which moments that was, since this was last asked: in nanoseconds.
    pub(super) fn take(&self) -> Option<(u64, u64)> {
        let mut times = self.times();
        let asked = replace(&mut times.asked, self.clock.now());
        times.last.take().map(|last| (asked.as_nanos(), last.as_nanos()))
    }

    pub(super) fn note(&self) {
        let mut times = self.times();
        times.last = Some(self.clock.now());
    }

    fn times(&self) -> MutexGuard<'_, Times> {
        self.times.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Observer for Alone {
    fn observe(&self, event: &Event<'_>) {
        if matches!(event, Event::Degraded { .. }) {
            self.note();
        }
    }
}
