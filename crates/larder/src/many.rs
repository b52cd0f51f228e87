//! Reads of many keys, as users call them.

use std::error::Error as StdError;
use std::future::Future;
use std::sync::Arc;

use larder_core::{CacheKey, Key, Result};

use crate::answer::Answer;
use crate::bulk::Wanted;
use crate::cache::Cache;
use crate::hit::Hit;
use crate::loader::{BulkLoader, boxed_bulk};
use crate::reading::Reading;

impl<K, V> Cache<K, V>
where
    K: CacheKey<Owned = K> + Send + Sync + 'static,
    V: Send + Sync + 'static,
{
    /// Reads the tiers for many keys, and never loads. The shared tier is asked once for all that this process does not
    /// have. The hits are in the order of the keys.
    ///
    /// # Errors
    ///
    /// Only if a key is empty or too long.
    ///
    /// # Cancel safety
    ///
    /// As [`get`](Self::get).
    pub async fn get_many<'a, Q>(&self, keys: impl IntoIterator<Item = &'a Q>) -> Result<Vec<Option<Hit<V>>>>
    where
        Q: CacheKey<Owned = K> + ?Sized + 'a,
    {
        self.reading().get_many(keys).await
    }

    /// Reads the tiers for many keys, and loads what they do not have, in one call of the loader: except for those keys
    /// that somebody else is loading already, for which it waits. The hits are in the order of the keys.
    ///
    /// The loader is given keys, and returns pairs of a key and its value. Keys that it leaves out do not exist at the
    /// origin. It may be called again, for keys that somebody else was to load and did not.
    ///
    /// # Errors
    ///
    /// As [`get_or_load`](Self::get_or_load), but for keys that do not exist, which are `None`. The first error is returned;
    /// what was loaded is kept.
    ///
    /// # Cancel safety
    ///
    /// As [`get_or_load`](Self::get_or_load).
    ///
    /// # Examples
    ///
    /// ```
    /// # use larder::{Cache, Larder};
    /// # async fn select_names(ids: Vec<u64>) -> Result<Vec<(u64, String)>, std::io::Error> {
    /// #     Ok(ids.into_iter().filter(|id| *id < 3).map(|id| (id, format!("user {id}"))).collect())
    /// # }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> larder::Result<()> {
    /// # let larder = Larder::builder("test.shop").embedded().build().await?;
    /// # let names: Cache<u64, String> = larder.cache("name").build()?;
    /// let found = names.get_many_or_load(&[1_u64, 2, 3], select_names).await?;
    /// assert_eq!(found[0].as_deref(), Some(&"user 1".to_owned()));
    /// assert!(found[2].is_none());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn get_many_or_load<'a, Q, F, L, B, A, E>(
        &self,
        keys: impl IntoIterator<Item = &'a Q>,
        load: F,
    ) -> Result<Vec<Option<Hit<V>>>>
    where
        Q: CacheKey<Owned = K> + ?Sized + 'a,
        F: Fn(Vec<K>) -> L + Send + Sync + 'static,
        L: Future<Output = Result<B, E>> + Send + 'static,
        B: IntoIterator<Item = (K, A)>,
        A: Into<Answer<V>>,
        E: Into<Box<dyn StdError + Send + Sync>>,
    {
        self.reading().get_many_or_load(keys, load).await
    }
}

impl<K, V> Reading<'_, K, V>
where
    K: CacheKey<Owned = K> + Send + Sync + 'static,
    V: Send + Sync + 'static,
{
    /// As [`Cache::get_many`].
    ///
    /// # Errors
    ///
    /// As [`Cache::get_many`].
    ///
    /// # Cancel safety
    ///
    /// As [`Cache::get_many`].
    pub async fn get_many<'a, Q>(self, keys: impl IntoIterator<Item = &'a Q>) -> Result<Vec<Option<Hit<V>>>>
    where
        Q: CacheKey<Owned = K> + ?Sized + 'a,
    {
        let cache = self.cache();
        let keys = keys.into_iter().map(|key| cache.key(key)).collect::<Result<Vec<_>>>()?;
        Box::pin(async move {
            let route = self.caught_up(&keys).await;
            let hits = cache.store.look_for(&keys, route).await;
            for hit in &hits {
                cache.store.counters.looked(hit.as_ref());
            }
            Ok(hits)
        })
        .await
    }

    /// As [`Cache::get_many_or_load`].
    ///
    /// # Errors
    ///
    /// As [`Cache::get_many_or_load`].
    ///
    /// # Cancel safety
    ///
    /// As [`Cache::get_many_or_load`].
    pub async fn get_many_or_load<'a, Q, F, L, B, A, E>(
        self,
        keys: impl IntoIterator<Item = &'a Q>,
        load: F,
    ) -> Result<Vec<Option<Hit<V>>>>
    where
        Q: CacheKey<Owned = K> + ?Sized + 'a,
        F: Fn(Vec<K>) -> L + Send + Sync + 'static,
        L: Future<Output = Result<B, E>> + Send + 'static,
        B: IntoIterator<Item = (K, A)>,
        A: Into<Answer<V>>,
        E: Into<Box<dyn StdError + Send + Sync>>,
    {
        let cache = self.cache();
        let owned = |key: &'a Q| Ok((cache.key(key)?, key.to_owned_key()));
        let asked = keys.into_iter().map(owned).collect::<Result<Vec<(Key, K)>>>()?;
        let keys: Vec<Key> = asked.iter().map(|(key, _)| key.clone()).collect();
        let wanted: Wanted<K> = asked.into_iter().collect();
        let load = Arc::new(load);
        let load: BulkLoader<K, V> = Arc::new(move |keys| {
            let load = load.clone();
            boxed_bulk(async move { load(keys).await })
        });
        Box::pin(async move {
            let route = self.caught_up(&keys).await;
            let counters = &cache.store.counters;
            let known = cache.store.clone().fetch_all(wanted, route, load).await;
            let known = known.inspect_err(|_| keys.iter().for_each(|_| counters.failed()))?;
            let hits: Vec<_> = keys.iter().map(|key| known.get(key).cloned().flatten()).collect();
            for hit in &hits {
                counters.fetched_one(hit.as_ref());
            }
            Ok(hits)
        })
        .await
    }
}
