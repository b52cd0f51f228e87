//! Whether the nodes of a cluster see the same one.

use std::collections::BTreeSet;
use std::thread;
use std::time::Duration;

use larder_core::Clock;
use larder_testkit::redis::{RedisCluster, RedisServer};

use crate::Result;

/// How long they may take, on a machine that has much else to do.
const PATIENCE: Duration = Duration::from_secs(60);

/// Waits until all nodes that run name the same owners of all slots, and take the cluster for complete.
pub(crate) fn reached(cluster: &RedisCluster) -> Result<()> {
    until("the nodes agree", || {
        let views: Option<BTreeSet<Vec<String>>> = running(cluster).map(view).collect();
        Ok(views.is_some_and(|views| views.len() == 1))
    })
}

pub(crate) fn until(awaited: &str, is_done: impl Fn() -> Result<bool>) -> Result<()> {
    let clock = Clock::precise();
    let began = clock.now();
    while !is_done()? {
        if clock.now().since(began) > PATIENCE {
            return Err(format!("waited in vain: {awaited}").into());
        }
        thread::sleep(Duration::from_millis(10));
    }
    Ok(())
}

fn running(cluster: &RedisCluster) -> impl Iterator<Item = &RedisServer> {
    cluster.nodes().iter().filter(|node| node.process_id().is_some())
}

/// Each node that has slots, with these. `None` if the node does not answer, or misses somebody.
fn view(node: &RedisServer) -> Option<Vec<String>> {
    let info = node.command(&["CLUSTER", "INFO"]).ok()?;
    info.text()?.contains("cluster_state:ok").then_some(())?;
    let nodes = node.command(&["CLUSTER", "NODES"]).ok()?;
    let mut owners: Vec<String> = nodes.text()?.lines().filter_map(owner).collect();
    owners.sort_unstable();
    Some(owners)
}

/// A line: id, address, flags, master, last ping, last pong, epoch, link, and the slots. What is in brackets is on its way.
fn owner(line: &str) -> Option<String> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let slots: Vec<&str> = words.iter().skip(8).filter(|slot| !slot.starts_with('[')).copied().collect();
    (!slots.is_empty()).then(|| format!("{} {}", words.first().unwrap_or(&""), slots.join(" ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_owner_is_told_with_what_it_has() {
        let master = "a1 127.0.0.1:30001@40001 myself,master - 0 0 1 connected 0-5460 7000 [7001->-b2]";
        assert_eq!(owner(master).as_deref(), Some("a1 0-5460 7000"));
        assert_eq!(owner("b2 127.0.0.1:30002@40002 slave a1 0 1426238317239 4 connected"), None);
    }
}
