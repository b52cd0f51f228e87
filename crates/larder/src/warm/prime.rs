//! What users call.

use std::sync::Arc;

use larder_core::{CacheKey, Key, Result};
use tokio::time::timeout;

use crate::cache::Cache;
use crate::warm::{Progress, Warmth};

impl<K, V> Cache<K, V>
where
    K: CacheKey<Owned = K> + Send + Sync + 'static,
    V: Send + Sync + 'static,
{
    /// Fetches these keys from the shared tier into this process, in batches, and loads none. For an instance whose keys are
    /// known from elsewhere: from the one that it is to replace, or from a list.
    ///
    /// It goes by the batches, the concurrency and the deadline of the cache's [warm start](crate::CacheBuilder::warm_start),
    /// or of the usual one.
    ///
    /// # Errors
    ///
    /// Only if a key is empty or too long. What the shared tier did not say in time is not [asked](Warmth::asked).
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, what was fetched stays.
    ///
    /// # Examples
    ///
    /// ```
    /// # use larder::{Cache, Larder};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> larder::Result<()> {
    /// # let larder = Larder::builder("test.shop").embedded().build().await?;
    /// # let products: Cache<u64, String> = larder.cache("product").build()?;
    /// let listed_on_the_front_page = [7_u64, 8, 9];
    /// let warmth = products.prime(&listed_on_the_front_page).await?;
    /// println!("{} of {}", warmth.kept, warmth.wanted);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn prime<'a, Q>(&self, keys: impl IntoIterator<Item = &'a Q>) -> Result<Warmth>
    where
        Q: CacheKey<Owned = K> + ?Sized + 'a,
    {
        let keys = keys.into_iter().map(|key| self.key(key)).collect::<Result<Vec<Key>>>()?;
        let (store, progress) = (&self.store, Arc::new(Progress::default()));
        let pace = store.plan.warm_start.unwrap_or_default();
        progress.begin(store.shelf.now());
        let is_late = timeout(pace.deadline, store.fetch_ahead(keys, pace, &progress)).await.is_err();
        if is_late {
            tracing::debug!(cache = %store.name, "not all was fetched in time");
        }
        progress.end(store.shelf.now());
        Ok(progress.snapshot(store.shelf.now()))
    }

    /// How far its [warm start](crate::CacheBuilder::warm_start) has come. One that has none has fetched nothing.
    pub fn warmth(&self) -> Warmth {
        self.store.warmth.snapshot(self.store.shelf.now())
    }
}
