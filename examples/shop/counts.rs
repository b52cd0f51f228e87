//! What an instance counts, and tells the stage line by line.

use std::sync::atomic::{AtomicU64, Ordering};

use larder::Tier;

/// What was counted since the process was started.
#[derive(Debug, Default)]
pub struct Counts {
    reads: AtomicU64,
    hits: AtomicU64,
    errors: AtomicU64,
    wrong: AtomicU64,
}

/// The same at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Line {
    /// All, the failed ones too.
    pub reads: u64,
    /// Served by either tier.
    pub hits: u64,
    /// Reads that failed.
    pub errors: u64,
    /// Reads that were answered with what the product never was.
    pub wrong: u64,
    /// What is stored, and not in a form that the build reads.
    pub unreadable: u64,
}

impl Counts {
    /// A read was answered.
    pub fn answered(&self, tier: Tier, is_right: bool) {
        if matches!(tier, Tier::Local | Tier::Remote) {
            self.hits.fetch_add(1, Ordering::Relaxed);
        }
        if !is_right {
            self.wrong.fetch_add(1, Ordering::Relaxed);
        }
        self.reads.fetch_add(1, Ordering::Relaxed);
    }

    /// A read was not answered.
    pub fn failed(&self) {
        self.errors.fetch_add(1, Ordering::Relaxed);
        self.reads.fetch_add(1, Ordering::Relaxed);
    }

    /// With what the cache has counted itself.
    pub fn line(&self, unreadable: u64) -> Line {
        let [reads, hits, errors, wrong] =
            [&self.reads, &self.hits, &self.errors, &self.wrong].map(|count| count.load(Ordering::Relaxed));
        Line { reads, hits, errors, wrong, unreadable }
    }
}

impl Line {
    /// As one line of text.
    pub fn write(self) -> String {
        let Self { reads, hits, errors, wrong, unreadable } = self;
        format!("{reads} {hits} {errors} {wrong} {unreadable}")
    }

    /// From a line of text, if it is one.
    pub fn read(text: &str) -> Option<Self> {
        let numbers: Vec<u64> = text.split(' ').map(|word| word.parse().ok()).collect::<Option<_>>()?;
        let [reads, hits, errors, wrong, unreadable] = *numbers else {
            return None;
        };
        Some(Self { reads, hits, errors, wrong, unreadable })
    }

    /// What both have counted.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            reads: self.reads + other.reads,
            hits: self.hits + other.hits,
            errors: self.errors + other.errors,
            wrong: self.wrong + other.wrong,
            unreadable: self.unreadable + other.unreadable,
        }
    }

    /// What was counted since another line.
    #[must_use]
    pub fn since(self, before: Self) -> Self {
        Self {
            reads: self.reads.saturating_sub(before.reads),
            hits: self.hits.saturating_sub(before.hits),
            errors: self.errors.saturating_sub(before.errors),
            wrong: self.wrong.saturating_sub(before.wrong),
            unreadable: self.unreadable.saturating_sub(before.unreadable),
        }
    }
}
