//! Several servers that share the keys.

use std::ffi::OsString;
use std::iter;
use std::time::Duration;

use super::plan::{Kind, Plan};
use super::port::places;
use super::server::RedisServer;
use super::view::View;
use crate::server::error::{Error, Result};
use crate::server::patience::{FOR_AGREEMENT, until};

const MASTERS: usize = 3;
const SLOTS: usize = 16_384;

/// How long a failover may take, before it is asked for once more.
const FOR_A_FAILOVER: Duration = Duration::from_secs(10);
const FAILOVERS: usize = 3;

/// A node is given up after two seconds. A replica replaces it however long it was cut off.
const ARGUMENTS: [&str; 8] = [
    "--cluster-enabled",
    "yes",
    "--cluster-node-timeout",
    "2000",
    "--cluster-replica-validity-factor",
    "0",
    "--cluster-announce-ip",
    "127.0.0.1",
];

/// A Redis Cluster of one's own: three masters with one replica each.
///
/// It takes some seconds to start, because its nodes hold back until they have seen each other for a while. It goes as
/// [`RedisServer`] does.
///
/// # Examples
///
/// ```
/// use larder_testkit::redis::RedisCluster;
///
/// let cluster = RedisCluster::start()?;
/// assert_eq!(cluster.urls().len(), 6);
///
/// let masters = cluster.masters()?;
/// let promoted = cluster.fail_over(masters[0])?;
/// assert_ne!(promoted.port(), masters[0].port());
/// # Ok::<(), larder_testkit::redis::Error>(())
/// ```
#[derive(Debug)]
pub struct RedisCluster {
    nodes: Vec<RedisServer>,
}

impl RedisCluster {
    /// Starts a cluster, and returns when all nodes agree about it, and the replicas have what their masters have.
    pub fn start() -> Result<Self> {
        Self::with(iter::empty::<&str>())
    }

