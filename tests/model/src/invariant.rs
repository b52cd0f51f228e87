//! What must hold in every state, and what must come true in some.

use stateright::Property;

use crate::both::{Name, Which};
use crate::flight::{Flight, Permit, Stage};
use crate::node::{Line, Node};
use crate::protocol::Protocol;
use crate::rules::Rules;
use crate::state::State;

/// What must hold in every state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Invariant {
    /// What is served from the process shows every invalidation that was executed before the last sync point.
    Bound,
    /// What the shared tier has shows every invalidation that it has executed, and after a failover those that its
    /// writers have told it again.
    SharedTier,
    /// Who reads after an acknowledged invalidation sees it, on the node where it was acknowledged, or with its receipt.
    Acknowledged,
    /// Once a guarded write is committed, the shared tier has nothing older, though its writer may be dead.
    Guarded,
}

/// What must come true in some state, for otherwise the rest says nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Witness {
    /// A value lies on a shelf and may be served.
    Hit,
    /// It is one that was written meanwhile.
    NewHit,
    /// The server has refused a value.
    RefusedFill,
    /// A load was overtaken.
    OvertakenLoad,
    /// Somebody waits for another's load.
    Join,
    /// A load from before a tag was invalidated is waited for by somebody who came after.
    LateJoin,
    /// A load is quarantined.
    Quarantine,
    /// A writer has died under its guard, and the guard has timed out.
    DeadWriter,
    /// A node does not know which tags it has missed.
    Gap,
    /// A node trusts its copies no more.
    Distrust,
    /// Something that the server has forgotten is to be told again.
    Replay,
    /// What was forgotten has been told again, and its writer is in sync.
    Replayed,
}

impl Invariant {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Bound, Self::SharedTier, Self::Acknowledged, Self::Guarded];

    /// What it says, in short.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bound => "I1: a hit shows what was executed before the last sync point",
            Self::SharedTier => "I2: the shared tier shows what it has executed",
            Self::Acknowledged => "I3: what is acknowledged is seen",
            Self::Guarded => "I4: nothing older outlives the commit of a guarded write",
        }
    }

    pub(crate) fn property(self) -> Property<Protocol> {
        let holds: fn(&Protocol, &State) -> bool = match self {
            Self::Bound => |protocol, state| state.keeps_bound(&protocol.rules),
            Self::SharedTier => |protocol, state| state.has_shared(&protocol.rules, State::owed),
            Self::Acknowledged => |protocol, state| state.shows_acknowledged(&protocol.rules),
            Self::Guarded => |protocol, state| state.has_shared(&protocol.rules, State::guarded),
        };
        Property::always(self.name(), holds)
    }
}

impl State {
    fn keeps_bound(&self, rules: &Rules) -> bool {
        !self.wrong.is_stale && self.hits_show(rules, |name| self.nodes[name].synced)
    }

    fn shows_acknowledged(&self, rules: &Rules) -> bool {
        !self.wrong.is_unread && self.hits_show(rules, |name| self.nodes[name].acknowledged)
    }

    /// Whether every hit is of the version that is due. Until a node has heard of a failover, none is.
    fn hits_show(&self, rules: &Rules, due: impl Fn(Name) -> u8) -> bool {
        let shows = |name: Name| self.nodes[name].hit(rules).is_none_or(|hit| hit.version >= due(name));
        let has_heard = |name: &Name| self.nodes[*name].epoch == self.server.epoch;
        Name::ALL.into_iter().filter(has_heard).all(shows)
    }

    /// Whether the value in the shared tier, if the server's own order of tags allows to serve it, is of the version that
    /// is due.
    fn has_shared(&self, rules: &Rules, due: fn(&Self, &Rules) -> u8) -> bool {
        let data = &self.server.data;
        let is_current = |birth: u8| !rules.is_tagged || birth >= data.tag;
        data.value.is_none_or(|value| !is_current(value.birth) || value.version >= due(self, rules))
    }
}

impl Witness {
    /// What it says, in short.
    pub fn name(self) -> &'static str {
        match self {
            Self::Hit => "a hit",
            Self::NewHit => "a hit of what was written",
            Self::RefusedFill => "a refused fill",
            Self::OvertakenLoad => "an overtaken load",
            Self::Join => "a join",
            Self::LateJoin => "a join after an invalidation of the tag",
            Self::Quarantine => "a quarantined load",
            Self::DeadWriter => "a dead writer whose guard has ended",
            Self::Gap => "a gap in the chain of tags",
            Self::Distrust => "a node that is out of sync",
            Self::Replay => "an invalidation to be told again",
            Self::Replayed => "an invalidation told again",
        }
    }

    pub(crate) fn property(self) -> Property<Protocol> {
        let comes_true: fn(&Protocol, &State) -> bool = match self {
            Self::Hit => |protocol, state| state.hits(&protocol.rules, 0),
            Self::NewHit => |protocol, state| state.hits(&protocol.rules, 1),
            Self::RefusedFill => |_, state| {
                state.has_flight(|flight| matches!(flight.stage, Stage::Filled { is_kept: false, .. }))
            },
            Self::OvertakenLoad => |_, state| {
                state.has_flight(|flight| flight.is_overtaken && matches!(flight.stage, Stage::Loaded(..)))
            },
            Self::Join => |_, state| state.has_flight(|flight| flight.passenger.is_some()),
            Self::LateJoin => |_, state| state.has_flight(Flight::has_late_passenger),
            Self::Quarantine => |_, state| {
                state.has_flight(|flight| matches!(flight.stage, Stage::Loaded(Permit::Quarantined, _)))
            },
            Self::DeadWriter => |protocol, state| {
                let mut writes = protocol.rules.planned();
                state.server.data.guards.is_empty() && writes.any(|write| state.writes[write].is_dead())
            },
            Self::Gap => |_, state| state.has_node(|node| node.ledger.gap > 0),
            Self::Distrust => {
                |_, state| state.has_node(|node| !node.is_trusted && node.line != Line::Retired)
            }
            Self::Replay => |_, state| state.has_node(|node| !node.pending.is_empty()),
            Self::Replayed => |protocol, state| {
                let rules = &protocol.rules;
                let is_done = |write: Which| {
                    !state.server.replica.executed.contains(write)
                        && state.server.data.executed.contains(write)
                        && state.is_done(rules.plan(write).at)
                };
                state.server.epoch > 0 && rules.planned().any(is_done)
            },
        };
        Property::sometimes(self.name(), comes_true)
    }
}

impl State {
    fn hits(&self, rules: &Rules, version: u8) -> bool {
        let hits = |name: &Name| self.nodes[*name].hit(rules).is_some_and(|hit| hit.version >= version);
        Name::ALL.iter().any(hits)
    }

    fn has_node(&self, is_wanted: impl Fn(&Node) -> bool) -> bool {
        Name::ALL.iter().any(|name| is_wanted(&self.nodes[*name]))
    }

    fn has_flight(&self, is_wanted: impl Fn(&Flight) -> bool) -> bool {
        let flights = Name::ALL.into_iter().flat_map(|name| Which::ALL.map(|slot| (name, slot)));
        flights.filter_map(|(name, slot)| self.nodes[name].flights[slot].as_ref()).any(is_wanted)
    }
}
