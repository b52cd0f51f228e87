//! A node: its shelf, its loads, and how it follows the bus.

use crate::both::{Both, Which};
use crate::flight::Flight;
use crate::ledger::Ledger;
use crate::repairs::Repairs;
use crate::rules::Rules;
use crate::server::{Chain, Chains, Notice, Value};
use crate::set::Set;
use crate::weakening::Weakening;

/// One process.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Node {
    /// What lies in the local tier, and has not been flushed.
    pub(crate) shelf: Option<Value>,
    pub(crate) flights: Both<Option<Flight>>,
    /// What was heard and not been taken yet.
    pub(crate) inbox: Vec<Event>,
    pub(crate) line: Line,
    /// Whether it may believe that it hears of every invalidation.
    pub(crate) is_trusted: bool,
    /// How far it has followed the chains.
    pub(crate) at: Chains,
    /// How far the server itself has told that they go.
    pub(crate) told_at: Chains,
    pub(crate) ledger: Ledger,
    /// The sync point that could not be believed yet: what has to be there if it is.
    pub(crate) asked: Option<u8>,
    /// What must be asked or told before it can be.
    pub(crate) repairs: Repairs,
    /// What is being asked or told.
    pub(crate) repairing: Option<Repairs>,
    /// Its invalidations that the server was told, as far as it may forget them.
    pub(crate) told: Set,
    /// Those that it must be told again.
    pub(crate) pending: Set,
    /// How many failovers it has heard of.
    pub(crate) epoch: u8,
    /// How many the bus has noticed.
    pub(crate) met: u8,
    /// What every hit has to show, since the node is in sync.
    pub(crate) synced: u8,
    /// What every hit has to show, since it was acknowledged here.
    pub(crate) acknowledged: u8,
}

/// The line to the bus.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum Line {
    /// Notices are heard.
    #[default]
    Up,
    /// They are not.
    Down,
    /// Nobody reads here any more.
    Retired,
    /// It is there again. Notices tell nothing before the server has said where its chains stand.
    Met,
}

/// What the bus tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Event {
    Noticed(Notice),
    /// Where the chains stood when the server was asked, and which version was owed to everybody then.
    SyncPoint {
        at: Chains,
        owed: u8,
    },
    Lost,
    Reincarnated,
}

impl Node {
    /// A node that is in sync with a server of which nothing was asked yet.
    pub(crate) fn new() -> Self {
        Self { is_trusted: true, ..Self::default() }
    }

    /// Is sent a notice.
    pub(crate) fn tell(&mut self, notice: Notice) {
        if self.line == Line::Up {
            self.inbox.push(Event::Noticed(notice));
        }
    }

    /// The line breaks.
    pub(crate) fn break_off(&mut self) {
        if self.line == Line::Up {
            self.inbox.push(Event::Lost);
        }
        self.line = Line::Down;
    }

    /// The line is there again. Whoever is at its end now may not be who was there before.
    pub(crate) fn meet(&mut self, epoch: u8) {
        if self.met != epoch {
            self.inbox.push(Event::Reincarnated);
        }
        (self.met, self.line) = (epoch, Line::Met);
    }

    /// What its readers are given from now on proves nothing.
    pub(crate) fn expect_nothing(&mut self) {
        for flight in self.flights.iter_mut().flatten() {
            flight.expect_nothing();
        }
    }

    /// What a hit would serve.
    pub(crate) fn hit(&self, rules: &Rules) -> Option<Value> {
        let is_sure =
            |value: &Value| self.ledger.is_current(rules, *value) && !self.ledger.is_in_gap(rules, *value);
        self.shelf.filter(is_sure).filter(|_| self.is_trusted)
    }

    /// Drops the copy, and fences what is being loaded.
    pub(crate) fn evict(&mut self) {
        self.shelf = None;
        self.overtake();
    }

    /// Suspects the copy, and fences what is being loaded.
    pub(crate) fn flush(&mut self, rules: &Rules) {
        self.shelf = None;
        if !rules.lacks(Weakening::FlushWithoutFence) {
            self.overtake();
        }
    }

    fn overtake(&mut self) {
        for flight in self.flights.iter_mut().flatten() {
            flight.is_overtaken = true;
        }
    }

    /// Whether a read goes past the shared tier, which has to be told something first.
    pub(crate) fn doubts(&self, rules: &Rules, chain: Chain) -> bool {
        let concerns =
            |write: &Which| self.pending.contains(*write) && rules.plan(*write).by.chain() == chain;
        rules.planned().any(|write| concerns(&write)) && !rules.lacks(Weakening::ReplayRaisesNoDoubt)
    }

    /// Whether what the shared tier gave may be served.
    pub(crate) fn is_usable(&self, rules: &Rules, value: Value) -> bool {
        self.ledger.is_current(rules, value)
            && !self.ledger.is_in_gap(rules, value)
            && !(rules.is_tagged && self.doubts(rules, Chain::Tags))
    }

    /// Whether all invalidations of tags have been heard of.
    pub(crate) fn knows_tags(&self) -> bool {
        self.is_trusted && self.ledger.gap == 0
    }
}
