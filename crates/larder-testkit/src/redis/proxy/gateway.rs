//! The way from one client to several servers.

use super::super::cluster::{self, RedisCluster};
use super::super::sentinel::{self, RedisSentinel};
use super::super::server::RedisServer;
use super::Proxy;
use super::addresses::Addresses;
use crate::server::error::Result;

/// Stands between clients and a group of servers: a [`Proxy`] to each of them.
///
/// Where servers tell clients of each other, they name the proxies: in the answers to `SENTINEL GET-MASTER-ADDR-BY-NAME`,
/// `CLUSTER SLOTS` and `ROLE`, and where a client is redirected by `MOVED` or `ASK`. So a client that begins with the
/// [`url`](Self::url) and goes by these never meets a server but through its proxy. All else is passed on as it is: what is told
/// in a text or by fields, as `CLUSTER NODES` and `SENTINEL MASTER` do, and what the servers say to each other. A value of two
/// strings that are a host of this machine and the port of one of the servers is taken for an address.
///
/// # Examples
///
/// A client that is cut off from one master of three, while the cluster is well:
///
/// ```
/// use larder_testkit::redis::{Direction, Gateway, RedisCluster};
///
/// let cluster = RedisCluster::start()?;
/// let gateway = Gateway::to_cluster(&cluster)?;
/// // ... a client connects to gateway.url() ...
/// let master = cluster.masters()?[0];
/// gateway.proxy_to(master).unwrap().swallow(Direction::Both);
/// // ... and goes on with the two that it can reach.
/// gateway.heal();
/// # Ok::<(), larder_testkit::redis::Error>(())
/// ```
#[derive(Debug)]
pub struct Gateway {
    url: String,
    proxies: Vec<Proxy>,
    /// Of the servers, in the order of their proxies.
    ports: Vec<u16>,
}

impl Gateway {
    /// Starts a proxy to each of the sentinels, and to the two servers that they watch over.
    ///
    /// # Errors
    ///
    /// [`Error::System`](super::super::Error::System) if there is no free port, or no thread.
    pub fn to_sentinel(group: &RedisSentinel) -> Result<Self> {
        let servers = group.sentinels().iter().chain(group.servers());
        Self::to(servers, |proxies| sentinel::url(proxies.iter().copied().take(group.sentinels().len())))
    }

    /// Starts a proxy to each node of a cluster; see [`to_sentinel`](Self::to_sentinel).
    pub fn to_cluster(cluster: &RedisCluster) -> Result<Self> {
        Self::to(cluster.nodes().iter(), |proxies| cluster::url(proxies.iter().copied()))
    }

    fn to<'a>(
        servers: impl Iterator<Item = &'a RedisServer>,
        url: impl FnOnce(&[u16]) -> String,
    ) -> Result<Self> {
        let ports: Vec<u16> = servers.map(RedisServer::port).collect();
        let proxies: Vec<Proxy> = ports.iter().map(|port| Proxy::to_port(*port)).collect::<Result<_>>()?;
        let places: Vec<u16> = proxies.iter().map(Proxy::port).collect();
        let addresses = Addresses::new(ports.iter().copied().zip(places.iter().copied()));
        for proxy in &proxies {
            let addresses = addresses.clone();
            proxy.worker.ask(move |relay| relay.rules.addresses = addresses);
        }
        Ok(Self { url: url(&places), proxies, ports })
    }

    /// Where clients find the servers: as the group's own, with the proxies for the servers.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The proxies to all servers: of sentinels, those to them come first.
    pub fn proxies(&self) -> &[Proxy] {
        &self.proxies
    }

    /// The one to this server, if it is of the group.
    pub fn proxy_to(&self, server: &RedisServer) -> Option<&Proxy> {
        self.ports.iter().position(|port| *port == server.port()).and_then(|index| self.proxies.get(index))
    }

    /// Ends all faults and all losses of all proxies; see [`Proxy::heal`].
    pub fn heal(&self) {
        self.proxies.iter().for_each(Proxy::heal);
    }
}
