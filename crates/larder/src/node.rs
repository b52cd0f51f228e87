//! One process's part of the fleet: what all of its caches share.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use larder_core::{AppName, Clock, Event, Moment, Observer, Remote, Result, Sequence, Token};

use tokio::sync::{Notify, watch};

use crate::batch::Batches;
use crate::breaker::circuit::Circuit;
use crate::coherence::Coherence;
use crate::layout::Registry;
use crate::observe::observe;
use crate::receipt::Receipt;
use crate::recovery::Recovery;
use crate::tasks::Tasks;
use crate::upstream::Upstream;
use crate::warm::Readiness;

/// What all caches of a process share.
pub(crate) struct Node {
    pub(crate) app: AppName,
    pub(crate) clock: Clock,
    pub(crate) coherence: Arc<Coherence>,
    pub(crate) recovery: Recovery,
    /// Writes that wait for a step that they can share.
    pub(crate) batches: Batches,
    pub(crate) upstream: Option<Upstream>,
    pub(crate) patience: Patience,
    /// Whether the shared tier is used at present.
    pub(crate) circuit: Circuit,
    pub(crate) observer: Arc<dyn Observer>,
    pub(crate) tasks: Tasks,
    pub(crate) readiness: Arc<Readiness>,
    /// How this process's caches are stored, and those of others.
    pub(crate) registry: Registry,
    /// Told when something was deferred, so that it is not left until the next event.
    pub(crate) trouble: Notify,
    /// Told when the circuit has opened, so that somebody sees to its closing.
    pub(crate) opened: Notify,
    /// Told when what was in trouble is mended. Trust may have been given by that, and whoever sees to its end must know.
    pub(crate) mended: Notify,
    /// Told after each event of the bus.
    pub(crate) heard: Notify,
    /// Whether the tasks that never end by themselves are to end.
    pub(crate) closing: watch::Sender<bool>,
    /// Held by who learns which tags were invalidated, so that a thousand readers do not all ask.
    pub(crate) learning: tokio::sync::Mutex<()>,
    /// Whether the recorder of metrics has been told what their names mean.
    #[cfg(feature = "metrics")]
    pub(crate) described: std::sync::Once,
}

/// For how long the shared tier is waited for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    /// By one read, for all its steps together.
    pub(crate) read: Duration,
    /// By one step of a write.
    pub(crate) write: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { read: Duration::from_millis(50), write: Duration::from_millis(500) }
    }
}

impl Node {
    pub(crate) fn remote(&self) -> Option<&Arc<dyn Remote>> {
        self.upstream.as_ref().map(|upstream| &upstream.remote)
    }

    /// Whether the server has to be told or asked something.
    pub(crate) fn needs_mending(&self) -> bool {
        self.coherence.needs_repair() || self.recovery.has_pending()
    }

    /// When the server was last found to be the one it was.
    pub(crate) fn last_found(&self) -> Moment {
        if self.coherence.bound.is_zero() {
            // Nobody looks: there is no bus, or one that loses nothing.
            return self.clock.now();
        }
        self.coherence.last_in_sync().unwrap_or(Moment::ORIGIN)
    }

    /// Learns which tags were invalidated up to `at` at least. Of those who want that at once, one asks.
    pub(crate) async fn learn_up_to(&self, remote: &dyn Remote, at: Sequence) -> Result<()> {
        let _learning = self.learning.lock().await;
        let known = self.coherence.ledger.known();
        if known < at {
            self.coherence.learn(&remote.invalidated_tags(known).await?);
        }
        Ok(())
    }

    /// Learns which tags were invalidated until now.
    pub(crate) async fn learn_anew(&self, remote: &dyn Remote) -> Result<()> {
        let known = self.coherence.ledger.known();
        self.coherence.learn(&remote.invalidated_tags(known).await?);
        Ok(())
    }

    /// Waits until the notices behind a receipt have come.
    pub(crate) async fn heard_of(&self, receipt: &Receipt) {
        if !self.coherence.has_bus() {
            return;
        }
        let is_heard =
            |token: &Token| self.coherence.chains.position(token.chain()) >= Some(token.sequence());
        loop {
            let heard = self.heard.notified();
            if receipt.tokens().iter().all(is_heard) {
                return;
            }
            heard.await;
        }
    }

    /// Waits until this process's part is shut down.
    pub(crate) async fn closed(&self) {
        // The sender is in here, so that this cannot fail before it is told.
        let _ = self.closing.subscribe().wait_for(|is_closing| *is_closing).await;
    }

    pub(crate) fn observe(&self, event: &Event<'_>) {
        observe(&*self.observer, event);
    }
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Node")
            .field("app", &self.app)
            .field("remote", &self.remote())
            .field("coherence", &self.coherence)
            .field("recovery", &self.recovery)
            .field("circuit", &self.circuit)
            .field("tasks", &self.tasks)
            .finish_non_exhaustive()
    }
}
