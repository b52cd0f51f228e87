//! How long one read waits for the shared tier, over all its steps.

use std::future::Future;
use std::time::Duration;

use larder_core::{Clock, Error, ErrorKind, Result};
use tokio::time::timeout;

/// The time that one read has left for the shared tier. Once a step has used it up, the rest are not tried.
#[derive(Debug)]
pub(crate) struct Budget {
    whole: Duration,
    left: Duration,
    clock: Clock,
}

impl Budget {
    pub(crate) fn new(whole: Duration, clock: Clock) -> Self {
        Self { whole, left: whole, clock }
    }

    /// Waits for a step for as long as there is time. A step that fails ends the budget too: the server is in trouble.
    pub(crate) async fn spend<T>(&mut self, step: impl Future<Output = Result<T>>) -> Result<T> {
        let elapsed = || Error::new(ErrorKind::Elapsed, "the shared tier did not answer in time");
        if self.left.is_zero() {
            return Err(elapsed());
        }
        let began = self.clock.now();
        let outcome = timeout(self.left, step).await.unwrap_or_else(|_| Err(elapsed()));
        self.left = match &outcome {
            Ok(_) => self.left.saturating_sub(self.clock.now().since(began)),
            Err(_) => Duration::ZERO,
        };
        outcome
    }

    /// Begins anew, for a server that answers and asks to come back.
    pub(crate) fn refill(&mut self) {
        self.left = self.whole;
    }
}
