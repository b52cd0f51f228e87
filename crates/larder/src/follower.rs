//! The task that follows the bus.
//!
//! It hears what the bus tells, lets trust end on time, and mends what cannot be mended without asking the server. It does
//! not wait for the server while it listens: one that does not answer must not keep notices from being heard.

use std::future::{self, Future};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use larder_core::{Bus, BusEvent, Error, ErrorKind, Moment, Remote, Result, Subscription};
use tokio::time::{sleep, timeout};

use crate::backoff::Backoff;
use crate::coherence::Repairs;
use crate::node::Node;

type Mending = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Follows the bus until that is shut down, or this process's part.
pub(crate) async fn follow(node: Arc<Node>, bus: Arc<dyn Bus>, remote: Arc<dyn Remote>) {
    tokio::select! {
        () = node.closing.notified() => {}
        () = follow_on(&node, &*bus, &remote) => {}
    }
    node.coherence.hear(BusEvent::Lost(None));
}

async fn follow_on(node: &Arc<Node>, bus: &dyn Bus, remote: &Arc<dyn Remote>) {
    let mut backoff = Backoff::to_reconnect();
    let mut subscription = loop {
        match bus.subscribe().await {
            Ok(subscription) => break subscription,
            Err(error) => tracing::debug!(%error, "the bus cannot be subscribed to"),
        }
        sleep(backoff.next()).await;
    };
    listen(node, remote, &mut *subscription).await;
}

async fn listen(node: &Arc<Node>, remote: &Arc<dyn Remote>, subscription: &mut dyn Subscription) {
    let mut mending: Option<Mending> = None;
    loop {
        tokio::select! {
            // The end of trust before all else: no flood of notices may put it off.
            biased;
            () = until(node, node.coherence.trusted_until()) => node.coherence.tick(node.clock.now()),
            event = subscription.next() => match event {
                Some(event) => node.coherence.hear(event),
                None => return,
            },
            () = under_way(&mut mending) => mending = None,
            () = node.trouble.notified() => {}
        }
        if mending.is_none() && (node.coherence.needs_repair() || node.recovery.has_pending()) {
            mending = Some(Box::pin(mend(node.clone(), remote.clone())));
        }
        node.heard.notify_waiters();
    }
}

/// Mends until there is nothing to mend.
async fn mend(node: Arc<Node>, remote: Arc<dyn Remote>) {
    let mut backoff = Backoff::to_reconnect();
    while node.coherence.needs_repair() || node.recovery.has_pending() {
        let repairs = node.coherence.take_repairs();
        if let Err(error) = attempt(&node, &*remote, &repairs).await {
            tracing::debug!(%error, "the server could not be told or asked yet");
            node.coherence.repair(repairs);
            sleep(backoff.next()).await;
        }
    }
    node.coherence.repaired();
}

/// First the server is told what it may have lost, and only then is it asked what it knows.
async fn attempt(node: &Arc<Node>, remote: &dyn Remote, repairs: &Repairs) -> Result<()> {
    for &(chain, sequence) in &repairs.raise {
        in_time(node, remote.raise(chain, sequence)).await?;
    }
    if repairs.replay {
        node.recovery.replay(node.clock.now());
    }
    if !node.recover().await {
        return Err(Error::new(ErrorKind::Unavailable, "some invalidations could not be told"));
    }
    if repairs.tags {
        let known = node.coherence.ledger.known();
        node.coherence.learn(&in_time(node, remote.invalidated_tags(known)).await?);
    }
    Ok(())
}

async fn in_time<T>(node: &Node, step: impl Future<Output = Result<T>>) -> Result<T> {
    let elapsed = |_| Error::new(ErrorKind::Elapsed, "the server did not answer in time");
    timeout(node.patience.write, step).await.map_err(elapsed)?
}

async fn until(node: &Node, moment: Option<Moment>) {
    match moment {
        // The clock may be a coarse one, and a tick that comes too early must not come again and again.
        Some(moment) => sleep(moment.since(node.clock.now()) + Duration::from_millis(1)).await,
        None => future::pending().await,
    }
}

async fn under_way(mending: &mut Option<Mending>) {
    match mending {
        Some(mending) => mending.await,
        None => future::pending().await,
    }
}
