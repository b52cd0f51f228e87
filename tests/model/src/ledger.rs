//! What a node knows of invalidated tags.

use crate::rules::Rules;
use crate::server::Value;

/// What a node knows of invalidated tags: the ledger of `larder-core`, for one tag.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Ledger {
    /// When the tag was last invalidated.
    pub(crate) tag: u8,
    /// The latest sequence heard of: the birth of loads that begin now.
    pub(crate) seen: u8,
    /// Nothing up to here was missed.
    pub(crate) known: u8,
    /// What was born before this is in doubt; zero if nothing is.
    pub(crate) gap: u8,
}

impl Ledger {
    pub(crate) fn invalidate(&mut self, at: u8) {
        self.tag = at.max(self.tag);
        self.see(at);
    }

    pub(crate) fn see(&mut self, at: u8) {
        self.seen = at.max(self.seen);
    }

    pub(crate) fn know(&mut self, at: u8) {
        self.known = at.max(self.known);
        self.see(at);
    }

    pub(crate) fn open_gap(&mut self, at: u8) {
        self.gap = at.max(self.gap);
    }

    /// Learns what was missed: when the server says that the tag was last invalidated, and how far its chain goes.
    pub(crate) fn learn(&mut self, tag: u8, at: u8) {
        if tag > self.known {
            self.invalidate(tag);
        }
        self.know(at);
        if self.gap <= at {
            self.gap = 0;
        }
    }

    /// Whether the value's tag was not invalidated after it was born, as far as is known.
    pub(crate) fn is_current(self, rules: &Rules, value: Value) -> bool {
        !rules.is_tagged || value.birth >= self.tag
    }

    /// Whether it may have been.
    pub(crate) fn is_in_gap(self, rules: &Rules, value: Value) -> bool {
        value.birth < self.gap && !rules.ignores_gaps()
    }
}
