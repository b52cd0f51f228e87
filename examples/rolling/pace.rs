//! How fast it goes.

use std::time::Duration;

/// The times of a run, and how much there is to read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    pub(crate) word: &'static str,
    pub(crate) products: u64,
    pub(crate) time_to_live: Duration,
    /// How long the service runs before anything is replaced, and how long before that it is left to warm up.
    pub(crate) warm: Duration,
    pub(crate) steady: Duration,
    /// The time from one instance to the next, and after the last one of a deploy.
    pub(crate) between: Duration,
    pub(crate) after: Duration,
    /// What is counted together.
    pub(crate) tick: Duration,
}

impl Pace {
    /// Every product is read about ten times from when its refresh is due until it ends, so that hardly any ends unread.
    /// What was loaded at the start is refreshed before the steady state is measured.
    pub(crate) const USUAL: Self = Self {
        word: "usual",
        products: 2_000,
        time_to_live: Duration::from_secs(30),
        warm: Duration::from_secs(30),
        steady: Duration::from_secs(8),
        between: Duration::from_secs(4),
        after: Duration::from_secs(8),
        tick: Duration::from_secs(1),
    };

    /// As much to read in a smaller shop.
    pub(crate) const QUICK: Self = Self {
        word: "quick",
        products: 400,
        time_to_live: Duration::from_secs(5),
        warm: Duration::from_secs(2),
        steady: Duration::from_secs(1),
        between: Duration::from_millis(300),
        after: Duration::from_millis(500),
        tick: Duration::from_millis(500),
    };

    pub(crate) fn named(word: &str) -> Option<Self> {
        [Self::USUAL, Self::QUICK].into_iter().find(|pace| pace.word == word)
    }
}
