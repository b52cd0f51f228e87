//! What happens inside, for those who want to watch.

use std::fmt::Debug;

use crate::error::Error;
use crate::fence::Refused;
use crate::health::BreakerState;
use crate::key::KeyHash;
use crate::name::CacheName;
use crate::stamp::Chain;

/// Watches what a cache does.
///
/// It is called on the path of the operation, so it must be quick. Ordinary hits are not reported, they are counted.
pub trait Observer: Debug + Send + Sync + 'static {
    /// Something happened.
    fn observe(&self, event: &Event<'_>);
}

/// Watches nothing.
impl Observer for () {
    fn observe(&self, _event: &Event<'_>) {}
}

/// What an [`Observer`] is told. Keys appear as hashes only, so that no log shows whose data it was.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A loaded value was returned to its callers, but not kept.
    Refused {
        /// The cache.
        cache: &'a CacheName,
        /// The key.
        key: KeyHash,
        /// Why.
        reason: Refused,
    },
    /// Stored bytes could not be used, and count as a miss.
    Unreadable {
        /// The cache.
        cache: &'a CacheName,
        /// The key.
        key: KeyHash,
        /// What is wrong with them.
        reason: &'static str,
    },
    /// A value could not be turned into bytes, or into too many. It was returned, but not stored in the shared tier.
    Unsealed {
        /// The cache.
        cache: &'a CacheName,
        /// The key.
        key: KeyHash,
        /// What was wrong.
        error: &'a Error,
    },
    /// The shared tier did not answer in time, or refused. The operation went on without it.
    Degraded {
        /// The cache.
        cache: &'a CacheName,
        /// What was wrong.
        error: &'a Error,
    },
    /// Notices may have been missed; what they could have concerned is suspect now. `None`: everything.
    Flushed {
        /// The chain with the gap.
        chain: Option<Chain>,
    },
    /// A cache that was to begin warm begins: with what it got before its deadline.
    Warmed {
        /// The cache.
        cache: &'a CacheName,
        /// How many keys it wanted.
        wanted: u64,
        /// How many of those it fetched and kept.
        kept: u64,
    },
    /// The breaker of the shared tier has changed its state. While it is not closed, nothing else is told of reads and
    /// writes that go on without.
    Breaker {
        /// What it is now.
        state: BreakerState,
    },
}
