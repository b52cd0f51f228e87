//! Futures that come to an end in the middle.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::process;
use std::sync::{Mutex, PoisonError};
use std::task::Poll;

use rustix::process::{Signal, getpid, kill_process};

use crate::wire::{Blow, Fate, Place};

/// Polls a future until it has waited so often, and no more: a caller who is cancelled.
pub(super) async fn cancelled_at<F: Future>(waits: u32, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut left = waits;
    poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending if left == 0 => Poll::Ready(None),
        Poll::Pending => {
            left -= 1;
            Poll::Pending
        }
    })
    .await
}

/// What is to become of this process, if somebody said so.
#[derive(Debug, Default)]
pub(super) struct Fates(Mutex<Option<Fate>>);

impl Fates {
    pub(super) fn set(&self, fate: Fate) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(fate);
    }

    /// Runs a future, in the middle of which the process may meet its fate; at the latest when it is done.
    pub(super) async fn run<F: Future>(&self, place: Place, future: F) -> F::Output {
        let mut future = pin!(future);
        let Some(fate) = self.take(place) else { return future.await };
        let output = cancelled_at(fate.waits, future.as_mut()).await;
        match fate.blow {
            Blow::Death => process::abort(),
            Blow::Stop => stop(),
        }
        match output {
            Some(output) => output,
            None => future.await,
        }
    }

    fn take(&self, place: Place) -> Option<Fate> {
        let mut fate = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        fate.take_if(|fate| fate.place == place)
    }
}

/// Stands still until somebody lets it go on.
fn stop() {
    // It cannot fail: the process is its own.
    _ = kill_process(getpid(), Signal::STOP);
}

#[cfg(test)]
mod tests {
    use tokio::task::yield_now;

    use super::*;

    async fn twice() -> u32 {
        yield_now().await;
        yield_now().await;
        7
    }

    #[tokio::test]
    async fn a_future_is_dropped_at_the_wait_that_was_named() {
        assert_eq!(cancelled_at(0, twice()).await, None);
        assert_eq!(cancelled_at(1, twice()).await, None);
        assert_eq!(cancelled_at(2, twice()).await, Some(7));
    }
}
