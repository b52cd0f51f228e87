//! The servers, and the ways to them.

pub(crate) mod agreement;
mod way;

use std::path::Path;
use std::time::Duration;

use larder_testkit::redis::{RedisCluster, RedisSentinel, RedisServer};

use crate::Result;
use crate::fleet::WORKERS;
use crate::skew::Skew;
use crate::snapshot::Snapshot;

pub(crate) use way::Way;

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

    /// Its part of the time of a run. Masters that are replaced, and slots that move, take the most.
    pub(crate) const fn weight(self) -> u32 {
        match self {
            Self::Standalone => 3,
            Self::Sentinel | Self::Cluster => 4,
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

/// The servers of one run, which go by a clock of their own, and a way to them from each place.
#[derive(Debug)]
pub(crate) struct Stage {
    pub(crate) servers: Servers,
    pub(crate) ways: Vec<Way>,
    pub(crate) skew: Skew,
}

#[derive(Debug)]
pub(crate) enum Servers {
    Standalone(Box<RedisServer>),
    Sentinel(RedisSentinel),
    Cluster(RedisCluster),
}

impl Stage {
    pub(crate) fn set(topology: Topology, folder: &Path) -> Result<Self> {
        let skew = Skew::new(folder)?;
        let servers = Servers::start(topology, &skew)?;
        let ways = (0..WORKERS).map(|_| Way::to(&servers)).collect::<Result<_>>()?;
        Ok(Self { servers, ways, skew })
    }

    /// The way to the servers from each place.
    pub(crate) fn urls(&self) -> Vec<String> {
        self.ways.iter().map(Way::url).collect()
    }

    pub(crate) fn topology(&self) -> Topology {
        match self.servers {
            Servers::Standalone(_) => Topology::Standalone,
            Servers::Sentinel(_) => Topology::Sentinel,
            Servers::Cluster(_) => Topology::Cluster,
        }
    }

    /// The servers that take writes now.
    pub(crate) fn masters(&self) -> Result<Vec<&RedisServer>> {
        Ok(match &self.servers {
            Servers::Standalone(server) => vec![server],
            Servers::Sentinel(group) => vec![group.master()?],
            Servers::Cluster(cluster) => cluster.masters()?,
        })
    }

    /// The ports of the servers that take writes now.
    pub(crate) fn ports(&self) -> Result<Vec<u16>> {
        let mut ports: Vec<u16> = self.masters()?.iter().map(|master| master.port()).collect();
        ports.sort_unstable();
        Ok(ports)
    }

    /// Has every server that takes writes keep what it has now.
    pub(crate) fn save(&self) -> Result<()> {
        self.masters()?.into_iter().try_for_each(Snapshot::take)
    }

    /// Waits until everybody who watches over servers is of one mind about who takes writes.
    pub(crate) fn settle(&self) -> Result<()> {
        match &self.servers {
            Servers::Standalone(_) => Ok(()),
            Servers::Sentinel(group) => Ok(group.settle()?),
            Servers::Cluster(cluster) => agreement::reached(cluster),
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

impl Servers {
    fn start(topology: Topology, skew: &Skew) -> Result<Self> {
        let (clock, no_arguments) = (skew.variables(), [""; 0]);
        Ok(match topology {
            Topology::Standalone => {
                Self::Standalone(Box::new(RedisServer::with_variables(clock, no_arguments)?))
            }
            Topology::Sentinel => Self::Sentinel(RedisSentinel::with_variables(clock)?),
            Topology::Cluster => {
                // So that nodes can be told to let go of each other.
                let arguments = ["--enable-debug-command", "local"];
                Self::Cluster(RedisCluster::with_variables(clock, arguments)?)
            }
        })
    }
}
