//! The task that tells the server what it should know, and asks it what this node should.
//!
//! It runs wherever there is a shared tier, with or without a bus: an invalidation that could not be told must be told in
//! either case.

use std::sync::Arc;

use larder_core::{Chain, Error, ErrorKind, Remote, Result, Sequence};
use tokio::time::sleep;

use crate::backoff::Backoff;
use crate::coherence::Repairs;
use crate::node::Node;
use crate::step::in_time;

/// Mends whenever there is trouble, until this process's part is shut down.
pub(crate) async fn mend(node: Arc<Node>, remote: Arc<dyn Remote>) {
    let mend = async {
        loop {
            node.trouble.notified().await;
            mend_all(&node, &*remote).await;
            node.mended.notify_one();
            node.heard.notify_waiters();
        }
    };
    tokio::select! {
        biased;
        () = node.closed() => {}
        () = mend => {}
    }
}

/// Mends until there is nothing to mend.
async fn mend_all(node: &Arc<Node>, remote: &dyn Remote) {
    let mut backoff = Backoff::to_reconnect();
    while node.needs_mending() {
        // What nobody would answer is not asked or told many times over.
        if !node.is_reached(remote).await {
            sleep(backoff.next()).await;
            continue;
        }
        let repairs = node.coherence.take_repairs();
        if let Err(error) = attempt(node, remote, &repairs).await {
            tracing::debug!(%error, "the server could not be told or asked yet");
            node.coherence.repair(repairs);
            sleep(backoff.next()).await;
        }
    }
    node.coherence.repaired();
}

/// First the server is told what it may have lost, and only then is it asked what it knows. What it cannot be told is no
/// reason not to ask.
async fn attempt(node: &Arc<Node>, remote: &dyn Remote, repairs: &Repairs) -> Result<()> {
    if !repairs.raise.is_empty() {
        look_back(node, remote).await?;
    }
    node.doubt_outdated();
    if node.recovery.doubts_everything() {
        // Before the chains are where they were: if this process dies meanwhile, others must find it out, too.
        if let Some(&sequence) = repairs.raise.get(&Chain::Tags) {
            raise(node, remote, Chain::Tags, sequence).await?;
        }
        node.recover().await;
    }
    for (&chain, &sequence) in &repairs.raise {
        raise(node, remote, chain, sequence).await?;
    }
    if repairs.replay {
        node.recovery.replay(node.last_found());
    }
    let is_told = node.recover().await;
    if repairs.tags {
        let known = node.coherence.ledger.known();
        node.coherence.learn(&in_time(node.patience.write, remote.invalidated_tags(known)).await?);
    }
    if is_told {
        Ok(())
    } else {
        Err(Error::new(ErrorKind::Unavailable, "some invalidations could not be told"))
    }
}

/// Looks where the chains are before anybody moves them.
async fn look_back(node: &Node, remote: &dyn Remote) -> Result<()> {
    let sent = node.clock.now();
    for (chain, at) in in_time(node.patience.write, remote.sequences()).await? {
        node.coherence.look_back(chain, at, sent);
    }
    Ok(())
}

async fn raise(node: &Node, remote: &dyn Remote, chain: Chain, to: Sequence) -> Result<()> {
    match in_time(node.patience.write, remote.raise(chain, to)).await {
        // It will refuse it again. A number that cannot be one is no loss.
        Err(error) if error.kind() == ErrorKind::Refused => {
            tracing::warn!(%error, "the server does not believe how far a chain had gone");
            Ok(())
        }
        outcome => outcome,
    }
}
