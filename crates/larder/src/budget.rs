//! How long one read waits for the shared tier, over all its steps.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use larder_core::Result;

use crate::breaker::cut_off;
use crate::node::Node;
use crate::step::{Waiting, elapsed};

/// The time that one read has left for the shared tier. Once a step has used it up, the rest are not tried.
#[derive(Clone)]
pub(crate) struct Budget {
    whole: Duration,
    left: Duration,
    node: Arc<Node>,
}

impl Budget {
    pub(crate) fn new(node: Arc<Node>) -> Self {
        let whole = node.patience.read;
        Self::of(node, whole)
    }

    /// One of so much time.
    pub(crate) fn of(node: Arc<Node>, whole: Duration) -> Self {
        Self { whole, left: whole, node }
    }

    /// Waits for a step for as long as there is time. A step that fails ends the budget too: the server is in trouble.
    /// While the breaker is open, every step fails at once.
    pub(crate) async fn spend<T>(&mut self, step: impl Future<Output = Result<T>>) -> Result<T> {
        let node = &self.node;
        let pass = node.circuit.enter().ok_or_else(cut_off)?;
        if self.left.is_zero() {
            return Err(elapsed());
        }
        let began = node.clock.now();
        let waiting = Waiting { whole: self.whole, left: self.left };
        let outcome = node.wait(step, waiting, Some(pass)).await.unwrap_or_else(|_| Err(elapsed()));
        self.left = match &outcome {
            Ok(_) => self.left.saturating_sub(node.clock.now().since(began)),
            Err(_) => Duration::ZERO,
        };
        outcome
    }

    /// Begins anew, for a server that answers and asks to come back.
    pub(crate) fn refill(&mut self) {
        self.left = self.whole;
    }
}
