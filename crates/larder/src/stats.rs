//! What has been counted, as users see it.

use std::fmt;

use larder_core::CacheName;

use crate::node::Node;
use crate::warm::Warmth;

mod counters;
mod forms;
mod latency;
mod reasons;
mod striped;

pub(crate) use counters::{Counters, NodeCounters};
pub use forms::FormReads;
pub use latency::Latency;

/// What one cache of this process has done since it was built.
///
/// Every read is counted once: [`reads`](Self::reads) is the sum of what became of them. What is counted while the snapshot is
/// taken may or may not be in it.
///
/// # Examples
///
/// ```
/// # use larder::{Cache, Larder};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> larder::Result<()> {
/// # let larder = Larder::builder("test.shop").embedded().build().await?;
/// # let names: Cache<u64, String> = larder.cache("name").build()?;
/// for _ in 0..4 {
///     names.get_or_load(&7_u64, |_id| async { Ok::<_, larder::Error>("Ada".to_owned()) }).await?;
/// }
/// let stats = names.stats();
/// assert_eq!((stats.loaded, stats.local_hits, stats.loads), (1, 3, 1));
/// assert_eq!(stats.hit_ratio(), Some(0.75));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CacheStats {
    /// Reads that were answered from this process's memory.
    pub local_hits: u64,
    /// Reads that were answered from the shared tier.
    pub remote_hits: u64,
    /// Reads that were answered with something stale, from whichever tier.
    pub stale_hits: u64,
    /// Reads that were answered by a load, which they began or waited for.
    pub loaded: u64,
    /// Reads that were told that there is no such value.
    pub missing: u64,
    /// Reads that never load, and found nothing.
    pub misses: u64,
    /// Reads that ended with an error.
    pub failed: u64,
    /// Values that the loader was asked for, and answered.
    pub loads: u64,
    /// Those that it failed to load: by its own error, a panic, or its deadline.
    pub load_errors: u64,
    /// Those that it was not asked for, because too many were under way.
    pub loads_shed: u64,
    /// Refreshes ahead of time.
    pub early_refreshes: u64,
    /// Values that were returned and not kept, because something had overtaken them.
    pub refused: u64,
    /// The same by the reason, in one word: those that there have been.
    pub refused_by_reason: Vec<(&'static str, u64)>,
    /// Stored bytes that could not be read.
    pub unreadable: u64,
    /// The same by what was wrong with them, in one word: what there has been.
    pub unreadable_by_reason: Vec<(&'static str, u64)>,
    /// Stored values that could be read, by the form in which they were stored: what there has been.
    pub read_by_form: Vec<FormReads>,
    /// Values that could not be turned into bytes.
    pub unsealed: u64,
    /// Steps of reads for which the shared tier was of no help.
    pub degraded: u64,
    /// How many entries there are in this process; of all caches, if they share one memory.
    pub entries: u64,
    /// What these weigh: bytes, if the capacity is in bytes, else their number.
    pub weight: u64,
    /// How many entries had to make room for others in this process; of all caches, if they share one memory.
    pub evictions: u64,
    /// How long loads took, the wait for their turn included, and whatever became of them. A load of many values is one.
    pub load_time: Latency,
    /// How long the shared tier took to answer reads.
    pub remote_time: Latency,
    /// How its warm start went, or goes; `None` if it has none.
    pub warmth: Option<Warmth>,
}

impl CacheStats {
    /// How many reads there were.
    pub fn reads(&self) -> u64 {
        let misses = self.loaded + self.missing + self.misses + self.failed;
        self.hits() + misses
    }

    /// How many of them were answered from a tier.
    pub fn hits(&self) -> u64 {
        self.local_hits + self.remote_hits + self.stale_hits
    }

    /// The share of hits in all reads that were answered with a value, from 0 to 1. `None` if there was none.
    #[expect(clippy::cast_precision_loss, reason = "it is a ratio for people")]
    pub fn hit_ratio(&self) -> Option<f64> {
        let answered = self.hits() + self.loaded;
        (answered > 0).then(|| self.hits() as f64 / answered as f64)
    }
}

impl fmt::Display for CacheStats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} reads: {} local, {} remote, {} stale, {} loaded, {} missing, {} misses, {} failed; {} loads ({}), {} failed, \
             {} shed; the shared tier answers in {}",
            self.reads(),
            self.local_hits,
            self.remote_hits,
            self.stale_hits,
            self.loaded,
            self.missing,
            self.misses,
            self.failed,
            self.loads,
            self.load_time,
            self.load_errors,
            self.loads_shed,
            self.remote_time
        )
    }
}

/// What this process has done since it was started: its caches, and what goes between it and the fleet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Every open cache, by its name.
    pub caches: Vec<(CacheName, CacheStats)>,
    /// Steps by which writes told the shared tier, or tried to.
    pub sent: u64,
    /// Those that it could not be told at once, whether that was tried or not.
    pub deferred: u64,
    /// Invalidations that were heard of, those of this process among them.
    pub heard: u64,
    /// Gaps in what was heard: a part of the copies became suspect.
    pub gaps: u64,
    /// Losses of the bus: all copies became suspect.
    pub losses: u64,
    /// How often the breaker of the shared tier has opened. What it is now is part of the [health](crate::Larder::health).
    pub breaker_opened: u64,
}

impl Stats {
    pub(crate) fn of(node: &Node) -> Self {
        let coherence = &node.coherence;
        let (_, _, breaker_opened) = node.circuit.report();
        Self { caches: coherence.shelves.stats(), breaker_opened, ..coherence.counters.snapshot() }
    }
}

impl fmt::Display for Stats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} steps sent, {} deferred; {} invalidations heard, {} gaps, {} losses; the breaker opened {} times",
            self.sent, self.deferred, self.heard, self.gaps, self.losses, self.breaker_opened
        )?;
        self.caches.iter().try_for_each(|(name, stats)| write!(f, "\n{name}: {stats}"))
    }
}
