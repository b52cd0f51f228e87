//! What does not change during an exploration.

use crate::both::{Both, Which};
use crate::scenario::{Boarding, Plan, Scenario};
use crate::weakening::Weakening;

/// What does not change during an exploration.
#[derive(Clone, Debug)]
pub(crate) struct Rules {
    pub(crate) plans: Both<Option<Plan>>,
    pub(crate) is_tagged: bool,
    pub(crate) boarding: Boarding,
    /// Whether the server may forget. Where it may not, what is only of use then need not be remembered.
    pub(crate) may_forget: bool,
    weakening: Option<Weakening>,
}

impl Rules {
    pub(crate) fn new(scenario: &Scenario, weakening: Option<Weakening>) -> Self {
        Self {
            plans: scenario.plans,
            is_tagged: scenario.is_tagged(),
            boarding: scenario.boarding,
            may_forget: scenario.budget.failovers > 0,
            weakening,
        }
    }

    /// Whether the protocol is weakened in this way.
    pub(crate) fn lacks(&self, weakening: Weakening) -> bool {
        self.weakening == Some(weakening)
    }

    /// Whether a node trusts a sync point though it has something to ask or to tell first.
    pub(crate) fn trusts_too_early(&self) -> bool {
        self.lacks(Weakening::TrustBeforeRepair) || self.lacks(Weakening::TrustInUndoubtedGap)
    }

    /// Whether a server may give out a number again that another one has given out.
    pub(crate) fn repeats_numbers(&self) -> bool {
        self.lacks(Weakening::SequenceByIncrement) || self.lacks(Weakening::OldPositions)
    }

    /// Whether nothing is in doubt while it is not known which tags were missed.
    pub(crate) fn ignores_gaps(&self) -> bool {
        self.lacks(Weakening::GapLeavesNothingInDoubt) || self.lacks(Weakening::TrustInUndoubtedGap)
    }

    pub(crate) fn plan(&self, write: Which) -> Plan {
        self.plans[write].expect("only planned writes take place")
    }

    pub(crate) fn planned(&self) -> impl Iterator<Item = Which> {
        Which::ALL.into_iter().filter(|write| self.plans[*write].is_some())
    }
}
