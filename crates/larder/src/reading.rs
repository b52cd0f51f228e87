//! Reads that go otherwise than usual.

use std::error::Error as StdError;
use std::fmt;
use std::future::Future;
use std::slice;

use larder_core::{CacheKey, Key, Result};

use crate::answer::{Answer, Content};
use crate::cache::Cache;
use crate::hit::{Hit, Tier};
use crate::loader::{BoxLoad, Load, boxed};
use crate::receipt::Receipt;
use crate::route::Route;

/// A read of a cache that says how it is to go. Made by [`Cache::reading`].
///
/// # Examples
///
/// ```
/// # use larder::{Cache, Larder};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> larder::Result<()> {
/// # let larder = Larder::builder("test.shop").embedded().build().await?;
/// # let users: Cache<u64, String> = larder.cache("user").build()?;
/// # let receipt = users.invalidate(&7_u64).await?;
/// // A page that must show what its user has just written, wherever that was.
/// let user = users.reading().at_least(&receipt).get(&7_u64).await?;
///
/// // A page for operators that shows what the other instances see.
/// let user = users.reading().skip_local().get(&7_u64).await?;
/// # Ok(())
/// # }
/// ```
#[must_use]
pub struct Reading<'a, K, V> {
    cache: &'a Cache<K, V>,
    route: Route,
    at_least: Option<&'a Receipt>,
}

impl<'a, K, V> Reading<'a, K, V>
where
    K: CacheKey<Owned = K> + Send + Sync + 'static,
    V: Send + Sync + 'static,
{
    pub(crate) fn new(cache: &'a Cache<K, V>) -> Self {
        Self { cache, route: Route::of(cache.store.plan.tiers), at_least: None }
    }

    /// Looks past this process's memory. What is read instead is put there all the same. It shares no load with others, who
    /// might have looked.
    pub fn skip_local(mut self) -> Self {
        self.route = self.route.past_local();
        self
    }

    /// Neither looks at the shared tier nor puts anything there. It shares no load with others, who might do so.
    pub fn skip_remote(mut self) -> Self {
        self.route = self.route.past_remote();
        self
    }

    /// Takes a value that is past its fresh time for an answer, if there is no better one. It is
    /// [marked](Hit::is_stale). Of use to [`get`](Self::get), which does not load.
    pub fn allow_stale(mut self) -> Self {
        self.route.allows_stale = true;
        self
    }

    /// Sees the writes behind a receipt, from whichever instance it came.
    pub fn at_least(mut self, receipt: &'a Receipt) -> Self {
        self.at_least = Some(receipt);
        self
    }

    pub(crate) fn forced(mut self) -> Self {
        self.route = self.route.forced();
        self
    }

    /// As [`Cache::get`].
    ///
    /// # Errors
    ///
    /// As [`Cache::get`].
    ///
    /// # Cancel safety
    ///
    /// As [`Cache::get`].
    pub async fn get<Q>(self, key: &Q) -> Result<Option<Hit<V>>>
    where
        Q: CacheKey<Owned = K> + ?Sized,
    {
        let (cache, key) = (self.cache, self.cache.key(key)?);
        Box::pin(async move {
            let route = self.caught_up(slice::from_ref(&key)).await;
            let hit = cache.store.look(&key, route).await;
            cache.store.counters.looked(hit.as_ref());
            Ok(hit)
        })
        .await
    }

    /// As [`Cache::get_or_load`].
    ///
    /// # Errors
    ///
    /// As [`Cache::get_or_load`].
    ///
    /// # Cancel safety
    ///
    /// As [`Cache::get_or_load`].
    pub async fn get_or_load<Q, F, L, A, E>(self, key: &Q, load: F) -> Result<Hit<V>>
    where
        Q: CacheKey<Owned = K> + ?Sized,
        F: FnOnce(K) -> L + Send + 'static,
        L: Future<Output = Result<A, E>> + Send + 'static,
        A: Into<Answer<V>>,
        E: Into<Box<dyn StdError + Send + Sync>>,
    {
        let owned = key.to_owned_key();
        let load = Box::new(move |_| boxed(async move { load(owned).await }));
        self.fetch(key, load).await
    }

    /// As [`Cache::load`].
    ///
    /// # Errors
    ///
    /// As [`Cache::load`].
    ///
    /// # Cancel safety
    ///
    /// As [`Cache::load`].
    pub async fn load<Q>(self, key: &Q) -> Result<Hit<V>>
    where
        Q: CacheKey<Owned = K> + ?Sized,
    {
        let (owned, loader) = (key.to_owned_key(), self.cache.loader()?);
        self.fetch(key, Box::new(move |_| loader(owned))).await
    }

    /// As [`Cache::get_or_revalidate`].
    ///
    /// # Errors
    ///
    /// As [`Cache::get_or_revalidate`].
    ///
    /// # Cancel safety
    ///
    /// As [`Cache::get_or_revalidate`].
    pub async fn get_or_revalidate<Q, F, L, A, E>(self, key: &Q, load: F) -> Result<Hit<V>>
    where
        Q: CacheKey<Owned = K> + ?Sized,
        F: FnOnce(Load<K, V>) -> L + Send + 'static,
        L: Future<Output = Result<A, E>> + Send + 'static,
        A: Into<Answer<V>>,
        E: Into<Box<dyn StdError + Send + Sync>>,
        V: Clone,
    {
        let (owned, clock) = (key.to_owned_key(), self.cache.store.node.clock.clone());
        let load: BoxLoad<V> = Box::new(move |previous| {
            let previous = previous.and_then(|entry| Hit::new(entry, Tier::Local, clock.now()));
            let kept = previous.clone();
            boxed(async move {
                let mut answer: Answer<V> = load(Load::new(owned, previous)).await?.into();
                if let (Content::NotModified, Some(kept)) = (&answer.content, &kept) {
                    answer.content = Content::Value((**kept).clone());
                    answer.wishes.inherit(kept.tags(), kept.version());
                }
                Ok::<_, E>(answer)
            })
        });
        self.fetch(key, load).await
    }

    async fn fetch<Q>(self, key: &Q, load: BoxLoad<V>) -> Result<Hit<V>>
    where
        Q: CacheKey<Owned = K> + ?Sized,
    {
        let (cache, key) = (self.cache, self.cache.key(key)?);
        Box::pin(async move {
            let route = self.caught_up(slice::from_ref(&key)).await;
            let result = cache.store.clone().fetch(key, route, load).await;
            cache.store.counters.fetched(&result);
            result
        })
        .await
    }

    pub(crate) fn cache(&self) -> &'a Cache<K, V> {
        self.cache
    }

    /// Makes sure that neither tier can show less than the receipt asks for, and says which may be used.
    pub(crate) async fn caught_up(&self, keys: &[Key]) -> Route {
        match self.at_least {
            Some(receipt) => self.cache.store.catch_up(keys, receipt, self.route).await,
            None => self.route,
        }
    }
}

impl<K, V> fmt::Debug for Reading<'_, K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reading").field("route", &self.route).field("at_least", &self.at_least).finish()
    }
}
