//! The server: what its scripts do, each in one step.

use crate::both::{Name, Which};
use crate::flight::Holder;
use crate::rules::Rules;
use crate::scenario::By;
use crate::set::Set;
use crate::state::State;
use crate::weakening::Weakening;

/// The server that leads, and the replica that may take its place.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Server {
    pub(crate) data: Data,
    /// What a failover goes back to.
    pub(crate) replica: Data,
    /// The clock, as far as sequences are taken from it: no two invalidations of a chain have the same time.
    time: Chains,
    /// How often the replica has taken over.
    pub(crate) epoch: u8,
    /// Which invalidations have been executed, in this history of the data or in a forgotten one.
    pub(crate) ever: Set,
}

/// What is replicated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Data {
    pub(crate) value: Option<Value>,
    pub(crate) lease: Option<Lease>,
    /// Which guarded writes are under way.
    pub(crate) guards: Set,
    /// The last sequences.
    pub(crate) at: Chains,
    /// When the tag was last invalidated.
    pub(crate) tag: u8,
    /// Which invalidations have been executed.
    pub(crate) executed: Set,
}

/// A value in a tier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Value {
    /// The version of the database that was read.
    pub(crate) version: u8,
    /// How far the node that loaded it knew the chain of tags before.
    pub(crate) birth: u8,
}

/// The right to load.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Lease {
    pub(crate) holder: Holder,
    birth: u8,
}

/// A position in each of the two chains.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Chains {
    pub(crate) keys: u8,
    pub(crate) tags: u8,
}

/// One of the server's orders of invalidations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Chain {
    Keys,
    Tags,
}

/// What the server tells who asks for a lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum LeaseReply {
    Granted,
    Found(Value),
    Busy,
    Quarantined,
}

/// What a load wants to replace.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Target {
    /// The value that was of no use.
    pub(crate) useless: Option<Value>,
    /// What was born before is of no use either.
    pub(crate) need_birth: u8,
}

impl Chains {
    pub(crate) fn of(&mut self, chain: Chain) -> &mut u8 {
        match chain {
            Chain::Keys => &mut self.keys,
            Chain::Tags => &mut self.tags,
        }
    }
}

impl By {
    pub(crate) fn chain(self) -> Chain {
        match self {
            Self::Key | Self::OtherKey | Self::Guard => Chain::Keys,
            Self::Tag | Self::OtherTag => Chain::Tags,
        }
    }
}

/// What is announced of an invalidation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Notice {
    pub(crate) by: By,
    pub(crate) previous: u8,
    pub(crate) sequence: u8,
}

impl Data {
    /// `lease.lua`
    pub(crate) fn lease(&mut self, rules: &Rules, holder: Holder, birth: u8, target: Target) -> LeaseReply {
        if !self.guards.is_empty() && !rules.lacks(Weakening::LeaseIgnoresGuards) {
            return LeaseReply::Quarantined;
        }
        if let Some(value) = self.value
            && value.birth >= target.need_birth
            && target.useless != Some(value)
        {
            return LeaseReply::Found(value);
        }
        if self.lease.is_some_and(|lease| lease.birth >= target.need_birth) {
            return LeaseReply::Busy;
        }
        self.lease = Some(Lease { holder, birth });
        LeaseReply::Granted
    }

    /// `fill.lua`. Returns whether the value is stored.
    pub(crate) fn fill(&mut self, rules: &Rules, holder: Holder, value: Value) -> bool {
        let is_held = self.lease.is_some_and(|lease| lease.holder == holder);
        if !is_held && !rules.lacks(Weakening::BlindFill) {
            return false;
        }
        self.value = Some(value);
        self.lease = None;
        true
    }

    /// What `invalidate.lua` and `guard.lua` remove of a key.
    pub(crate) fn remove(&mut self) {
        self.value = None;
        self.lease = None;
    }

    /// `raise.lua`
    pub(crate) fn raise(&mut self, chain: Chain, at: u8) {
        let position = self.at.of(chain);
        *position = at.max(*position);
    }
}