    /// Starts a cluster whose nodes have more arguments; see [`RedisServer::with`].
    pub fn with<'a>(arguments: impl IntoIterator<Item = &'a str>) -> Result<Self> {
        Self::with_variables(iter::empty::<(&str, &str)>(), arguments)
    }

    /// The same with variables of the environment of all nodes; see [`RedisServer::with_variables`].
    pub fn with_variables<'a, N: Into<OsString>, V: Into<OsString>>(
        variables: impl IntoIterator<Item = (N, V)>,
        arguments: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self> {
        let plan = Plan::new(Kind::Node, ARGUMENTS.into_iter().chain(arguments)).variables(variables);
        let launch = |_| RedisServer::launch(&plan);
        let cluster = Self { nodes: (0..2 * MASTERS).map(launch).collect::<Result<_>>()? };
        cluster.deal_slots()?;
        cluster.introduce()?;
        cluster.appoint_replicas()?;
        cluster.wait("the nodes agree", Self::is_settled)?;
        Ok(cluster)
    }

    /// Has the replica of a master take its place, and returns that replica when all nodes follow it.
    ///
    /// Nothing that was written is lost, unless the master is down or paused: then the replica goes without its consent.
    pub fn fail_over(&self, master: &RedisServer) -> Result<&RedisServer> {
        let replica = self.replica_of(master)?;
        let by_consent: &[&str] = &["CLUSTER", "FAILOVER"];
        let by_force: &[&str] = &["CLUSTER", "FAILOVER", "FORCE"];
        let mut outcome = Ok(());
        for _ in 0..FAILOVERS {
            match replica.command(if master.is_active() { by_consent } else { by_force }) {
                // It may have taken over by itself, and says that it is no replica.
                Ok(_) | Err(Error::Refused { .. }) => {}
                Err(error) => return Err(error),
            }
            let look = || Ok(self.is_followed(replica)?.then_some(()));
            outcome = until(FOR_A_FAILOVER, "the nodes follow the replica", || self.log(), look);
            if outcome.is_ok() {
                break;
            }
        }
        outcome.map(|()| replica)
    }

    /// Where clients find the cluster: `redis+cluster://127.0.0.1:port,…`.
    pub fn url(&self) -> String {
        url(self.nodes.iter().map(RedisServer::port))
    }

    /// Where clients find the nodes.
    pub fn urls(&self) -> Vec<String> {
        self.nodes.iter().map(RedisServer::url).collect()
    }

    /// All nodes, in whatever role.
    pub fn nodes(&self) -> &[RedisServer] {
        &self.nodes
    }

    /// The nodes that serve slots now, ordered as [`nodes`](Self::nodes) is. One that is down counts until it was
    /// replaced.
    pub fn masters(&self) -> Result<Vec<&RedisServer>> {
        let view = self.view()?;
        let is_master = |node: &&RedisServer| view.masters().any(|master| master.port == node.port());
        Ok(self.nodes.iter().filter(is_master).collect())
    }

    /// The node that could take over from this master. If there is none yet, this waits for one.
    pub fn replica_of(&self, master: &RedisServer) -> Result<&RedisServer> {
        let look = || {
            let view = self.view()?;
            let replica = view.replica_of(master.port());
            Ok(self.nodes.iter().find(|node| replica.is_some_and(|replica| replica.port == node.port())))
        };
        until(FOR_AGREEMENT, "the master has a replica", || self.log(), look)
    }

    /// Gives each of the first nodes its share of the slots.
    fn deal_slots(&self) -> Result<()> {
        for (index, node) in self.nodes.iter().take(MASTERS).enumerate() {
            let first = (SLOTS * index / MASTERS).to_string();
            let last = (SLOTS * (index + 1) / MASTERS - 1).to_string();
            node.command(&["CLUSTER", "ADDSLOTSRANGE", &first, &last])?;
            // Two masters of the same epoch would have to quarrel first.
            node.command(&["CLUSTER", "SET-CONFIG-EPOCH", &(index + 1).to_string()])?;
        }
        Ok(())
    }

    /// Has everybody meet everybody, which is faster than to wait for their gossip.
    fn introduce(&self) -> Result<()> {
        for (index, node) in self.nodes.iter().enumerate() {
            for other in self.nodes.iter().skip(index + 1) {
                node.command(&["CLUSTER", "MEET", "127.0.0.1", &other.port().to_string()])?;
            }
        }
        let all_know_all = |cluster: &Self| {
            let mut views = cluster.nodes.iter().map(view_of);
            views.try_fold(true, |all, view| Ok(all && cluster.is_complete(&view?)))
        };
        self.wait("the nodes know each other", all_know_all)
    }

    /// Gives each of the first nodes one of the others.
    fn appoint_replicas(&self) -> Result<()> {
        for (master, replica) in self.nodes.iter().zip(self.nodes.iter().skip(MASTERS)) {
            let id = master.command(&["CLUSTER", "MYID"])?;
            replica.command(&["CLUSTER", "REPLICATE", id.text().unwrap_or_default()])?;
        }
        Ok(())
    }

    /// Whether every node sees a complete cluster, in which every master has its replica.
    fn is_settled(&self) -> Result<bool> {
        for node in &self.nodes {
            let view = view_of(node)?;
            let is_served =
                self.nodes.iter().take(MASTERS).all(|master| view.replica_of(master.port()).is_some());
            if !(is_ok(node)? && is_served && self.is_complete(&view)) {
                return Ok(false);
            }
        }
        self.nodes.iter().skip(MASTERS).try_fold(true, |all, replica| Ok(all && replica.is_in_sync()?))
    }

    fn is_complete(&self, view: &View) -> bool {
        view.members.len() == self.nodes.len() && view.members.iter().all(|member| member.is_sound)
    }

    /// Whether all nodes that can be asked take this one for a master, and the cluster for complete.
    fn is_followed(&self, node: &RedisServer) -> Result<bool> {
        for asked in self.nodes.iter().filter(|node| node.is_active()) {
            let is_master = view_of(asked)?.member(node.port()).is_some_and(|member| member.has_slots);
            if !(is_master && is_ok(asked)?) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// What the first node sees that can be asked.
    fn view(&self) -> Result<View> {
        let asked = self.nodes.iter().find(|node| node.is_active()).or(self.nodes.first());
        view_of(asked.expect("there are six of them"))
    }

    fn wait(&self, awaited: &str, is_done: impl Fn(&Self) -> Result<bool>) -> Result<()> {
        until(FOR_AGREEMENT, awaited, || self.log(), || Ok(is_done(self)?.then_some(())))
    }

    fn log(&self) -> String {
        self.nodes.iter().map(RedisServer::log).collect()
    }
}

/// Where clients find a cluster whose nodes listen there, or whatever stands in their place.
pub(crate) fn url(ports: impl Iterator<Item = u16>) -> String {
    format!("redis+cluster://{}", places(ports))
}

fn view_of(node: &RedisServer) -> Result<View> {
    let reply = node.command(&["CLUSTER", "NODES"])?;
    Ok(View::parse(reply.text().unwrap_or_default()))
}

fn is_ok(node: &RedisServer) -> Result<bool> {
    let reply = node.command(&["CLUSTER", "INFO"])?;
    Ok(reply.text().is_some_and(|info| info.contains("cluster_state:ok")))
}
