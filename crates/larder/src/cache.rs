//! A cache, as its users hold it.

use std::error::Error as StdError;
use std::fmt;
use std::future::Future;
use std::sync::Arc;

use larder_core::{CacheKey, CacheName, Entry, Error, ErrorKind, Key, Lookup, Moment, Result};

use crate::answer::Answer;
use crate::configuration::Configuration;
use crate::explain::Explanation;
use crate::hit::{Hit, Tier};
use crate::loader::{Load, Loader};
use crate::owner::Owner;
use crate::reading::Reading;
use crate::shelves::Shelved;
use crate::stats::CacheStats;
use crate::store::Store;
use crate::survey::Survey;

/// One cache: values of one type, by keys of one type, in two tiers.
///
/// Cloning it copies two pointers; all clones are the same cache. It is made by [`Larder::cache`](crate::Larder::cache).
///
/// # Which read to use
///
/// | | reads the tiers | loads |
/// |---|---|---|
/// | [`get`](Self::get) | yes | never |
/// | [`get_or_load`](Self::get_or_load) | yes | what is missing, with a loader that comes with the call |
/// | [`load`](Self::load) | yes | what is missing, with the loader that the cache was built with |
/// | [`get_or_revalidate`](Self::get_or_revalidate) | yes | what is missing or stale, with a loader that is shown the old value |
/// | [`refresh`](Self::refresh) | no | always |
///
/// All that load share one load per key: in the process by waiting for each other, in the fleet by a lease. Only
/// [`refresh`](Self::refresh) joins none that began before it. A caller who is cancelled leaves, and the load goes on for the
/// others.
///
/// A key may be borrowed: `&str` finds what `String` stored. A number needs its type: `&7_u64`.
///
/// # Examples
///
/// ```
/// use larder::{Cache, Larder};
///
/// # async fn find_name(id: u64) -> Result<String, std::io::Error> { Ok(format!("user {id}")) }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> larder::Result<()> {
/// let larder = Larder::builder("test.shop").embedded().build().await?;
/// let names: Cache<u64, String> = larder.cache("name").build()?;
///
/// let name = names.get_or_load(&7_u64, find_name).await?;
/// assert_eq!(*name, "user 7");
///
/// // COMMIT first, then:
/// let _receipt = names.invalidate(&7_u64).await?;
/// assert!(names.get(&7_u64).await?.is_none());
/// # Ok(())
/// # }
/// ```
pub struct Cache<K, V> {
    pub(crate) store: Arc<Store<V>>,
    pub(crate) typed: Arc<Typed<K, V>>,
}

/// What of a cache knows the type of its keys.
pub(crate) struct Typed<K, V> {
    pub(crate) loader: Option<Loader<K, V>>,
    pub(crate) configuration: Configuration,
    /// Keeps the process's part of the fleet alive.
    pub(crate) owner: Arc<Owner>,
}

