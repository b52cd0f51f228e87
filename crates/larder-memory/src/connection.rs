//! What the handles of one node share.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use larder_core::Result;

use crate::gate::Gate;
use crate::settings::Settings;
use crate::state::State;

/// One node at one app. Ends with the last handle.
#[derive(Debug)]
pub(crate) struct Connection {
    settings: Arc<Settings>,
    state: Arc<Mutex<State>>,
    /// The node's way in the state.
    wire: u64,
    /// None on a reliable server.
    gate: Option<Gate>,
}

impl Connection {
    pub(crate) fn new(settings: Arc<Settings>, state: Arc<Mutex<State>>) -> Self {
        let wire = lock(&state).connect();
        let gate = settings.probe().map(|_| Gate::new());
        Self { settings, state, wire, gate }
    }

    /// Takes one step on the server, if the call comes through.
    pub(crate) async fn call<T>(&self, step: impl FnOnce(&mut State) -> Result<T>) -> Result<T> {
        let step = || step(&mut self.state());
        match &self.gate {
            Some(gate) => gate.pass(step).await,
            None => step(),
        }
    }

    /// The state, for what no fault can keep from it.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }

    pub(crate) fn wire(&self) -> u64 {
        self.wire
    }

    pub(crate) fn gate(&self) -> Option<&Gate> {
        self.gate.as_ref()
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.state().disconnect(self.wire);
    }
}

/// Takes the lock. A panic under it came from a user's clock, between two steps and not within one.
pub(crate) fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
