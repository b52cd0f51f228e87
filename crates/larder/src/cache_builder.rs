//! How a cache is set up.

mod settings;
mod warm;

use std::error::Error as StdError;
use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::sync::{Arc, Weak};
use std::time::Duration;

use larder_codec::{Bincode, Envelope};
use larder_core::{
    CacheKey, CacheName, Cacheable, Capacity, Namespace, Result, Shelf, Vigilance, WhileDisconnected,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::answer::Answer;
use crate::cache::{Cache, Typed};
use crate::configuration::Configuration;
use crate::flight::Flights;
use crate::loader::{Loader, boxed};
use crate::owner::Owner;
use crate::rest::Rests;
use crate::stats::Counters;
use crate::store::{StaleIfError, Store};
use crate::tiers::Tiers;
use crate::warm::{Progress, Sketch};
use settings::Settings;
use warm::WarmLoads;

/// Sets up a [`Cache`]. Made by [`Larder::cache`](crate::Larder::cache).
///
/// What cannot work is an error of [`build`](Self::build), with the name and the value of the setting.
///
/// # Examples
///
/// ```
/// use larder::{Cache, Larder};
/// use std::time::Duration;
///
/// # async fn price_of(_: u32) -> Result<u64, std::io::Error> { Ok(100) }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> larder::Result<()> {
/// # let larder = Larder::builder("test.shop").embedded().build().await?;
/// let prices: Cache<u32, u64> = larder
///     .cache("price")
///     .capacity(100_000)
///     .time_to_live(Duration::from_secs(3_600))
///     .loader(price_of)
///     .build()?;
///
/// assert_eq!(*prices.load(&7_u32).await?, 100);
/// println!("{}", prices.configuration());
/// # Ok(())
/// # }
/// ```
#[must_use]
pub struct CacheBuilder<K, V> {
    owner: Arc<Owner>,
    name: String,
    envelope: Option<Envelope<V>>,
    loader: Option<Loader<K, V>>,
    weigher: Option<Weigher<V>>,
    warm_loads: Option<WarmLoads<K>>,
    settings: Settings,
    keys: PhantomData<fn(K)>,
}

type Weigher<V> = Box<dyn Fn(&V) -> u32 + Send + Sync>;

impl<K, V> CacheBuilder<K, V>
where
    K: CacheKey<Owned = K> + Send + Sync + 'static,
    V: Send + Sync + 'static,
{
    pub(crate) fn new(owner: Arc<Owner>, name: String) -> Self {
        let settings = Settings::default();
        Self {
            owner,
            name,
            envelope: None,
            loader: None,
            weigher: None,
            warm_loads: None,
            settings,
            keys: PhantomData,
        }
    }

    /// Sets which tiers it makes use of.
    ///
    /// Default: [`Tiers::BOTH`].
    pub fn tiers(mut self, tiers: Tiers) -> Self {
        self.settings.tiers = tiers;
        self
    }

    /// Sets how many entries it holds in this process.
    ///
    /// Default: 10,000, or its part of [the limit of the process](crate::LarderBuilder::capacity).
    pub fn capacity(mut self, entries: u64) -> Self {
        self.settings.capacity = Some(Capacity::Entries(entries));
        self
    }

    /// Sets how many bytes it holds in this process. What a value owns outside of itself is told by a
    /// [`weigher`](Self::weigher).
    ///
    /// Default: a limit in entries.
    pub fn capacity_in_bytes(mut self, bytes: u64) -> Self {
        self.settings.capacity = Some(Capacity::Bytes(bytes));
        self
    }

    /// Sets how many bytes a value owns outside of itself: the buffers of its strings and vectors.
    ///
    /// Default: none.
    pub fn weigher(mut self, weigh: impl Fn(&V) -> u32 + Send + Sync + 'static) -> Self {
        self.weigher = Some(Box::new(weigh));
        self
    }

    /// Uses quick_cache for the local tier: hits cost a third, and the limit is held less exactly.
    ///
    /// Default: moka.
    #[cfg(feature = "quick")]
    pub fn quick(mut self) -> Self {
        self.settings.engine = settings::Engine::Quick;
        self
    }

    /// Sets how long a value may be kept, in the shared tier.
    ///
    /// Default: ten minutes.
    pub fn time_to_live(mut self, time_to_live: Duration) -> Self {
        self.settings.time_to_live = time_to_live;
        self
    }

    /// Sets how long a value is fresh. From then on it is loaded anew by who reads it, and served only if that fails.
    ///
    /// Default: its whole time to live.
    pub fn fresh_for(mut self, fresh_for: Duration) -> Self {
        self.settings.fresh_for = Some(fresh_for);
        self
    }

    /// Sets how long a copy stays in this process at most.
    ///
    /// Default: the time to live, and no more than a minute. It is never longer than the time to live.
    pub fn local_time_to_live(mut self, stay: Duration) -> Self {
        self.settings.local_time_to_live = Some(stay);
        self
    }

    /// Sets how long it is known that the origin has no value. It is never longer than the time to live.
    ///
    /// Default: ten seconds.
    pub fn negative_time_to_live(mut self, time_to_live: Duration) -> Self {
        self.settings.negative_time_to_live = time_to_live;
        self
    }

    /// Lets entries in this process go that were not hit for so long.
    ///
    /// Default: they stay.
    pub fn time_to_idle(mut self, idle: Duration) -> Self {
        self.settings.time_to_idle = Some(idle);
        self
    }

    /// Sets up to how many percent a lifetime is shortened by chance, so that what was stored together does not expire
    /// together.
    ///
    /// Default: 10.
    pub fn jitter(mut self, percent: u8) -> Self {
        self.settings.jitter_percent = percent;
        self
    }

    /// Sets how long a load may take, the wait for another instance's load included.
    ///
    /// Default: 30 seconds.
    pub fn load_deadline(mut self, deadline: Duration) -> Self {
        self.settings.load_deadline = deadline;
        self
    }

    /// Sets what the local tier is good for while the bus cannot say what was invalidated.
    ///
    /// Default: [`WhileDisconnected::Bounded`].
    pub fn while_disconnected(mut self, what: WhileDisconnected) -> Self {
        self.settings.while_disconnected = what;
        self
    }

    /// Sets when a hit asks whether the bus is in sync.
    ///
    /// Default: [`Vigilance::Watchdog`].
    pub fn vigilance(mut self, vigilance: Vigilance) -> Self {
        self.settings.vigilance = vigilance;
        self
    }

    /// Sets what a reader gets whose load fails where there is a value that is no longer fresh.
    ///
    /// Default: [`StaleIfError::Serve`].
    pub fn stale_if_error(mut self, what: StaleIfError) -> Self {
        self.settings.stale_if_error = what;
        self
    }

    /// Sets for how long a key is left alone whose load has failed, if there is something stale to serve instead. Otherwise
    /// each reader would ask an origin that is down, and wait for the answer.
    ///
    /// Default: one second.
    pub fn rest_after_error(mut self, rest: Duration) -> Self {
        self.settings.rest_after_error = rest;
        self
    }

    /// Serves what is no longer fresh at once, marked as stale, while one load for the whole fleet replaces it. It is a
    /// [`soft_timeout`](Self::soft_timeout) of zero.
    ///
    /// Default: readers wait for the load.
    pub fn stale_while_revalidate(self) -> Self {
        self.soft_timeout(Duration::ZERO)
    }

    /// Sets for how long a reader waits for loads where there is a value that is no longer fresh: past its fresh time, or
    /// [expired](crate::Cache::expire). Then it is served that, marked as stale, and the load goes on without it.
    ///
    /// Default: for as long as the load takes.
    pub fn soft_timeout(mut self, patience: Duration) -> Self {
        self.settings.soft_timeout = Some(patience);
        self
    }

    /// Has values refreshed when this share of their fresh time is over, if they are read then with a loader: one load for
    /// the whole fleet, for which no reader waits. Reads of many keys at once, and reads that never load, leave that to
    /// others.
    ///
    /// Default: never before it is over.
    pub fn refresh_ahead(mut self, share: f64) -> Self {
        self.settings.early.share = Some(share);
        self
    }

    /// The same at a moment that each copy draws for itself: the costlier the load, the earlier before the end of the fresh
    /// time, by the load's cost on the average, times `eagerness`. Of many instances the first refreshes for all.
    ///
    /// One is a good eagerness. With copies that stay for a shorter time than values are fresh, see to it that the
    /// [stay](Self::local_time_to_live) is well above the cost of a load.
    ///
    /// Default: never.
    pub fn refresh_by_chance(mut self, eagerness: f64) -> Self {
        self.settings.early.eagerness = Some(eagerness);
        self
    }

    /// Sets how many loads may be under way in this process at a time, so that a cache that is cold cannot drown its origin.
    /// The others wait [for their turn](Self::load_queue). A load of many keys counts as one.
    ///
    /// Default: no limit.
    pub fn concurrent_loads(mut self, most: usize) -> Self {
        self.settings.concurrent_loads = Some(most);
        self
    }

    /// Sets how long a load waits for its turn. Then it fails with [`Overloaded`](crate::ErrorKind::Overloaded), as any load may:
    /// where there is something stale, readers are served that.
    ///
    /// Default: one second.
    pub fn load_queue(mut self, patience: Duration) -> Self {
        self.settings.load_queue = patience;
        self
    }

    /// Sets the loader that [`Cache::load`] and [`Cache::refresh`] use.
    ///
    /// Default: none.
    pub fn loader<F, L, A, E>(mut self, load: F) -> Self
    where
        F: Fn(K) -> L + Send + Sync + 'static,
        L: Future<Output = Result<A, E>> + Send + 'static,
        A: Into<Answer<V>>,
        E: Into<Box<dyn StdError + Send + Sync>>,
    {
        let load = Arc::new(load);
        self.loader = Some(Arc::new(move |key| {
            let load = load.clone();
            boxed(async move { load(key).await })
        }));
        self
    }

    /// Sets how values are written down for the shared tier: format, schema, compression, limit; and in which other forms
    /// they are still read or written during a [migration](crate::guide::migration).
    ///
    /// Default: bincode, under the schema that the type declares, compressed by lz4 from 1 KiB on.
    pub fn envelope(mut self, envelope: Envelope<V>) -> Self {
        self.envelope = Some(envelope);
        self
    }

    /// Builds the cache.
    ///
    /// # Errors
    ///
    /// [`Invalid`](crate::ErrorKind::Invalid) with the name and the value of a setting that cannot work, or if a cache of that
    /// name is open in this process. [`Refused`](crate::ErrorKind::Refused) by a [deploy guard](crate::LarderBuilder::deploy_guard).
    pub fn build(mut self) -> Result<Cache<K, V>>
    where
        V: Cacheable + Serialize + DeserializeOwned,
    {
        if self.envelope.is_none() {
            self.envelope = Some(Envelope::new(Bincode));
        }
        self.build_as_it_is()
    }

    /// Builds a cache whose values are never written down, and need not be such as can be: it stays in this process's
    /// memory, unless it is given an [`envelope`](Self::envelope). Invalidations still go to all instances, and come from
    /// them.
    ///
    /// # Errors
    ///
    /// As [`build`](Self::build).
    pub fn build_local(mut self) -> Result<Cache<K, V>> {
        if self.envelope.is_none() {
            self.settings.tiers = self.settings.tiers.without_remote();
        }
        self.build_as_it_is()
    }

    fn build_as_it_is(self) -> Result<Cache<K, V>> {
        let Self { owner, name, envelope, loader, weigher, warm_loads, settings, keys: _ } = self;
        let (name, node) = (CacheName::new(name)?, owner.node.clone());
        if let Some(envelope) = &envelope {
            envelope.verify().map_err(|error| error.with("cache", &name))?;
        }
        let plan = settings.plan(&owner.local).map_err(|error| error.with("cache", &name))?;
        let namespace = Namespace::new(node.app.clone(), name.clone());
        let local = settings.local(&owner.local);
        let shelf = settings.shelf(Shelf::new(namespace, local, node.coherence.fence.clone()), &node)?;
        let shelf = match weigher {
            Some(weigh) => shelf.weigher(weigh),
            None => shelf,
        };
        let configuration = Configuration::new(&name, settings.told(&plan, envelope.as_ref(), &owner.local));
        let bulkhead = settings.bulkhead().map_err(|error| error.with("cache", &name))?;
        let (flights, rests) = (Flights::new(), Rests::new());
        let loads = warm::loads(warm_loads, loader.as_ref()).map_err(|error| error.with("cache", &name))?;
        let reads = plan.warm_start.map(|how| Arc::new(Sketch::new(how.most_of_recent() as usize)));
        let counters = Counters::new(envelope.iter().flat_map(Envelope::forms), reads.clone());
        let warmth = Arc::new(Progress::default());
        let store = Store { node, name, shelf, flights, envelope, rests, bulkhead, plan, counters, warmth };
        let store = Arc::new(store);
        let weak: Weak<Store<V>> = Arc::downgrade(&store);
        store.node.coherence.shelves.open(&store.name, weak)?;
        if let Some(layout) = store.layout() {
            store.node.registry.admit(layout)?;
        }
        // A map that caches share may still hold what one of this name left there, deaf to what happened since.
        store.shelf.clear();
        tracing::info!(%configuration, "cache opened");
        if let Some(reads) = reads {
            warm::begin(&store, reads, loads)?;
        }
        Ok(Cache { store, typed: Arc::new(Typed { loader, configuration, owner }) })
    }
}

impl<K, V> fmt::Debug for CacheBuilder<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CacheBuilder")
            .field("name", &self.name)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}
