//! What makes fewer states of many that do not differ in anything that matters.

use crate::both::{Name, Which};
use crate::flight::Holder;
use crate::node::{Event, Line, Node};
use crate::rules::Rules;
use crate::server::Chains;
use crate::state::State;

impl State {
    /// The one of all states that are as good as this one that stands for them.
    pub(crate) fn reduce(&mut self, rules: &Rules) {
        for name in Name::ALL {
            let is_writer = rules.planned().any(|write| rules.plan(write).at == name);
            let has_duties = is_writer && (rules.may_forget || !self.nodes[name].pending.is_empty());
            match self.has_retired(name) {
                true if has_duties => self.keep_on_duty(name),
                true => self.retire(name),
                false => self.swap_flights(name),
            }
        }
    }

    /// Whether a node has nothing on its shelf, and nobody who reads there now or later: then it does not matter what
    /// it hears.
    fn has_retired(&self, name: Name) -> bool {
        let Node { shelf, flights, .. } = &self.nodes[name];
        let has_readers = self.budget.reads[name] > 0 || self.budget.receipts[name] > 0;
        let has_flights = Which::ALL.iter().any(|slot| flights[*slot].is_some());
        shelf.is_none() && !has_flights && !has_readers
    }

    fn retire(&mut self, name: Name) {
        self.nodes[name] = Node { line: Line::Retired, ..Node::default() };
        self.budget.questions[name] = 0;
    }

    /// Where nobody reads, only what the server may have forgotten is of interest.
    fn keep_on_duty(&mut self, name: Name) {
        let node = &mut self.nodes[name];
        node.inbox.retain(|event| !matches!(event, Event::Noticed(_)));
        (node.at, node.synced, node.acknowledged) = (Chains::default(), 0, 0);
    }

    /// Two loads of a node differ in nothing but what they have done.
    fn swap_flights(&mut self, name: Name) {
        let flights = &mut self.nodes[name].flights;
        if flights[Which::First] <= flights[Which::Second] {
            return;
        }
        flights.swap();
        self.rename(|holder| match holder {
            Holder::Flight(node, slot) if node == name => Holder::Flight(name, slot.other()),
            holder => holder,
        });
    }
}
