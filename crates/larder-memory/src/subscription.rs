//! An open ear.

use std::sync::Arc;

use async_trait::async_trait;
use larder_core::{BusEvent, Result, Subscription};
use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

use crate::connection::Connection;
use crate::probe::Probe;

/// The queue of one subscription, and the rhythm in which it asks where the server stands.
#[derive(Debug)]
pub(crate) struct MemorySubscription {
    connection: Arc<Connection>,
    queue: u64,
    bell: Arc<Notify>,
    /// When it asks next; never on a reliable server.
    probe: Option<(Probe, Instant)>,
}

impl MemorySubscription {
    pub(crate) fn new(connection: Arc<Connection>) -> Result<Self> {
        let (queue, bell) = connection.state().subscribe(connection.wire())?;
        let probe = connection.settings().probe().map(|probe| (probe, Instant::now() + probe.interval()));
        Ok(Self { connection, queue, bell, probe })
    }

    fn probe_if_due(&mut self) {
        if let Some((probe, next)) = &mut self.probe {
            let now = Instant::now();
            if now >= *next {
                *next = now + probe.interval();
                self.connection.state().probe(self.connection.wire(), self.queue);
            }
        }
    }
}

#[async_trait]
impl Subscription for MemorySubscription {
    async fn next(&mut self) -> Option<BusEvent> {
        loop {
            // Also while there is plenty to take: a flood of notices must not keep sync points away.
            self.probe_if_due();
            // What is taken is returned without waiting for anything, so that it cannot be dropped on the way.
            let taken = self.connection.state().take(self.connection.wire(), self.queue);
            if taken.is_some() {
                return taken;
            }
            // A ring before the wait is kept, and one too many does no harm.
            match self.probe {
                Some((_, next)) => {
                    let _rung = timeout_at(next, self.bell.notified()).await;
                }
                None => self.bell.notified().await,
            }
        }
    }
}

impl Drop for MemorySubscription {
    fn drop(&mut self) {
        self.connection.state().wire(self.connection.wire()).unsubscribe(self.queue);
    }
}
