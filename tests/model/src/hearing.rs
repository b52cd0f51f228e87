//! How a node follows the bus: what each event does to what it knows, has and trusts.

use crate::node::{Event, Node};
use crate::rules::Rules;
use crate::scenario::By;
use crate::server::{Chain, Chains, Notice};
use crate::weakening::Weakening;

/// Where a chain stands of which nothing was followed yet.
const UNKNOWN: u8 = u8::MAX;

impl Node {
    /// Hears what the bus tells.
    pub(crate) fn hear(&mut self, rules: &Rules, event: Event) {
        match event {
            Event::Noticed(notice) => self.notice(rules, notice),
            Event::SyncPoint { at, owed } => self.synchronize(rules, at, owed),
            Event::Lost => self.lose_all(rules),
            Event::Reincarnated => {
                self.replay(rules);
                self.lose_all(rules);
                if !rules.lacks(Weakening::OldPositions) {
                    self.at.keys = UNKNOWN;
                }
                self.repairs.replay = true;
                self.repairs.raise = Chains { keys: self.told_at.keys, tags: self.ledger.seen };
                self.epoch += 1;
                // What was promised is void, except for its own writes.
                self.synced = 0;
            }
        }
    }

    fn notice(&mut self, rules: &Rules, notice: Notice) {
        let chain = notice.by.chain();
        let position = *self.at.of(chain);
        let is_next = position == notice.previous;
        match notice.by {
            By::Key | By::Guard => self.evict(),
            By::OtherKey => {}
            By::Tag => self.ledger.invalidate(notice.sequence),
            By::OtherTag => self.ledger.see(notice.sequence),
        }
        let is_gap = !is_next && position != notice.sequence;
        match chain {
            Chain::Keys if is_gap && !rules.lacks(Weakening::NoGapCheck) => self.flush(rules),
            Chain::Tags if is_gap && !rules.lacks(Weakening::NoGapCheckOfTags) => {
                self.ledger.open_gap(notice.sequence);
                self.repairs.tags = true;
            }
            Chain::Tags if is_gap || self.ledger.known >= notice.previous => {
                self.ledger.know(notice.sequence);
            }
            _ => {}
        }
        *self.at.of(chain) = notice.sequence;
    }

    fn synchronize(&mut self, rules: &Rules, at: Chains, owed: u8) {
        self.compare(rules, Chain::Keys, at.keys);
        self.compare(rules, Chain::Tags, at.tags);
        self.asked = Some(owed);
        self.trust_if_repaired(rules);
    }

    /// Compares a chain with where the server says it is.
    fn compare(&mut self, rules: &Rules, chain: Chain, at: u8) {
        if *self.told_at.of(chain) > at {
            *self.repairs.raise.of(chain) = *self.told_at.of(chain);
        }
        self.hear_from_server(rules, chain, at);
        let followed = *self.at.of(chain);
        self.repairs.replay |= followed > at && followed != UNKNOWN && rules.may_forget;
        let is_followed = followed == at || rules.lacks(Weakening::NoComparison);
        match chain {
            Chain::Keys if is_followed => {}
            Chain::Keys => self.flush(rules),
            Chain::Tags if is_followed && self.ledger.gap > 0 => self.repairs.tags = true,
            Chain::Tags if is_followed => self.ledger.know(at),
            Chain::Tags if self.ledger.known >= at => {}
            Chain::Tags => {
                self.ledger.open_gap(at);
                self.repairs.tags = true;
            }
        }
        *self.at.of(chain) = at;
    }

    /// Hears from the server itself how far a chain goes.
    pub(crate) fn hear_from_server(&mut self, rules: &Rules, chain: Chain, at: u8) {
        if rules.may_forget {
            let told = self.told_at.of(chain);
            *told = at.max(*told);
        }
    }

    fn lose_all(&mut self, rules: &Rules) {
        self.asked = None;
        self.is_trusted = false;
        self.flush(rules);
    }

    /// Trusts its copies from the last question on, if nothing has to be asked or told first.
    pub(crate) fn trust_if_repaired(&mut self, rules: &Rules) {
        let is_open = self.repairing.is_some() || !self.repairs.is_empty() || self.ledger.gap > 0;
        if is_open && !rules.trusts_too_early() {
            return;
        }
        if let Some(owed) = self.asked.take() {
            self.is_trusted = true;
            self.synced = owed.max(self.synced);
        }
    }
}
