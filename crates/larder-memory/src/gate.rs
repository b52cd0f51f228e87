//! What goes wrong with the calls of one node.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use larder_core::{Error, ErrorKind, Result};
use tokio::sync::Notify;

/// Every call of a node on an unreliable server passes here.
#[derive(Debug, Default)]
pub(crate) struct Gate {
    is_frozen: AtomicBool,
    /// Told at every thaw. Those who wait go on in the order in which they came.
    thawed: Notify,
    failures: Mutex<Failures>,
}

#[derive(Debug, Default)]
struct Failures {
    /// How many of the next calls have no effect.
    before: usize,
    /// How many of the calls after them have their effect, and lose their answer.
    after: usize,
}

#[derive(Clone, Copy)]
enum Fate {
    Works,
    Fails,
    LosesAnswer,
}

impl Gate {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Lets a call pass, or not. It has its effect in one go or not at all, also when it is dropped.
    pub(crate) async fn pass<T>(&self, call: impl FnOnce() -> Result<T>) -> Result<T> {
        loop {
            // Before the look, so that no thaw comes in between.
            let thawed = self.thawed.notified();
            if !self.is_frozen.load(Ordering::Acquire) {
                break;
            }
            thawed.await;
        }
        match self.failures().next() {
            Fate::Works => call(),
            Fate::Fails => Err(unreachable()),
            Fate::LosesAnswer => {
                let _lost = call();
                Err(unreachable())
            }
        }
    }

    pub(crate) fn freeze(&self, is_frozen: bool) {
        self.is_frozen.store(is_frozen, Ordering::Release);
        if !is_frozen {
            self.thawed.notify_waiters();
        }
    }

    pub(crate) fn fail(&self, calls: usize) {
        self.failures().before = calls;
    }

    pub(crate) fn fail_after(&self, calls: usize) {
        self.failures().after = calls;
    }

    fn failures(&self) -> MutexGuard<'_, Failures> {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Failures {
    fn next(&mut self) -> Fate {
        let (counter, fate) = match self {
            Self { before: 0, after: 0 } => return Fate::Works,
            Self { before: 0, after } => (after, Fate::LosesAnswer),
            Self { before, .. } => (before, Fate::Fails),
        };
        *counter -= 1;
        fate
    }
}

fn unreachable() -> Error {
    Error::new(ErrorKind::Unavailable, "the server cannot be reached")
}
