//! Which question is open, and when it was asked.

use std::sync::{Mutex, PoisonError};

use larder_core::Moment;
use tokio::sync::Notify;

/// At most one question at a time; an answer to an older one is none.
#[derive(Debug, Default)]
pub(crate) struct Question {
    open: Mutex<Option<(u64, Moment)>>,
    answered: Notify,
}

impl Question {
    /// Opens a question that is asked now, and gives it a number that nobody guesses by chance.
    pub(crate) fn ask(&self, now: Moment) -> u64 {
        let number = fastrand::u64(..);
        *self.open.lock().unwrap_or_else(PoisonError::into_inner) = Some((number, now));
        number
    }

    /// When the question of that number was asked, if it is the one that is open. It is closed from then on.
    pub(crate) fn answer(&self, number: u64) -> Option<Moment> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let (_, asked) = open.take_if(|(open, _)| *open == number)?;
        self.answered.notify_one();
        Some(asked)
    }

    /// Waits until there is no open question.
    pub(crate) async fn answered(&self) {
        while self.open.lock().unwrap_or_else(PoisonError::into_inner).is_some() {
            self.answered.notified().await;
        }
    }
}