impl<K, V> Cache<K, V>
where
    K: CacheKey<Owned = K> + Send + Sync + 'static,
    V: Send + Sync + 'static,
{
    /// Reads the tiers, and never loads. `None` if they do not have it, if it is not fresh, or if they know that there is
    /// no such value.
    ///
    /// # Errors
    ///
    /// Only if the key is empty or too long. A shared tier that does not answer is a miss.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost if the future is dropped.
    pub async fn get<Q>(&self, key: &Q) -> Result<Option<Hit<V>>>
    where
        Q: CacheKey<Owned = K> + ?Sized,
    {
        let reading = {
            let now = self.store.shelf.now();
            match self.store.shelf.get_at(key, now) {
                Lookup::Fresh(entry) | Lookup::Due(entry) => {
                    let hit = Hit::new(entry, Tier::Local, now);
                    self.store.counters.hit(hit.as_ref());
                    return Ok(hit);
                }
                // Boxed, and in a block of its own, so that the future of a hit is small.
                lookup => Box::pin(self.store.look_on(self.key(key)?, lookup)),
            }
        };
        let hit = reading.await;
        self.store.counters.looked(hit.as_ref());
        Ok(hit)
    }

    /// Reads the tiers, and loads what they do not have: once, however many want it at the same time.
    ///
    /// The loader is given the key. It may return a value, an `Option` of one, or an [`Answer`] that also says what to do
    /// with it. Its read of the origin must begin in the call: one inside an older snapshot transaction may return what
    /// has been invalidated since.
    ///
    /// # Errors
    ///
    /// - [`ErrorKind::Missing`] if the origin has no such value. See [`Optional`](crate::Optional).
    /// - [`ErrorKind::Load`] if the loader fails or panics; its own error is in
    ///   [`loader_error`](crate::Error::loader_error). All who waited for the load are told.
    /// - [`ErrorKind::Elapsed`] if it takes longer than the cache's load deadline.
    /// - [`ErrorKind::Invalid`], [`ErrorKind::TooLarge`] if the key is empty or too long, or if what the loader wants cannot be:
    ///   a time to live of years, 65 tags.
    /// - [`ErrorKind::Closed`] after a shutdown, or if one aborts the load.
    ///
    /// Where there is a value that is no longer fresh, it is returned instead of the first three errors, unless the cache
    /// is built [otherwise](crate::CacheBuilder::stale_if_error).
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, a load that has begun goes on, and its result is kept.
    pub async fn get_or_load<Q, F, L, A, E>(&self, key: &Q, load: F) -> Result<Hit<V>>
    where
        Q: CacheKey<Owned = K> + ?Sized,
        F: FnOnce(K) -> L + Send + 'static,
        L: Future<Output = Result<A, E>> + Send + 'static,
        A: Into<Answer<V>>,
        E: Into<Box<dyn StdError + Send + Sync>>,
    {
        if let Some((entry, now)) = self.store.fresh(key) {
            return self.found(entry, now);
        }
        Box::pin(self.reading().get_or_load(key, load)).await
    }

    /// Reads the tiers, and loads what they do not have with the [loader](crate::CacheBuilder::loader) that the cache
    /// was built with.
    ///
    /// # Errors
    ///
    /// As [`get_or_load`](Self::get_or_load), and [`ErrorKind::Invalid`] if the cache has no loader.
    ///
    /// # Cancel safety
    ///
    /// As [`get_or_load`](Self::get_or_load).
    pub async fn load<Q>(&self, key: &Q) -> Result<Hit<V>>
    where
        Q: CacheKey<Owned = K> + ?Sized,
    {
        if let Some((entry, now)) = self.store.fresh(key) {
            return self.found(entry, now);
        }
        Box::pin(self.reading().load(key)).await
    }

    /// The same as [`get_or_load`](Self::get_or_load), with a loader that is shown the value that there was before, if
    /// that is still known: it may answer that [nothing has changed](Answer::not_modified).
    ///
    /// # Errors
    ///
    /// As [`get_or_load`](Self::get_or_load).
    ///
    /// # Cancel safety
    ///
    /// As [`get_or_load`](Self::get_or_load).
    pub async fn get_or_revalidate<Q, F, L, A, E>(&self, key: &Q, load: F) -> Result<Hit<V>>
    where
        Q: CacheKey<Owned = K> + ?Sized,
        F: FnOnce(Load<K, V>) -> L + Send + 'static,
        L: Future<Output = Result<A, E>> + Send + 'static,
        A: Into<Answer<V>>,
        E: Into<Box<dyn StdError + Send + Sync>>,
        V: Clone,
    {
        if let Some((entry, now)) = self.store.fresh(key) {
            return self.found(entry, now);
        }
        Box::pin(self.reading().get_or_revalidate(key, load)).await
    }

    /// Loads, whatever the tiers have, and replaces it there. Loads that began before do not take its place again.
    ///
    /// # Errors
    ///
    /// As [`load`](Self::load), but that a failed load is an error though there is a stale value.
    ///
    /// # Cancel safety
    ///
    /// As [`get_or_load`](Self::get_or_load).
    pub async fn refresh<Q>(&self, key: &Q) -> Result<Hit<V>>
    where
        Q: CacheKey<Owned = K> + ?Sized,
    {
        self.reading().forced().load(key).await
    }

    /// The same with a loader that comes with the call.
    ///
    /// # Errors
    ///
    /// As [`refresh`](Self::refresh).
    ///
    /// # Cancel safety
    ///
    /// As [`get_or_load`](Self::get_or_load).
    pub async fn refresh_with<Q, F, L, A, E>(&self, key: &Q, load: F) -> Result<Hit<V>>
    where
        Q: CacheKey<Owned = K> + ?Sized,
        F: FnOnce(K) -> L + Send + 'static,
        L: Future<Output = Result<A, E>> + Send + 'static,
        A: Into<Answer<V>>,
        E: Into<Box<dyn StdError + Send + Sync>>,
    {
        self.reading().forced().get_or_load(key, load).await
    }

    /// A read that goes otherwise than usual: past a tier, or at least as fresh as a [`Receipt`](crate::Receipt).
    pub fn reading(&self) -> Reading<'_, K, V> {
        Reading::new(self)
    }

    /// Whether this process can answer for the key by itself: with a value, or knowing that there is none.
    pub fn contains_local<Q>(&self, key: &Q) -> bool
    where
        Q: CacheKey<Owned = K> + ?Sized,
    {
        matches!(self.store.shelf.get(key), Lookup::Fresh(_) | Lookup::Due(_))
    }

    /// Says what every tier has under a key, and why that is or is not served. It loads and stores nothing, and otherwise counts
    /// as a read.
    ///
    /// # Errors
    ///
    /// If the key is empty or too long.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost if the future is dropped.
    pub async fn explain<Q>(&self, key: &Q) -> Result<Explanation>
    where
        Q: CacheKey<Owned = K> + ?Sized,
    {
        let key = self.key(key)?;
        Ok(Box::pin(self.store.explain(&key)).await)
    }

    /// Begins to look at the forms in which its values are stored in the shared tier: how far a
    /// [migration](crate::guide::migration) is.
    ///
    /// # Errors
    ///
    /// `Invalid` if it stores nothing in a shared tier.
    pub fn survey(&self) -> Result<Survey> {
        self.store.survey()
    }

    /// What it has done in this process.
    pub fn stats(&self) -> CacheStats {
        self.store.stats()
    }

    /// Its name.
    pub fn name(&self) -> &CacheName {
        &self.store.name
    }

    /// How it is set up.
    pub fn configuration(&self) -> &Configuration {
        &self.typed.configuration
    }

    pub(crate) fn key<Q: CacheKey + ?Sized>(&self, key: &Q) -> Result<Key> {
        self.store.shelf.key(key)
    }

    pub(crate) fn loader(&self) -> Result<Loader<K, V>> {
        self.typed.loader.clone().ok_or_else(|| {
            Error::new(ErrorKind::Invalid, "the cache was built without a loader")
                .with("cache", &self.store.name)
        })
    }

    #[inline]
    fn found(&self, entry: Arc<Entry<V>>, now: Moment) -> Result<Hit<V>> {
        let hit = Hit::new(entry, Tier::Local, now);
        self.store.counters.hit(hit.as_ref());
        hit.ok_or_else(|| self.store.missing())
    }
}

impl<K, V> Clone for Cache<K, V> {
    fn clone(&self) -> Self {
        Self { store: self.store.clone(), typed: self.typed.clone() }
    }
}

impl<K, V> fmt::Debug for Cache<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cache")
            .field("name", &self.store.name)
            .field("configuration", &self.typed.configuration)
            .finish_non_exhaustive()
    }
}
