//! What lies in an outbox.

use std::time::Duration;

/// What lies in the outbox of an app, as the database counts it. Made by [`Outbox::backlog`](crate::Outbox::backlog).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Backlog {
    /// Rows of which the fleet was not told yet.
    pub pending: u64,
    /// Rows of which the fleet was told, and is to be told once more.
    pub again: u64,
    /// Rows that nobody could read: see [`Outbox::unreadable`](crate::Outbox::unreadable).
    pub unreadable: u64,
    /// How long the fleet should have known something already: the age of the oldest pending row, or how much a second
    /// announcement is overdue. This is what to watch.
    pub lag: Duration,
}

/// A row that nobody could read.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unreadable {
    /// Its `id`.
    pub id: i64,
    /// What stands in it, as far as it is text.
    pub touched: String,
    /// Why it could not be read.
    pub reason: String,
}

impl Backlog {
    /// Of what databases return: counts, and milliseconds that may be below zero.
    pub(crate) fn new(pending: i64, again: i64, unreadable: i64, lag: Option<i64>) -> Self {
        Self {
            pending: pending.unsigned_abs(),
            again: again.unsigned_abs(),
            unreadable: unreadable.unsigned_abs(),
            lag: milliseconds(lag).unwrap_or_default(),
        }
    }
}

/// What is over already takes no time.
pub(crate) fn milliseconds(count: Option<i64>) -> Option<Duration> {
    count.map(|count| Duration::from_millis(u64::try_from(count).unwrap_or_default()))
}
