//! A write, step by step.

use crate::both::Which;
use crate::rules::Rules;
use crate::scenario::By;
use crate::server::Chain;
use crate::state::State;
use crate::weakening::Weakening;

/// One write.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Write {
    pub(crate) stage: Stage,
    /// What it has committed; zero as long as it has not.
    pub(crate) version: u8,
    /// The place of its invalidation in the server's order.
    pub(crate) sequence: u8,
}

/// How far a write has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum Stage {
    #[default]
    Planned,
    /// The key is guarded.
    Begun,
    Committed,
    /// Half executed: announced, and nothing removed yet.
    Announced,
    /// The server has done what it was told, and the answer is on its way.
    Executed,
    Acknowledged,
    /// The server has not answered in time, whether it has done what it was told or not.
    Deferred,
    /// The writer died after its commit.
    Dead,
}

impl Write {
    pub(crate) fn is_dead(self) -> bool {
        self.stage == Stage::Dead
    }
}

impl State {
    /// What a write can do next.
    pub(crate) fn next_stage(&self, rules: &Rules, write: Which) -> Option<Stage> {
        let by = rules.plan(write).by;
        let is_early = rules.lacks(Weakening::InvalidationBeforeCommit);
        Some(match self.writes[write].stage {
            Stage::Planned if by == By::Guard => Stage::Begun,
            Stage::Planned if is_early || matches!(by, By::OtherKey | By::OtherTag) => Stage::Executed,
            Stage::Planned | Stage::Begun => Stage::Committed,
            Stage::Committed if is_early => Stage::Acknowledged,
            Stage::Committed if rules.lacks(Weakening::AnnounceBeforeRemoval) => Stage::Announced,
            Stage::Committed | Stage::Announced => Stage::Executed,
            Stage::Executed if is_early => Stage::Committed,
            Stage::Executed => Stage::Acknowledged,
            Stage::Acknowledged | Stage::Deferred | Stage::Dead => return None,
        })
    }

    /// Takes a write to its next stage.
    pub(crate) fn advance(&mut self, rules: &Rules, write: Which, to: Stage) {
        match (self.writes[write].stage, to) {
            (_, Stage::Begun) => self.guard(rules, write),
            (_, Stage::Committed) => {
                self.database += 1;
                self.writes[write].version = self.database;
            }
            (_, Stage::Announced) => self.writes[write].sequence = self.announce(rules, write),
            (Stage::Announced, Stage::Executed) => self.remove(rules, write),
            (_, Stage::Executed) => {
                // Before it is sent: a failover may come between its effect and the answer.
                if rules.may_forget {
                    self.nodes[rules.plan(write).at].told.insert(write);
                }
                self.writes[write].sequence = self.execute(rules, write);
            }
            (_, Stage::Acknowledged) => self.acknowledge(rules, write),
            (_, Stage::Deferred) => self.defer(rules, write),
            _ => {}
        }
        self.writes[write].stage = to;
    }

    fn acknowledge(&mut self, rules: &Rules, write: Which) {
        let Write { version, sequence, .. } = self.writes[write];
        self.take_effect(rules, write, sequence);
        let node = &mut self.nodes[rules.plan(write).at];
        if rules.lacks(Weakening::LateAnswerSettlesReplay) {
            node.pending.remove(write);
        }
        node.acknowledged = version.max(node.acknowledged);
    }

    /// Keeps for later what the server may not have been told. What is promised on the node holds all the same.
    fn defer(&mut self, rules: &Rules, write: Which) {
        let (plan, version) = (rules.plan(write), self.writes[write].version);
        let node = &mut self.nodes[plan.at];
        node.pending.insert(write);
        match plan.by.chain() {
            Chain::Keys => node.evict(),
            // Without a place in the order they cannot tell the old from the new.
            Chain::Tags if rules.lacks(Weakening::DeferredTagFlushesNothing) => {}
            Chain::Tags => node.flush(rules),
        }
        node.acknowledged = version.max(node.acknowledged);
    }

    /// What a node does when the server has answered that an invalidation is executed.
    pub(crate) fn take_effect(&mut self, rules: &Rules, write: Which, sequence: u8) {
        let plan = rules.plan(write);
        let node = &mut self.nodes[plan.at];
        node.hear_from_server(rules, plan.by.chain(), sequence);
        if rules.lacks(Weakening::NoDropAfterScript) {
            return;
        }
        match plan.by {
            By::Key | By::Guard => node.evict(),
            By::OtherKey => {}
            By::Tag => node.ledger.invalidate(sequence),
            By::OtherTag => node.ledger.see(sequence),
        }
    }
}
