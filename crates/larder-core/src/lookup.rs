//! What a shelf says of a key.

use std::sync::Arc;

use crate::entry::Entry;

/// When a hit asks whether the bus is still in sync.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Vigilance {
    /// Never: a watchdog flushes the fence within milliseconds of losing sync.
    #[default]
    Watchdog,
    /// Every time, so that not even a process that was paused serves one hit beyond the bound.
    EveryHit,
}

/// What a shelf has under a key.
#[derive(Debug)]
#[must_use]
pub enum Lookup<V> {
    /// It may be served.
    Fresh(Arc<Entry<V>>),
    /// The same, and it is time to have it refreshed: by whoever [claims](Entry::claim_refresh) that.
    Due(Arc<Entry<V>>),
    /// It is past its fresh time or was marked stale: to be refreshed, and served meanwhile or if that fails.
    Stale(Arc<Entry<V>>),
    /// An invalidation of it may have been missed: to be served only marked as stale, if all else fails.
    Suspect(Arc<Entry<V>>),
    /// It is not there, or may not be served.
    Absent,
}
