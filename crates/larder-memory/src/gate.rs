//! What goes wrong with the calls of one node.

use std::sync::{Mutex, MutexGuard, PoisonError};

use larder_core::{Error, ErrorKind, Result};
use tokio::sync::watch;

/// Every call of a node on an unreliable server passes here.
#[derive(Debug)]
pub(crate) struct Gate {
    is_frozen: watch::Sender<bool>,
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
        Self { is_frozen: watch::Sender::new(false), failures: Mutex::default() }
    }

    /// Lets a call pass, or not. It has its effect in one go or not at all, also when it is dropped.
    pub(crate) async fn pass<T>(&self, call: impl FnOnce() -> Result<T>) -> Result<T> {
        let mut is_frozen = self.is_frozen.subscribe();
        // The sender cannot be gone: it is here.
        let _open = is_frozen.wait_for(|is_frozen| !is_frozen).await.map(|_| ());
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
        self.is_frozen.send_replace(is_frozen);
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
