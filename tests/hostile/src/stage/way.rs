//! The way from one place to the servers.

use larder_testkit::redis::{Gateway, Proxy, RedisServer};

use super::Servers;
use crate::Result;

/// A line to each of the servers, through proxies that nobody else goes through.
#[derive(Debug)]
pub(crate) enum Way {
    Single(Proxy),
    Several(Gateway),
}

impl Way {
    pub(crate) fn to(servers: &Servers) -> Result<Self> {
        Ok(match servers {
            Servers::Standalone(server) => Self::Single(Proxy::to(server)?),
            Servers::Sentinel(group) => Self::Several(Gateway::to_sentinel(group)?),
            Servers::Cluster(cluster) => Self::Several(Gateway::to_cluster(cluster)?),
        })
    }

    pub(crate) fn url(&self) -> String {
        match self {
            Self::Single(proxy) => proxy.url(),
            Self::Several(gateway) => gateway.url().to_owned(),
        }
    }

    /// The lines to all servers, sentinels among them.
    pub(crate) fn lines(&self) -> Vec<&Proxy> {
        match self {
            Self::Single(proxy) => vec![proxy],
            Self::Several(gateway) => gateway.proxies().iter().collect(),
        }
    }

    pub(crate) fn line_to(&self, server: &RedisServer) -> Result<&Proxy> {
        match self {
            Self::Single(proxy) => Ok(proxy),
            Self::Several(gateway) => gateway.proxy_to(server).ok_or_else(|| "it is of another group".into()),
        }
    }
}