impl State {
    /// The whole script of an invalidation. Returns its place in the order.
    pub(crate) fn execute(&mut self, rules: &Rules, write: Which) -> u8 {
        self.remove(rules, write);
        self.announce(rules, write)
    }

    /// The first half of it. What it has removed counts as invalidated from then on.
    pub(crate) fn remove(&mut self, rules: &Rules, write: Which) {
        let data = &mut self.server.data;
        if matches!(rules.plan(write).by, By::Key | By::Guard) {
            let lease = data.lease;
            data.remove();
            if rules.lacks(Weakening::InvalidationKeepsLease) {
                data.lease = lease;
            }
            data.guards.remove(write);
            if rules.lacks(Weakening::InvalidationEndsGuards) {
                data.guards = Set::default();
            }
        }
        data.executed.insert(write);
        self.server.ever.insert(write);
    }

    /// The second half of it.
    pub(crate) fn announce(&mut self, rules: &Rules, write: Which) -> u8 {
        let notice = self.number(rules, rules.plan(write).by);
        if notice.by == By::Tag {
            self.server.data.tag = notice.sequence;
        }
        notice.sequence
    }

    /// `guard.lua`: the begin of a guarded write.
    pub(crate) fn guard(&mut self, rules: &Rules, write: Which) {
        let data = &mut self.server.data;
        let before = *data;
        data.remove();
        if rules.lacks(Weakening::GuardKeepsLease) {
            data.lease = before.lease;
        }
        if rules.lacks(Weakening::GuardKeepsValue) {
            data.value = before.value;
        }
        data.guards.insert(write);
        self.number(rules, By::Guard);
    }

    /// Gives an invalidation its place in the order, and tells everybody who listens.
    fn number(&mut self, rules: &Rules, by: By) -> Notice {
        let (position, time) = (self.server.data.at.of(by.chain()), self.server.time.of(by.chain()));
        *time += 1;
        let previous = *position;
        *position = previous + 1;
        if !rules.repeats_numbers() {
            *position = (*time).max(previous + 1);
        }
        let notice = Notice { by, previous, sequence: *position };
        for node in self.nodes.iter_mut() {
            node.tell(notice);
        }
        notice
    }

    /// The replica takes over with what it has.
    pub(crate) fn fail_over(&mut self) {
        self.server.data = self.server.replica;
        self.server.epoch += 1;
        // Until the nodes have heard of it, nobody is promised anything.
        for node in self.nodes.iter_mut() {
            node.break_off();
            node.expect_nothing();
        }
    }

    /// Whoever held a lease has another name from now on.
    pub(crate) fn rename(&mut self, rename: impl Fn(Holder) -> Holder) {
        let leases = [&mut self.server.data.lease, &mut self.server.replica.lease];
        leases.into_iter().flatten().for_each(|lease| lease.holder = rename(lease.holder));
    }

    /// The newest version that everybody should have by now: of all invalidations that the server remembers; of those that
    /// it was told before a failover, if their writer says that it has told them again; and of guarded writes that
    /// have been committed.
    pub(crate) fn owed(&self, rules: &Rules) -> u8 {
        let counts = |write: &Which| {
            let is_told_again = self.server.ever.contains(*write) && self.is_done(rules.plan(*write).at);
            self.server.data.executed.contains(*write) || is_told_again
        };
        let executed = rules.planned().filter(counts).map(|write| self.writes[write].version).max();
        executed.unwrap_or(0).max(self.guarded(rules))
    }

    /// The newest version that was committed under a guard.
    pub(crate) fn guarded(&self, rules: &Rules) -> u8 {
        let guarded = rules.planned().filter(|write| rules.plan(*write).by == By::Guard);
        guarded.map(|write| self.writes[write].version).max().unwrap_or(0)
    }

    /// Whether a node says that it has told the server of today all that it should know.
    pub(crate) fn is_done(&self, name: Name) -> bool {
        let node = &self.nodes[name];
        node.is_trusted && node.epoch == self.server.epoch
    }
}
