//! The task that notes this process's caches in the shared tier.

use std::sync::Arc;
use std::time::Duration;

use larder_core::{Remote, Result};
use tokio::time::sleep;

use super::CacheLayout;
use crate::node::Node;

/// For how long a process builds its caches, about: it notes them together.
const TO_BUILD: Duration = Duration::from_secs(1);

/// How often it notes them again, so that others know that it is there.
const AGAIN: Duration = Duration::from_secs(60);

/// Notes them again and again, and compares them with what others have noted, until this process's part is shut down.
pub(crate) async fn keep_registered(node: Arc<Node>, remote: Arc<dyn Remote>) {
    tokio::select! {
        biased;
        () = node.closed() => {}
        () = register_again_and_again(&node, &*remote) => {}
    }
}

async fn register_again_and_again(node: &Node, remote: &dyn Remote) {
    node.registry.built.notified().await;
    sleep(TO_BUILD).await;
    loop {
        if let Err(error) = register(node, remote).await {
            tracing::debug!(app = %node.app, %error, "how caches are stored could not be noted yet");
        }
        // Not all instances of a fleet at the same moment, though they were started together.
        sleep(AGAIN.mul_f64(0.8 + 0.4 * fastrand::f64())).await;
    }
}

async fn register(node: &Node, remote: &dyn Remote) -> Result<()> {
    node.registry.count_processes(remote, node.patience.write).await?;
    let own: Vec<CacheLayout> = node.registry.layout().caches().cloned().collect();
    if own.is_empty() {
        return Ok(());
    }
    let registry = &node.registry;
    let others = registry.exchange(remote, &own, node.patience.write).await?;
    registry.compare(others);
    Ok(())
}
