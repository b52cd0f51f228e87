//! The invalidation bus, as the engine sees it: a source of honest events.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;

use crate::clock::Moment;
use crate::error::Result;
use crate::health::Connection;
use crate::key::{KeyHash, Partition};
use crate::name::CacheName;
use crate::stamp::{Chain, Sequence};
use crate::tag::TagHash;

/// Tells every node what was invalidated.
///
/// A bus may lose messages. It must not hide that it has: the engine's guarantee rests on nothing but the
/// [`SyncPoint`](BusEvent::SyncPoint)s and [`Lost`](BusEvent::Lost)s that the bus reports.
#[async_trait]
pub trait Bus: fmt::Debug + Send + Sync + 'static {
    /// How much may be lost without being reported.
    fn assurance(&self) -> Assurance;

    /// Writes a notice down as this bus sends it. The remote sends it, in the same step in which it invalidates,
    /// without knowing what it says.
    fn frame(&self, notice: &Notice) -> Frame;

    /// Sends a notice whose remote could not.
    async fn publish(&self, notice: &Notice, announced: Announced) -> Result<()>;

    /// Begins to listen. Events come in the order in which they happened on the server, chain by chain.
    async fn subscribe(&self) -> Result<Box<dyn Subscription>>;

    /// Makes sure, at the start of a process, that what is sent is heard.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](crate::ErrorKind::Unavailable) or [`Elapsed`](crate::ErrorKind::Elapsed) if the server cannot be asked at
    /// present; then the process starts out of sync. Any other, if it is there and the bus is silent; then the process
    /// does not start.
    async fn check(&self) -> Result<()> {
        Ok(())
    }

    /// How the connections that it listens on fare.
    fn connections(&self) -> Vec<Connection> {
        Vec::new()
    }
}

/// What a bus promises to report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Assurance {
    /// Nothing is ever lost, unless it says so at once. Only a bus within one process can promise that.
    Lossless,
    /// A loss of any kind is reported within this time of happening, or sync points stay away.
    Within(Duration),
    /// Losses may go unnoticed: entries are as stale as they are old.
    None,
}

/// An open ear on the bus. It reconnects by itself, and says what it may have missed.
#[async_trait]
pub trait Subscription: fmt::Debug + Send + 'static {
    /// The next event; `None` once the bus is shut down.
    ///
    /// # Cancel safety
    ///
    /// No event is lost if the future is dropped.
    async fn next(&mut self) -> Option<BusEvent>;
}

/// A message between nodes: something was invalidated.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Notice {
    /// Keys of one partition.
    Keys(Partition, Vec<KeyHash>),
    /// Keys of one partition, which may still be served as stale.
    Expired(Partition, Vec<KeyHash>),
    /// Tags.
    Tags(Vec<TagHash>),
    /// A whole cache.
    Cache(CacheName),
    /// All caches of the app.
    Everything,
}

impl Notice {
    /// The order that the notice has its place in.
    pub const fn chain(&self) -> Chain {
        match self {
            Self::Keys(partition, _) | Self::Expired(partition, _) => Chain::Keys(*partition),
            Self::Tags(_) | Self::Cache(_) | Self::Everything => Chain::Tags,
        }
    }
}

/// A notice on its way from the bus that wrote it down to the remote that sends it.
///
/// A remote that does not know the kind of frame it is given sends nothing, and [says so](Announced::sent).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Frame {
    /// Bytes with a gap in them: between `head` and `body` the remote puts the sequences, which nobody knows before.
    Bytes {
        /// Where to send it.
        channel: Bytes,
        /// What goes before the sequences.
        head: Bytes,
        /// What goes after them.
        body: Bytes,
    },
    /// The notice as it is, for a remote in the same process.
    Plain(Notice),
}

/// An invalidation's place in its chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Announced {
    /// The sequence before it.
    pub previous: Sequence,
    /// Its own.
    pub sequence: Sequence,
    /// Whether the remote has announced it on the bus. If not, the engine must.
    pub sent: bool,
}

/// What a bus tells the engine.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BusEvent {
    /// A notice came, from this node or another.
    Noticed {
        /// What it says.
        notice: Notice,
        /// The sequence before it in its chain. If that is not the last one seen, a notice is missing.
        previous: Sequence,
        /// Its own.
        sequence: Sequence,
    },
    /// Asked in band, behind all notices up to then, the server says where every chain stands.
    SyncPoint {
        /// When it was asked, which is before it answered: what is in sync was so then.
        asked: Moment,
        /// The latest sequences.
        at: Vec<(Chain, Sequence)>,
    },
    /// Notices of these chains may have been lost; of all chains, if it is `None`.
    Lost(Option<Chain>),
    /// The server is not the one it was: a restart, a failover. What it had acknowledged may be gone.
    Reincarnated,
}
