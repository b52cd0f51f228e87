//! A test that listens.

use std::time::Duration;

use larder_core::{BusEvent, Chain, Moment, Notice, Sequence, Subscription};
use tokio::time::timeout;

use crate::conformance::backend::Node;

/// Long enough for anything that comes at all.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

pub(super) struct Listener {
    subscription: Box<dyn Subscription>,
}

/// One notice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Heard {
    pub(super) notice: Notice,
    pub(super) previous: Sequence,
    pub(super) sequence: Sequence,
}

/// One sync point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct InSync {
    pub(super) asked: Moment,
    pub(super) at: Vec<(Chain, Sequence)>,
}

impl Listener {
    /// Subscribes, and takes nothing yet.
    pub(super) async fn subscribe(node: &Node) -> Self {
        Self { subscription: node.bus.subscribe().await.unwrap() }
    }

    /// Subscribes, and takes the sync point that this begins with.
    pub(super) async fn new(node: &Node) -> Self {
        let mut listener = Self::subscribe(node).await;
        listener.sync_point().await;
        listener
    }

    pub(super) async fn next(&mut self) -> BusEvent {
        let event = timeout(PATIENCE, self.subscription.next()).await;
        event.expect("an event comes").expect("the bus is open")
    }

    /// The next event, which is a sync point.
    pub(super) async fn sync_point(&mut self) -> InSync {
        match self.next().await {
            BusEvent::SyncPoint { asked, at } => InSync { asked, at },
            other => panic!("expected a sync point: {other:?}"),
        }
    }

    /// The next notice. Sync points may come before it, and nothing else.
    pub(super) async fn notice(&mut self) -> Heard {
        // As a whole, for sync points may come for ever.
        timeout(PATIENCE, self.any_notice()).await.expect("a notice comes")
    }

    /// The subscription, to wait for it in another way.
    pub(super) fn subscription(&mut self) -> &mut dyn Subscription {
        &mut *self.subscription
    }

    async fn any_notice(&mut self) -> Heard {
        loop {
            match self.next().await {
                BusEvent::SyncPoint { .. } => {}
                BusEvent::Noticed { notice, previous, sequence } => {
                    return Heard { notice, previous, sequence };
                }
                other => panic!("expected a notice: {other:?}"),
            }
        }
    }
}
