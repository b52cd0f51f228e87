//! A service that takes whatever comes, and works at all of it.
//!
//! Up to fifty queries do not disturb each other. Of more than that each gets its share, so that as much is done in all as ever:
//! nothing is lost to changing between them, which is kinder than services are. But whoever has had no answer after five
//! seconds goes, and what was done for it was done in vain. That is how a service that is never idle comes to answer nobody.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::{Instant, sleep_until, timeout};

use crate::origin::{ABREAST, PATIENCE, TooLate, WORK};

const TICK: Duration = Duration::from_millis(1);

#[derive(Debug, Default)]
pub(crate) struct Crowd {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// How much was done for one that was here from the beginning, in nanoseconds of a whole worker.
    done: u64,
    /// How much of that must have been done for each to be answered. All want the same, so who comes first goes first.
    queries: VecDeque<(u64, oneshot::Sender<()>)>,
}

impl Crowd {
    pub(crate) fn open() -> Arc<Self> {
        let crowd = Arc::new(Self::default());
        let weak = Arc::downgrade(&crowd);
        tokio::spawn(async move {
            let mut next = Instant::now();
            while let Some(crowd) = weak.upgrade() {
                crowd.work();
                drop(crowd);
                next += TICK;
                sleep_until(next).await;
            }
        });
        crowd
    }

    pub(crate) async fn query(&self) -> Result<(), TooLate> {
        let (answer, answered) = oneshot::channel();
        {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            let until = state.done + nanos(WORK);
            state.queries.push_back((until, answer));
        }
        match timeout(PATIENCE, answered).await {
            Ok(Ok(())) => Ok(()),
            _ => Err(TooLate),
        }
    }

    /// Does what can be done in a tick.
    fn work(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.queries.retain(|(_, answer)| !answer.is_closed());
        let share = nanos(TICK) * ABREAST as u64 / state.queries.len().max(ABREAST) as u64;
        state.done += share;
        let done = state.done;
        while state.queries.front().is_some_and(|(until, _)| *until <= done) {
            if let Some((_, answer)) = state.queries.pop_front() {
                // Who has just gone needs no answer.
                _ = answer.send(());
            }
        }
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
