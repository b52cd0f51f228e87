//! Dropping a future in the middle.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

/// Polls a future so many times, each time it is woken, and drops it where it would be polled once more. Returns what it
/// gave, if it ended before.
///
/// For all numbers from zero up this drops a future in each of its states, and in the worst moment: something it was
/// waiting for has come, and it will not take it.
///
/// # Examples
///
/// Is a permit lost with the future that was to have it?
///
/// ```
/// use larder_testkit::poll_and_drop;
/// use tokio::sync::Semaphore;
/// use tokio::task::yield_now;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let permits = Semaphore::new(1);
/// for polls in 0.. {
///     let work = async {
///         let _permit = permits.acquire().await;
///         yield_now().await;
///     };
///     let ended = poll_and_drop(work, polls).await;
///     assert_eq!(permits.available_permits(), 1, "after {polls} polls");
///     if ended.is_some() {
///         break;
///     }
/// }
/// # }
/// ```
///
/// # Cancel safety
///
/// The future is dropped with this one.
pub async fn poll_and_drop<F: Future>(future: F, polls: usize) -> Option<F::Output> {
    let (mut future, mut left) = (pin!(future), polls);
    poll_fn(|context| {
        let Some(fewer) = left.checked_sub(1) else {
            return Poll::Ready(None);
        };
        left = fewer;
        future.as_mut().poll(context).map(Some)
    })
    .await
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use tokio::sync::oneshot;
    use tokio::task::yield_now;

    use super::*;

    /// How often a future got on that waits three times.
    async fn steps_after(polls: usize) -> (usize, Option<&'static str>) {
        let steps = Cell::new(0);
        let future = async {
            for step in 1..=3 {
                steps.set(step);
                yield_now().await;
            }
            "done"
        };
        let ended = poll_and_drop(future, polls).await;
        (steps.get(), ended)
    }

    #[tokio::test]
    async fn a_future_is_dropped_after_so_many_polls() {
        assert_eq!(steps_after(0).await, (0, None));
        assert_eq!(steps_after(1).await, (1, None));
        assert_eq!(steps_after(3).await, (3, None));
        assert_eq!(steps_after(4).await, (3, Some("done")));
        assert_eq!(steps_after(9).await, (3, Some("done")));
    }

    #[tokio::test]
    async fn it_is_dropped_when_what_it_waited_for_has_come() {
        let (sender, receiver) = oneshot::channel();
        let dropped = tokio::spawn(poll_and_drop(receiver, 1));
        yield_now().await;
        assert!(!dropped.is_finished() && !sender.is_closed());
        sender.send("too late").expect("somebody waits for it");
        assert_eq!(dropped.await.expect("nothing panics"), None);
    }
}
