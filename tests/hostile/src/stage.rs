//! The servers, and the ways to them.

pub(crate) mod agreement;

use std::path::Path;
use std::time::Duration;

use larder_testkit::redis::{Proxy, RedisCluster, RedisSentinel, RedisServer};

use crate::Result;
use crate::fleet::WORKERS;
use crate::skew::Skew;

/// How servers stand to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Topology {
    Standalone,
    Sentinel,
    Cluster,
}

impl Topology {
    pub(crate) const ALL: [Self; 3] = [Self::Standalone, Self::Sentinel, Self::Cluster];

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|topology| topology.text() == name)
    }

    pub(crate) const fn text(self) -> &'static str {
        match self {
            Self::Standalone => "standalone",
            Self::Sentinel => "sentinel",
            Self::Cluster => "cluster",
        }
    }

    /// Its part of the time of a run: most faults are of a single server and the ways to it.
    pub(crate) const fn weight(self) -> u32 {
        match self {
            Self::Standalone => 5,
            Self::Sentinel => 2,
            Self::Cluster => 3,
        }
    }

    /// How stale an answer may be: the interval of the questions, and the time for an answer.
    pub(crate) const fn bound(self) -> Duration {
        match self {
            Self::Standalone | Self::Sentinel => Duration::from_millis(1_500),
            Self::Cluster => Duration::from_millis(1_750),
        }
    }
}

/// The servers of one run.
#[derive(Debug)]
pub(crate) enum Stage {
    Standalone(Box<Single>),
    Sentinel(RedisSentinel),
    Cluster(RedisCluster),
}

/// One server with a clock of its own, behind a proxy for each place.
#[derive(Debug)]
pub(crate) struct Single {
    pub(crate) server: RedisServer,
    pub(crate) proxies: Vec<Proxy>,
    pub(crate) skew: Skew,
}

impl Stage {
    pub(crate) fn set(topology: Topology, folder: &Path) -> Result<Self> {
        Ok(match topology {
            Topology::Standalone => {
                let skew = Skew::new(folder)?;
                let server = RedisServer::with_variables(skew.variables(), [""; 0])?;
                let proxies = (0..WORKERS).map(|_| Ok(Proxy::to(&server)?)).collect::<Result<_>>()?;
                Self::Standalone(Box::new(Single { server, proxies, skew }))
            }
            Topology::Sentinel => Self::Sentinel(RedisSentinel::start()?),
            Topology::Cluster => Self::Cluster(RedisCluster::start()?),
        })
    }

    /// The way to the servers from each place.
    pub(crate) fn urls(&self) -> Vec<String> {
        match self {
            Self::Standalone(single) => single.proxies.iter().map(Proxy::url).collect(),
            Self::Sentinel(sentinel) => vec![sentinel.url(); WORKERS],
            Self::Cluster(cluster) => vec![cluster.url(); WORKERS],
        }
    }

    /// The servers that take writes now.
    pub(crate) fn masters(&self) -> Result<Vec<&RedisServer>> {
        Ok(match self {
            Self::Standalone(single) => vec![&single.server],
            Self::Sentinel(sentinel) => vec![sentinel.master()?],
            Self::Cluster(cluster) => cluster.masters()?,
        })
    }

    /// The ports of the servers that take writes now.
    pub(crate) fn ports(&self) -> Result<Vec<u16>> {
        let mut ports: Vec<u16> = self.masters()?.iter().map(|master| master.port()).collect();
        ports.sort_unstable();
        Ok(ports)
    }

    /// Waits until everybody who watches over servers is of one mind about who takes writes.
    pub(crate) fn settle(&self) -> Result<()> {
        match self {
            Self::Standalone(_) => Ok(()),
            Self::Sentinel(sentinel) => Ok(sentinel.settle()?),
            Self::Cluster(cluster) => agreement::reached(cluster),
        }
    }

    /// Has every server that takes writes carry out a command.
    pub(crate) fn command(&self, words: &[&str]) -> Result<()> {
        for master in self.masters()? {
            master.command(words)?;
        }
        Ok(())
    }
}
