//! One process's part of the fleet: what all of its caches share.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use larder_core::{AppName, Bus, Clock, Event, Observer, Remote};

use tokio::sync::Notify;

use crate::coherence::Coherence;
use crate::recovery::Recovery;
use crate::tasks::Tasks;

/// What all caches of a process share.
pub(crate) struct Node {
    pub(crate) app: AppName,
    pub(crate) clock: Clock,
    pub(crate) coherence: Arc<Coherence>,
    pub(crate) recovery: Recovery,
    pub(crate) upstream: Option<Upstream>,
    pub(crate) patience: Patience,
    pub(crate) observer: Arc<dyn Observer>,
    pub(crate) tasks: Tasks,
    /// Told when something was deferred, so that it is not left until the next event.
    pub(crate) trouble: Notify,
    /// Told after each event of the bus.
    pub(crate) heard: Notify,
    /// Told once, when the follower is to end.
    pub(crate) closing: Notify,
}

/// The tier that the fleet shares, and what it hears of invalidations by.
#[derive(Clone)]
pub(crate) struct Upstream {
    pub(crate) remote: Arc<dyn Remote>,
    /// `None`: copies are as stale as they are old.
    pub(crate) bus: Option<Arc<dyn Bus>>,
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

    pub(crate) fn observe(&self, event: &Event<'_>) {
        self.observer.observe(event);
    }
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Node")
            .field("app", &self.app)
            .field("remote", &self.remote())
            .field("coherence", &self.coherence)
            .field("recovery", &self.recovery)
            .field("tasks", &self.tasks)
            .finish_non_exhaustive()
    }
}
