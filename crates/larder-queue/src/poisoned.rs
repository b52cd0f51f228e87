//! What could not be written, and waits for somebody to look at it.

use std::fmt;
use std::sync::Arc;

use larder_core::Version;

/// A write that was set aside: the sink refused it, it failed too often, or this build cannot read it.
///
/// It stays until it is [retried](crate::WriteBehind::retry), [discarded](crate::WriteBehind::discard), or replaced by a newer
/// write of its key. One that this build cannot read is tried again when the queue is opened next: by then it may be a build
/// that can.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Poisoned {
    pub(crate) text: Arc<str>,
    pub(crate) version: Version,
    pub(crate) attempts: u32,
    pub(crate) poison: Poison,
}

/// Why and since when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Poison {
    pub(crate) reason: Arc<str>,
    /// In milliseconds since the Unix epoch.
    pub(crate) since: u64,
    /// Whether it is this build that cannot read it, rather than the sink that does not take it.
    pub(crate) unreadable: bool,
}

/// As much of a reason as is kept: somebody is to read it, and it takes memory for as long as nobody does.
const LONGEST_REASON: usize = 1_024;

impl Poison {
    pub(crate) fn new(reason: &str, since: u64, unreadable: bool) -> Self {
        let end = (0..=LONGEST_REASON).rev().find(|end| reason.is_char_boundary(*end));
        let reason =
            reason.get(..end.unwrap_or_default()).filter(|_| reason.len() > LONGEST_REASON).unwrap_or(reason);
        Self { reason: reason.into(), since, unreadable }
    }
}

impl Poisoned {
    /// The text of its key.
    pub fn key(&self) -> &str {
        &self.text
    }

    /// The version that it has in the queue.
    pub fn version(&self) -> Version {
        self.version
    }

    /// What the sink said of it last, or why it cannot be read.
    pub fn reason(&self) -> &str {
        &self.poison.reason
    }

    /// How often the sink was given it and did not take it.
    pub fn attempts(&self) -> u32 {
        self.attempts
    }

    /// When it was set aside, in milliseconds since the Unix epoch.
    pub fn since_unix_millis(&self) -> u64 {
        self.poison.since
    }

    /// Whether this build cannot read it: it was written by another one, or has been damaged.
    pub fn is_unreadable(&self) -> bool {
        self.poison.unreadable
    }
}

impl fmt::Display for Poisoned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { text, version, attempts, poison } = self;
        write!(f, "{text}, version {}, after {attempts} attempts: {}", version.get(), poison.reason)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_without_end_is_cut_between_two_characters() {
        let check = |reason: &str, length| assert_eq!(Poison::new(reason, 0, false).reason.len(), length);
        check("", 0);
        check(&"x".repeat(1_024), 1_024);
        check(&"x".repeat(1_025), 1_024);
        check(&format!("x{}", "é".repeat(40_000)), 1_023);
    }
}
