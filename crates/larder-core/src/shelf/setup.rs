//! How a shelf is set up.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use super::Shelf;
use crate::clock::Clock;
use crate::entry::Entry;
use crate::fence::Fence;
use crate::key::Namespace;
use crate::ledger::TagLedger;
use crate::local::Local;
use crate::lookup::Vigilance;
use crate::policy::{Ttl, WhileDisconnected};

impl<V: Send + Sync + 'static> Shelf<V> {
    /// A shelf on `local` for the keys of `namespace`. All shelves of an app share one fence.
    pub fn new(namespace: Namespace, local: Arc<dyn Local<Arc<Entry<V>>>>, fence: Arc<Fence>) -> Self {
        Self {
            namespace,
            local,
            fence,
            tags: Arc::default(),
            clock: Clock::default(),
            cleared: AtomicU64::new(0),
            cleared_at: AtomicU64::new(0),
            idle: None,
            vigilance: Vigilance::default(),
            disconnected: WhileDisconnected::Bypass,
            asks_for_trust: false,
            bound: Duration::ZERO,
            weigh: Box::new(|_| 0),
        }
    }

    /// Sets what is known of invalidated tags; shared by all shelves of an app.
    ///
    /// Default: nothing is known.
    #[must_use]
    pub fn tags(self, tags: Arc<TagLedger>) -> Self {
        Self { tags, ..self }
    }

    /// Sets the clock.
    ///
    /// Default: [`Clock::coarse`].
    #[must_use]
    pub fn clock(self, clock: Clock) -> Self {
        Self { clock, ..self }
    }

    /// Lets entries go that were not hit for so long.
    ///
    /// Default: they stay until they expire.
    #[must_use]
    pub fn time_to_idle(self, idle: Ttl) -> Self {
        Self { idle: Some(idle), ..self }
    }

    /// Sets when a hit asks whether the bus is in sync.
    ///
    /// Default: [`Vigilance::Watchdog`].
    #[must_use]
    pub fn vigilance(self, vigilance: Vigilance) -> Self {
        let asks_for_trust =
            vigilance == Vigilance::EveryHit || self.disconnected == WhileDisconnected::Serve;
        Self { vigilance, asks_for_trust, ..self }
    }

    /// Sets what is kept and served while the bus is out of sync, and for how long it may hide that it has lost something.
    ///
    /// Default: nothing.
    #[must_use]
    pub fn while_disconnected(self, disconnected: WhileDisconnected, bound: Duration) -> Self {
        let asks_for_trust =
            self.vigilance == Vigilance::EveryHit || disconnected == WhileDisconnected::Serve;
        Self { disconnected, asks_for_trust, bound, ..self }
    }

    /// Sets how many bytes a value owns outside of itself: the buffers of its strings and vectors.
    ///
    /// Default: none.
    #[must_use]
    pub fn weigher(self, weigh: impl Fn(&V) -> u32 + Send + Sync + 'static) -> Self {
        Self { weigh: Box::new(weigh), ..self }
    }
}
