//! Messages that this build cannot read.
//!
//! What such a message may have said counts as lost. But anybody may write to a channel, and whoever floods it must not
//! keep every node from having anything in its memory. So only so many are taken seriously. The others are safe to pass over:
//! a notice of ours that is not understood is missing from its chain, and the next notice or probe shows it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use larder_core::Moment;

/// The least time between two that are taken seriously.
const RARELY: Duration = Duration::from_secs(1);

#[derive(Debug, Default)]
pub(crate) struct Garbage {
    heard: AtomicU64,
    /// When one was last taken seriously, in nanoseconds; zero for never.
    last: AtomicU64,
}

impl Garbage {
    /// Counts one, and says whether it is to be taken seriously.
    pub(crate) fn count(&self, now: Moment) -> bool {
        self.heard.fetch_add(1, Ordering::Relaxed);
        let last = self.last.load(Ordering::Relaxed);
        let is_serious = last == 0 || now.since(Moment::from_nanos(last)) >= RARELY;
        if is_serious {
            self.last.store(now.as_nanos().max(1), Ordering::Relaxed);
        }
        is_serious
    }

    pub(crate) fn heard(&self) -> u64 {
        self.heard.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_counted_and_seldom_taken_seriously() {
        let garbage = Garbage::default();
        let begin = Moment::from_nanos(7);
        let serious = (0..5_000).filter(|&millis| garbage.count(begin.after(Duration::from_millis(millis))));
        assert_eq!(serious.count(), 5);
        assert_eq!(garbage.heard(), 5_000);
    }
}
