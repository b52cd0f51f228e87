//! The task that follows the bus.
//!
//! It hears what the bus tells and lets trust end on time. It never waits for the server: one that does not answer must not keep
//! notices from being heard. What has to be asked or told is left to the [`mender`](crate::mender).

use std::future;
use std::sync::Arc;
use std::time::Duration;

use larder_core::{Bus, BusEvent, Moment, Sequence, Subscription};
use tokio::task::consume_budget;
use tokio::time::{sleep, timeout};

use crate::backoff::Backoff;
use crate::coherence::Coherence;
use crate::node::Node;

/// How long a subscription may take before it is tried again.
const SUBSCRIBING: Duration = Duration::from_secs(5);

/// How far the server's clock may be ahead of this node's: what lies beyond is no number of its.
const AHEAD: Duration = Duration::from_secs(24 * 3_600);

/// Follows the bus until that is shut down, or this process's part.
pub(crate) async fn follow(node: Arc<Node>, bus: Arc<dyn Bus>) {
    let _deaf = Deaf(node.coherence.clone());
    tokio::select! {
        biased;
        () = node.closed() => {}
        () = follow_on(&node, &*bus) => {}
    }
}

/// Whatever ends the task, be it a panic, an abort, or the end of its runtime: from then on nothing is heard, and nothing
/// in the local tier may be trusted.
struct Deaf(Arc<Coherence>);

impl Drop for Deaf {
    fn drop(&mut self) {
        self.0.end();
    }
}

async fn follow_on(node: &Arc<Node>, bus: &dyn Bus) {
    let mut backoff = Backoff::to_reconnect();
    loop {
        match timeout(SUBSCRIBING, bus.subscribe()).await {
            Ok(Ok(mut subscription)) => return listen(node, &mut *subscription).await,
            Ok(Err(error)) => tracing::debug!(%error, "the bus cannot be subscribed to"),
            Err(_) => tracing::debug!("the bus does not answer"),
        }
        sleep(backoff.next()).await;
    }
}

async fn listen(node: &Arc<Node>, subscription: &mut dyn Subscription) {
    let mut is_far_ahead = false;
    loop {
        tokio::select! {
            // The end of trust before all else: no flood of notices may put it off.
            biased;
            () = until(node, node.coherence.trusted_until()) => node.coherence.tick(node.clock.now()),
            // The mender has given trust, perhaps, and nobody waits for its end yet.
            () = node.mended.notified() => {}
            event = subscription.next() => match event {
                Some(event) => {
                    compare_clocks(node, &event, &mut is_far_ahead);
                    hear(node, event);
                }
                None => return,
            },
        }
        node.heard.notify_waiters();
        // A queue that is never empty must not keep the worker from other tasks.
        consume_budget().await;
    }
}

fn hear(node: &Node, event: BusEvent) {
    if event == BusEvent::Reincarnated {
        // At once, so that no value that came back is believed in the meantime.
        node.recovery.replay(node.last_found());
    }
    node.coherence.hear(event, horizon(node));
    node.doubt_outdated();
    if node.needs_mending() {
        node.trouble.notify_one();
    }
}

/// Warns of a server whose clock is out of reach: nothing that it says will be believed until one of the two is set right.
fn compare_clocks(node: &Node, event: &BusEvent, is_far_ahead: &mut bool) {
    let BusEvent::SyncPoint { at, .. } = event else { return };
    let horizon = horizon(node);
    let was_far_ahead = std::mem::replace(is_far_ahead, at.iter().any(|(_, at)| *at > horizon));
    if *is_far_ahead && !was_far_ahead {
        let app = &node.app;
        tracing::warn!(%app, "the server's clock is more than a day ahead of this machine's: no copy is trusted");
    }
}

/// A sequence that no server can have given out yet.
fn horizon(node: &Node) -> Sequence {
    let ahead = u64::try_from(AHEAD.as_micros()).unwrap_or(u64::MAX);
    Sequence::new(node.clock.unix_millis().saturating_mul(1_000).saturating_add(ahead))
}

async fn until(node: &Node, moment: Option<Moment>) {
    match moment {
        // The clock may be a coarse one, and a tick that comes too early must not come again and again.
        Some(moment) => sleep(moment.since(node.clock.now()) + Duration::from_millis(1)).await,
        None => future::pending().await,
    }
}
