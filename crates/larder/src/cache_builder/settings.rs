//! What a builder was told, and what follows from it.

use std::sync::Arc;
use std::time::Duration;

use larder_codec::Envelope;
use larder_core::{
    Capacity, Entry, Error, ErrorKind, Jitter, Lifetime, Local, Result, Shared, Shelf, Ttl, Vigilance,
    WhileDisconnected,
};
use larder_moka::MokaLocal;
#[cfg(feature = "quick")]
use larder_quick::QuickLocal;

use crate::bulkhead::Bulkhead;
use crate::node::Node;
use crate::owner::ProcessLocal;
use crate::refresh::Early;
use crate::store::{Plan, StaleIfError};
use crate::tiers::Tiers;
use crate::warm::WarmStart;

/// How many entries a cache holds in this process if nothing is said.
const USUAL_CAPACITY: Capacity = Capacity::Entries(10_000);

/// How long a copy stays in a process at most if nothing is said: whatever goes wrong, it is not older than that.
const USUAL_STAY: Duration = Duration::from_secs(60);

/// More at a time are not limited by anything that could be limited here.
const MOST_LOADS: usize = 1_000_000;

/// Every setting of a cache as it was told.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) tiers: Tiers,
    pub(super) engine: Engine,
    pub(super) capacity: Option<Capacity>,
    pub(super) time_to_live: Duration,
    pub(super) fresh_for: Option<Duration>,
    pub(super) local_time_to_live: Option<Duration>,
    pub(super) negative_time_to_live: Duration,
    pub(super) time_to_idle: Option<Duration>,
    pub(super) jitter_percent: u8,
    pub(super) load_deadline: Duration,
    pub(super) while_disconnected: WhileDisconnected,
    pub(super) vigilance: Vigilance,
    pub(super) stale_if_error: StaleIfError,
    pub(super) rest_after_error: Duration,
    pub(super) soft_timeout: Option<Duration>,
    pub(super) early: Early,
    pub(super) concurrent_loads: Option<usize>,
    pub(super) load_queue: Duration,
    pub(super) warm_start: Option<WarmStart>,
}

/// The map that the local tier is made on.
#[derive(Clone, Copy, Debug)]
pub(super) enum Engine {
    Moka,
    #[cfg(feature = "quick")]
    Quick,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            tiers: Tiers::BOTH,
            engine: Engine::Moka,
            capacity: None,
            time_to_live: Duration::from_secs(600),
            fresh_for: None,
            local_time_to_live: None,
            negative_time_to_live: Duration::from_secs(10),
            time_to_idle: None,
            jitter_percent: 10,
            load_deadline: Duration::from_secs(30),
            while_disconnected: WhileDisconnected::default(),
            vigilance: Vigilance::default(),
            stale_if_error: StaleIfError::default(),
            rest_after_error: Duration::from_secs(1),
            soft_timeout: None,
            early: Early::default(),
            concurrent_loads: None,
            load_queue: Duration::from_secs(1),
            warm_start: None,
        }
    }
}

impl Settings {
    /// What the read and the write path go by.
    pub(super) fn plan(&self, process: &ProcessLocal) -> Result<Plan> {
        let time_to_live = ttl("time_to_live", self.time_to_live)?;
        let fresh_for = self.fresh_for.map_or(Ok(time_to_live), |fresh| ttl("fresh_for", fresh))?;
        if fresh_for > time_to_live {
            return Err(invalid(
                "a value cannot be fresh for longer than it lives",
                "fresh_for",
                self.fresh_for,
            ));
        }
        if self.load_deadline.is_zero() {
            return Err(invalid("a load needs time", "load_deadline", self.load_deadline));
        }
        if matches!(self.capacity, Some(Capacity::Entries(0) | Capacity::Bytes(0))) {
            return Err(invalid("a cache without room should be one without a local tier", "capacity", 0));
        }
        let stay = ttl("local_time_to_live", self.local_time_to_live.unwrap_or(USUAL_STAY))?;
        Ok(Plan {
            tiers: self.tiers,
            lifetime: Lifetime::new(time_to_live).fresh_for(fresh_for),
            local_life: stay.min(time_to_live),
            negative_life: ttl("negative_time_to_live", self.negative_time_to_live)?.min(time_to_live),
            jitter: Jitter::percent(self.jitter_percent)?,
            load_deadline: self.load_deadline,
            serves_disconnected: self.while_disconnected == WhileDisconnected::Serve,
            stale_if_error: self.stale_if_error,
            rest: self.rest_after_error,
            soft_timeout: self.soft_timeout,
            early: self.early()?,
            warm_start: self.warm_start()?,
            room: self.room(process),
        })
    }

    fn room(&self, process: &ProcessLocal) -> Option<u64> {
        let own = self.capacity.or_else(|| process.0.is_none().then_some(USUAL_CAPACITY));
        match own? {
            Capacity::Entries(entries) => Some(entries),
            Capacity::Bytes(_) => None,
        }
    }

