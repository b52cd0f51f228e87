//! What a node asks and tells the server when it has missed something, or the server has.

use crate::both::{Name, Which};
use crate::node::Node;
use crate::rules::Rules;
use crate::server::{Chain, Chains};
use crate::state::State;
use crate::weakening::Weakening;

/// What must be asked or told of the server before a node can be in sync.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Repairs {
    /// Which tags were invalidated.
    pub(crate) tags: bool,
    /// That the chains went further than it remembers.
    pub(crate) raise: Chains,
    /// What it may have forgotten.
    pub(crate) replay: bool,
}

impl Repairs {
    pub(crate) fn is_empty(self) -> bool {
        self == Self::default()
    }
}

impl Node {
    /// Everything that was told has to be told again.
    pub(crate) fn replay(&mut self, rules: &Rules) {
        let told = std::mem::take(&mut self.told);
        if !rules.lacks(Weakening::NoReplay) {
            self.pending = self.pending.and(told);
        }
    }

    pub(crate) fn needs_mending(&self) -> bool {
        self.repairing.is_none() && !self.repairs.is_empty()
    }

    pub(crate) fn is_mended(&self) -> bool {
        self.repairing.is_some() && self.pending.is_empty()
    }
}

impl State {
    /// Begins to mend: tells how far the chains had gone, and finds out what is to be told again.
    pub(crate) fn mend(&mut self, rules: &Rules, name: Name) {
        let node = &mut self.nodes[name];
        let repairs = std::mem::take(&mut node.repairs);
        if repairs.replay {
            node.replay(rules);
        }
        node.repairing = Some(Repairs { raise: Chains::default(), ..repairs });
        if !rules.lacks(Weakening::NoRaise) {
            self.server.data.raise(Chain::Keys, repairs.raise.keys);
            self.server.data.raise(Chain::Tags, repairs.raise.tags);
        }
    }

    /// Tells an invalidation again.
    pub(crate) fn tell_again(&mut self, rules: &Rules, write: Which) {
        let name = rules.plan(write).at;
        let sequence = self.execute(rules, write);
        if rules.may_forget {
            self.nodes[name].told.insert(write);
        }
        self.take_effect(rules, write, sequence);
        self.nodes[name].pending.remove(write);
    }

    /// Ends mending: asks for the tags that were missed, and trusts if that was all.
    pub(crate) fn end_mending(&mut self, rules: &Rules, name: Name) {
        let data = self.server.data;
        let node = &mut self.nodes[name];
        if node.repairing.take().is_some_and(|repairs| repairs.tags) {
            node.ledger.learn(data.tag, data.at.tags);
        }
        node.trust_if_repaired(rules);
    }
}
