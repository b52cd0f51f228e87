//! What builds note of themselves in the shared tier, for builds that come later.

use std::time::Duration;

use crate::policy::Ttl;

/// One of the lists that builds keep in the shared tier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Register {
    /// How the caches of the app are stored.
    Layouts,
    /// The processes of the app that are running, each by a name that it has drawn.
    Processes,
    /// The caches of all apps on the server, by which an app that has changed its name is found out.
    Caches,
}

impl Register {
    /// How many lines it has at most. Past that those go that were noted the longest time ago.
    pub const MOST: u32 = 1_000;

    /// How long a line stays that nobody notes again: longer than any value.
    pub const KEPT: Ttl = Ttl::MAX;
}

/// A line of a [`Register`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Registered {
    /// What was noted. Anybody may have done so.
    pub line: String,
    /// How long ago it was noted last, by the server's clock.
    pub age: Duration,
}

impl Registered {
    /// A line that was noted so long ago.
    pub fn new(line: impl Into<String>, age: Duration) -> Self {
        Self { line: line.into(), age }
    }
}
