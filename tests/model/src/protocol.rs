//! The protocol as stateright wants it.

use stateright::{Model, Property};

use crate::action::Action;
use crate::invariant::{Invariant, Witness};
use crate::rules::Rules;
use crate::scenario::{Scenario, Warmth};
use crate::state::State;
use crate::weakening::Weakening;

/// The protocol in one scenario.
#[derive(Clone, Debug)]
pub(crate) struct Protocol {
    pub(crate) rules: Rules,
    scenario: Scenario,
    wanted: Wanted,
}

/// What an exploration looks for.
#[derive(Clone, Debug)]
pub(crate) enum Wanted {
    /// A state in which an invariant does not hold.
    Violations,
    /// States in which these come true.
    Witnesses(Vec<Witness>),
}

impl Protocol {
    pub(crate) fn new(scenario: &Scenario, weakening: Option<Weakening>, wanted: Wanted) -> Self {
        Self { rules: Rules::new(scenario, weakening), scenario: scenario.clone(), wanted }
    }
}

impl Model for Protocol {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        let cold = State::new(&self.scenario);
        match self.scenario.warmth {
            Warmth::Cold => vec![cold],
            Warmth::Either => vec![cold.clone(), cold.warmed()],
        }
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        state.collect(&self.rules, actions);
    }

    fn next_state(&self, state: &State, action: Action) -> Option<State> {
        let mut next = state.clone();
        if !next.act(&self.rules, action) {
            return None;
        }
        next.reduce(&self.rules);
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        match &self.wanted {
            Wanted::Violations => Invariant::ALL.into_iter().map(Invariant::property).collect(),
            Wanted::Witnesses(witnesses) => witnesses.iter().map(|witness| witness.property()).collect(),
        }
    }
}
