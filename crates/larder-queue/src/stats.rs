//! How a queue fares.

use std::time::Duration;

/// What is in a queue, and what has gone through it since it was opened.
///
/// For a metrics endpoint. A queue is well if [`pending`](Self::pending) comes back to zero again and again and
/// [`poisoned`](Self::poisoned) is zero; what says that it is not is the age of the oldest write.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Writes that the sink has not taken yet, poisoned ones aside.
    pub pending: usize,
    /// Writes in the poison area.
    pub poisoned: usize,
    /// What all these take of the [capacity](crate::WriteBehindBuilder::capacity_in_bytes).
    pub bytes: usize,
    /// For how long the oldest pending write has been queued, by the wall clock. `None` if there is none.
    pub oldest_pending: Option<Duration>,
    /// How many puts were acknowledged.
    pub acknowledged: u64,
    /// How many writes the sink took.
    pub written: u64,
    /// How many writes were never given to the sink, or not again, because a newer one of their key came first.
    pub coalesced: u64,
    /// How many times a write was given to the sink in vain, and will be again.
    pub retries: u64,
    /// How many puts were refused because there was no room.
    pub refused: u64,
    /// How many times something was put on the disk for good.
    pub syncs: u64,
    /// How many bytes were cut off the end of the last file when the queue was opened: what a kill or a loss of power left
    /// half written, which nobody was told to be safe.
    pub torn: u64,
}
