//! What happens when something does.

use crate::action::Action;
use crate::flight::{Permit, Stage as FlightStage};
use crate::node::{Event, Line};
use crate::rules::Rules;
use crate::state::State;
use crate::write::Stage as WriteStage;

impl State {
    /// Lets something happen. Returns false if it cannot.
    pub(crate) fn act(&mut self, rules: &Rules, action: Action) -> bool {
        match action {
            Action::Read(name) => {
                self.budget.reads[name] -= 1;
                return self.read(rules, name);
            }
            Action::ReadWithReceipt(name, write) => {
                self.budget.receipts[name] -= 1;
                return self.read_with_receipt(rules, name, write);
            }
            Action::Fly(name, slot) => return self.fly(rules, name, slot),
            Action::LeaseUnanswered(..) | Action::FillUnanswered(..) | Action::FillUnheard(..) => {
                self.budget.silences -= 1;
                self.fly_unanswered(rules, action);
            }
            Action::Write(write, stage) => {
                self.budget.outages -= u8::from(stage == WriteStage::Deferred);
                self.advance(rules, write, stage);
            }
            Action::EndGuard(write) => self.server.data.guards.remove(write),
            Action::Mend(name) => self.mend(rules, name),
            Action::TellAgain(write) => self.tell_again(rules, write),
            Action::EndMending(name) => self.end_mending(rules, name),
            Action::Expire => {
                self.budget.expiries -= 1;
                self.server.data.lease = None;
            }
            Action::Replicate => {
                self.budget.replications -= 1;
                self.server.replica = self.server.data;
            }
            Action::FailOver => {
                self.budget.failovers -= 1;
                self.fail_over();
            }
            _ => self.act_on_bus(rules, action),
        }
        true
    }

    fn fly_unanswered(&mut self, rules: &Rules, action: Action) {
        match action {
            Action::LeaseUnanswered(name, slot) => {
                self.set(name, slot, FlightStage::Permitted(Permit::Free));
            }
            Action::FillUnanswered(name, slot) => self.fill_unanswered(rules, name, slot),
            Action::FillUnheard(name, slot) => self.fill_unheard(name, slot),
            _ => {}
        }
    }

    fn act_on_bus(&mut self, rules: &Rules, action: Action) {
        match action {
            Action::Hear(name) => {
                let event = self.nodes[name].inbox.remove(0);
                self.nodes[name].hear(rules, event);
            }
            Action::Lose(name, index) => {
                self.budget.losses -= 1;
                self.nodes[name].inbox.remove(index);
            }
            Action::Ask(name) => {
                self.budget.questions[name] -= 1;
                let sync = Event::SyncPoint { at: self.server.data.at, owed: self.owed(rules) };
                self.nodes[name].inbox.push(sync);
                self.nodes[name].line = Line::Up;
            }
            Action::Cut(name) => {
                self.budget.cuts -= 1;
                self.nodes[name].break_off();
            }
            Action::Meet(name) => {
                let epoch = self.server.epoch;
                self.nodes[name].meet(epoch);
            }
            _ => {}
        }
    }
}
