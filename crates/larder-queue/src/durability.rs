//! When a write counts as queued.

use std::time::Duration;

/// When [`put`](crate::WriteBehind::put) returns, and what can be lost after that.
///
/// | | the process is killed, at any byte | the machine loses power, or its kernel dies |
/// |---|---|---|
/// | [`Synced`](Self::Synced) | nothing | nothing |
/// | [`Within(d)`](Self::Within) | nothing | what was acknowledged in the last `d`, and while the sync after it ran |
///
/// "Nothing" rests on a disk that has what it says it has synced. With either setting, only what is synced is given to the
/// sink, so that no loss of power makes the sink know more than the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Durability {
    /// When it is on the disk. Those who put at the same time share one sync.
    Synced,
    /// When the operating system has it, which syncs at the latest after this long.
    Within(Duration),
}
