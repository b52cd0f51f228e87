//! When a future is dropped: after each number of polls, and in either moment after it. The tests of other crates share it.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

use larder_testkit::poll_and_drop;

/// More polls than any of them needs.
pub(crate) const MOST_POLLS: usize = 500;

/// When a future is dropped.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Moment {
    /// As soon as it was polled so many times.
    AtOnce,
    /// When it is woken next.
    WhenWoken,
}

impl Moment {
    pub(crate) const BOTH: [Self; 2] = [Self::AtOnce, Self::WhenWoken];
}

/// Polls a future so many times. Returns what it gave, if it has completed.
pub(crate) async fn poll_until<F: Future>(moment: Moment, future: F, polls: usize) -> Option<F::Output> {
    let mut left = match moment {
        Moment::WhenWoken => return poll_and_drop(future, polls).await,
        Moment::AtOnce => polls,
    };
    let mut future = pin!(future);
    poll_fn(|context| {
        if left > 0
            && let Poll::Ready(output) = future.as_mut().poll(context)
        {
            return Poll::Ready(Some(output));
        }
        left = left.saturating_sub(1);
        if left == 0 { Poll::Ready(None) } else { Poll::Pending }
    })
    .await
}

/// Drops something after so many polls, and more and more, until it says that it has ended by then.
pub(crate) async fn until_it_ends(what: &str, least: usize, dropped_after: impl AsyncFn(usize) -> bool) {
    for polls in least..MOST_POLLS {
        if dropped_after(polls).await {
            return;
        }
    }
    panic!("{what} does not end");
}
