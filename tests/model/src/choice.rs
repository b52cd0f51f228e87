//! Which of all that can happen can happen next: the part of the network, the clock and the scheduler.

use crate::action::Action;
use crate::both::{Name, Which};
use crate::flight::{Permit, Stage as FlightStage};
use crate::node::{Event, Line};
use crate::rules::Rules;
use crate::scenario::By;
use crate::state::State;
use crate::write::{Stage as WriteStage, Write};

impl State {
    /// All that can happen next, and some that cannot.
    pub(crate) fn collect(&self, rules: &Rules, actions: &mut Vec<Action>) {
        for write in rules.planned() {
            self.collect_of_write(rules, write, actions);
        }
        for name in Name::ALL {
            self.collect_of_readers(rules, name, actions);
            self.collect_of_bus(name, actions);
        }
        if self.budget.expiries > 0 && self.server.data.lease.is_some() {
            actions.push(Action::Expire);
        }
        if self.budget.replications > 0 && self.server.replica != self.server.data {
            actions.push(Action::Replicate);
        }
        if self.budget.failovers > 0 && self.server.replica != self.server.data {
            actions.push(Action::FailOver);
        }
    }

    fn collect_of_write(&self, rules: &Rules, write: Which, actions: &mut Vec<Action>) {
        let Write { stage, version, .. } = self.writes[write];
        actions.extend(self.next_stage(rules, write).map(|stage| Action::Write(write, stage)));
        if rules.plan(write).by == By::Guard && stage == WriteStage::Committed {
            actions.push(Action::Write(write, WriteStage::Dead));
        }
        let is_sent = matches!(stage, WriteStage::Committed | WriteStage::Executed);
        if self.budget.outages > 0 && is_sent && version > 0 {
            actions.push(Action::Write(write, WriteStage::Deferred));
        }
        // The commit returns while the guard holds: otherwise there was none.
        if self.server.data.guards.contains(write) && version > 0 {
            actions.push(Action::EndGuard(write));
        }
        let node = &self.nodes[rules.plan(write).at];
        if !node.needs_mending() && node.pending.contains(write) {
            actions.push(Action::TellAgain(write));
        }
    }

    fn collect_of_readers(&self, rules: &Rules, name: Name, actions: &mut Vec<Action>) {
        if self.budget.reads[name] > 0 {
            actions.push(Action::Read(name));
        }
        if self.budget.receipts[name] > 0 {
            let has_receipt = |write: &Which| {
                self.writes[*write].stage == WriteStage::Acknowledged && rules.plan(*write).at != name
            };
            let receipts = rules.planned().filter(has_receipt);
            actions.extend(receipts.map(|write| Action::ReadWithReceipt(name, write)));
        }
        for slot in Which::ALL {
            let Some(flight) = &self.nodes[name].flights[slot] else { continue };
            actions.push(Action::Fly(name, slot));
            if self.budget.silences == 0 {
                continue;
            }
            match flight.stage {
                FlightStage::Missed => actions.push(Action::LeaseUnanswered(name, slot)),
                FlightStage::Loaded(Permit::Leased, _) => {
                    actions.extend([Action::FillUnanswered(name, slot), Action::FillUnheard(name, slot)]);
                }
                _ => {}
            }
        }
    }

    fn collect_of_bus(&self, name: Name, actions: &mut Vec<Action>) {
        let node = &self.nodes[name];
        if !node.inbox.is_empty() {
            actions.push(Action::Hear(name));
        }
        if self.budget.losses > 0 {
            let notices =
                node.inbox.iter().enumerate().filter(|(_, event)| matches!(event, Event::Noticed(_)));
            actions.extend(notices.map(|(index, _)| Action::Lose(name, index)));
        }
        match node.line {
            Line::Up | Line::Met if self.budget.questions[name] > 0 => actions.push(Action::Ask(name)),
            Line::Down => actions.push(Action::Meet(name)),
            _ => {}
        }
        if self.budget.cuts > 0 && node.line == Line::Up {
            actions.push(Action::Cut(name));
        }
        if node.needs_mending() {
            actions.push(Action::Mend(name));
        }
        if node.is_mended() {
            actions.push(Action::EndMending(name));
        }
    }
}