    fn warm_start(&self) -> Result<Option<WarmStart>> {
        let Some(warm_start) = self.warm_start else {
            return Ok(None);
        };
        if self.tiers != Tiers::BOTH {
            return Err(invalid(
                "what begins warm is fetched from one tier into the other",
                "tiers",
                self.tiers,
            ));
        }
        warm_start.checked(self.capacity).map(Some)
    }

    fn early(&self) -> Result<Early> {
        let Early { share, eagerness } = self.early;
        if let Some(share) = share.filter(|share| !(*share > 0.0 && *share < 1.0)) {
            return Err(invalid("the share must lie between 0 and 1", "refresh_ahead", share));
        }
        if let Some(eagerness) = eagerness.filter(|eagerness| !(*eagerness > 0.0 && eagerness.is_finite())) {
            return Err(invalid("the eagerness must be above 0", "refresh_by_chance", eagerness));
        }
        Ok(self.early)
    }

    /// What is let through to the origin, if there is a limit.
    pub(super) fn bulkhead(&self) -> Result<Option<Bulkhead>> {
        match self.concurrent_loads {
            Some(0) => Err(invalid("a cache that may not load is of no use", "concurrent_loads", 0)),
            Some(most) if most > MOST_LOADS => Err(invalid("so many are no limit", "concurrent_loads", most)),
            most => Ok(most.map(|most| Bulkhead::new(most, self.load_queue))),
        }
    }

    /// A shelf as it was asked for.
    pub(super) fn shelf<V: Send + Sync + 'static>(&self, shelf: Shelf<V>, node: &Node) -> Result<Shelf<V>> {
        let shelf = shelf
            .tags(node.coherence.ledger.clone())
            .clock(node.clock.clone())
            .vigilance(self.vigilance)
            .while_disconnected(self.while_disconnected, node.coherence.bound);
        match self.time_to_idle {
            Some(idle) => Ok(shelf.time_to_idle(ttl("time_to_idle", idle)?)),
            None => Ok(shelf),
        }
    }

    /// A map of the cache's own, or its part of the process's.
    pub(super) fn local<V: Send + Sync + 'static>(
        &self,
        process: &ProcessLocal,
    ) -> Arc<dyn Local<Arc<Entry<V>>>> {
        match (self.capacity, &process.0) {
            (None, Some((_, shared))) => Arc::new(Shared::new(shared.clone())),
            (capacity, _) => {
                let capacity = capacity.unwrap_or(USUAL_CAPACITY);
                match self.engine {
                    Engine::Moka => Arc::new(MokaLocal::new(capacity)),
                    #[cfg(feature = "quick")]
                    Engine::Quick => Arc::new(QuickLocal::new(capacity)),
                }
            }
        }
    }

    /// What is in effect, for people to read.
    pub(super) fn told<V: 'static>(
        &self,
        plan: &Plan,
        envelope: Option<&Envelope<V>>,
        process: &ProcessLocal,
    ) -> Vec<(&'static str, String)> {
        let capacity = match (self.capacity, &process.0) {
            (Some(capacity), _) => format!("{capacity:?}"),
            (None, Some((capacity, _))) => format!("{capacity:?}, shared by all caches of the process"),
            (None, None) => format!("{USUAL_CAPACITY:?}"),
        };
        let shown = |ttl: Ttl| format!("{:?}", ttl.as_duration());
        vec![
            ("tiers", plan.tiers.to_string()),
            ("engine", format!("{:?}", self.engine)),
            ("capacity", capacity),
            ("time_to_live", shown(plan.lifetime.time_to_live())),
            ("fresh_for", shown(plan.lifetime.fresh())),
            ("local_time_to_live", shown(plan.local_life)),
            ("negative_time_to_live", shown(plan.negative_life)),
            ("time_to_idle", or_none(self.time_to_idle)),
            ("jitter", format!("{} %", self.jitter_percent)),
            ("load_deadline", format!("{:?}", plan.load_deadline)),
            ("while_disconnected", format!("{:?}", self.while_disconnected)),
            ("vigilance", format!("{:?}", self.vigilance)),
            ("stale_if_error", format!("{:?}, and a rest of {:?}", plan.stale_if_error, plan.rest)),
            ("soft_timeout", or_none(plan.soft_timeout)),
            ("refresh_ahead", or_none(plan.early.share)),
            ("refresh_by_chance", or_none(plan.early.eagerness)),
            ("concurrent_loads", or_none(self.concurrent_loads)),
            ("load_queue", format!("{:?}", self.load_queue)),
            ("warm_start", or_none(plan.warm_start)),
            ("envelope", envelope.map_or("none".to_owned(), |envelope| format!("{envelope:?}"))),
        ]
    }
}

fn or_none(value: Option<impl std::fmt::Debug>) -> String {
    value.map_or("none".to_owned(), |value| format!("{value:?}"))
}

fn ttl(setting: &'static str, duration: Duration) -> Result<Ttl> {
    Ttl::new(duration).map_err(|error| error.with("setting", setting))
}

fn invalid(reason: &'static str, setting: &'static str, value: impl std::fmt::Debug) -> Error {
    Error::new(ErrorKind::Invalid, reason).with("setting", setting).with("value", format_args!("{value:?}"))
}
