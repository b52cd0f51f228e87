//! How fast it goes.

use std::time::Duration;

/// The times of a run, and how much there is to read.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// By which instances are told it.
    pub word: &'static str,
    /// How many there are to read.
    pub products: u64,
    /// How long each is stored.
    pub time_to_live: Duration,
    /// How long the service is left to warm up.
    pub warm: Duration,
    /// How long it runs then, before anything is replaced.
    pub steady: Duration,
    /// The time from one instance to the next.
    pub between: Duration,
    /// The time after the last instance of a deploy.
    pub after: Duration,
    /// What is counted together.
    pub tick: Duration,
}

impl Pace {
    /// Every product is read about ten times from when its refresh is due until it ends, so that hardly any ends unread.
    /// What was loaded at the start is refreshed before the steady state is measured.
    pub const USUAL: Self = Self {
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
    pub const QUICK: Self = Self {
        word: "quick",
        products: 400,
        time_to_live: Duration::from_secs(5),
        warm: Duration::from_secs(2),
        steady: Duration::from_secs(1),
        between: Duration::from_millis(300),
        after: Duration::from_millis(500),
        tick: Duration::from_millis(500),
    };

    /// The one of this word.
    pub fn named(word: &str) -> Option<Self> {
        [Self::USUAL, Self::QUICK].into_iter().find(|pace| pace.word == word)
    }
}
