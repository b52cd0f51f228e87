//! How a process's part of the fleet fares.

use std::fmt;
use std::time::Duration;

use larder_core::{BreakerState, Chain, Connection, Sequence};

use crate::chains::Chains;
use crate::node::Node;

/// What stands between a process and the rest of the fleet, at one moment.
///
/// For an endpoint that tells whether all is well, and for whoever wants to know why it is not. Its text says it in a few
/// lines.
///
/// # Examples
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> larder::Result<()> {
/// let larder = larder::Larder::builder("prod.shop").embedded().build().await?;
/// let health = larder.health();
/// assert!(health.is_in_sync && health.deferred == 0 && health.behind() == 0);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Health {
    /// Whether the process hears of all invalidations.
    pub is_in_sync: bool,
    /// How long ago the servers were last asked where the chains stand, with an answer that agreed with what had been
    /// heard. `None` if never.
    pub probe_age: Option<Duration>,
    /// For how long the copies in the process may still be trusted, if nothing more is heard. Without a bus, or with one
    /// that loses nothing, there is no end to it.
    pub trusted_for: Option<Duration>,
    /// How many invalidations the servers could not be told yet.
    pub deferred: usize,
    /// How many [findings](crate::Drift) about how caches are stored cost hits, as of at most a minute ago.
    pub drift: usize,
    /// The breaker of the shared tier.
    pub breaker: BreakerHealth,
    /// Every connection.
    pub connections: Vec<Connection>,
    /// Every chain of invalidations.
    pub chains: Vec<Position>,
}

/// Whether a process makes use of the shared tier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BreakerHealth {
    /// Whether it does, at present.
    pub state: BreakerState,
    /// How long ago that has begun; a probe is part of the time that it is open.
    pub age: Duration,
    /// How long the server is still left alone, while it is not closed.
    pub rest: Option<Duration>,
    /// How often it has opened.
    pub opened: u64,
}

impl BreakerHealth {
    fn of(node: &Node) -> Self {
        let now = node.clock.now();
        let (state, since, opened) = node.circuit.report();
        Self { state, age: now.since(since), rest: node.circuit.rest(now), opened }
    }
}

impl fmt::Display for BreakerHealth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.state, self.rest) {
            (BreakerState::Open, Some(rest)) => {
                write!(f, "open for {:.1?}, asked again in {rest:.1?}", self.age)?;
            }
            (BreakerState::Probing, _) => write!(f, "open for {:.1?}, being asked", self.age)?,
            _ => f.write_str("closed")?,
        }
        write!(f, ", opened {} times", self.opened)
    }
}

/// How far one chain has been followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Position {
    /// Which one.
    pub chain: Chain,
    /// The last sequence heard of; `None` if none yet.
    pub followed: Option<Sequence>,
    /// The last sequence that a server itself has told.
    pub told: Option<Sequence>,
}

impl Position {
    /// By how much less is heard than was told: sequences are microseconds of the server's clock, or about that.
    pub fn lag(&self) -> Duration {
        let [followed, told] = [self.followed, self.told].map(Option::unwrap_or_default);
        Duration::from_micros(told.get().saturating_sub(followed.get()))
    }
}

impl Health {
    pub(crate) fn of(node: &Node) -> Self {
        let (coherence, now) = (&node.coherence, node.clock.now());
        let position = |chain| {
            let (followed, told) = coherence.positions(chain);
            Position { chain, followed, told }
        };
        let connections = node.upstream.as_ref().map_or_else(Vec::new, |upstream| {
            let mut connections = upstream.remote.connections();
            connections.extend(upstream.bus.iter().flat_map(|bus| bus.connections()));
            connections
        });
        Self {
            is_in_sync: coherence.is_in_sync(now),
            probe_age: coherence.last_in_sync().map(|asked| now.since(asked)),
            trusted_for: coherence.trusted_until().map(|end| end.since(now)),
            deferred: node.recovery.deferred(),
            drift: node.registry.costly(),
            breaker: BreakerHealth::of(node),
            connections,
            chains: Chains::all().map(position).collect(),
        }
    }

    /// How many chains have been heard of less than was told.
    pub fn behind(&self) -> usize {
        self.chains.iter().filter(|position| !position.lag().is_zero()).count()
    }
}

impl fmt::Display for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_in_sync { "in sync" } else { "out of sync" })?;
        match self.probe_age {
            Some(age) => write!(f, ", as of {age:.1?} ago")?,
            None => f.write_str(", and never was in sync")?,
        }
        write!(f, "; {} invalidations deferred; {} chains behind", self.deferred, self.behind())?;
        if self.drift > 0 {
            write!(f, "; {} caches are stored in a way that costs hits", self.drift)?;
        }
        write!(f, "\nthe breaker of the shared tier: {}", self.breaker)?;
        for connection in &self.connections {
            let state = if connection.is_up { "up" } else { "down" };
            write!(
                f,
                "\n{:?} to {}: {state}, made {} times",
                connection.purpose, connection.server, connection.made
            )?;
            if let Some(trouble) = &connection.trouble {
                write!(f, ", last trouble: {trouble}")?;
            }
        }
        Ok(())
    }
}
