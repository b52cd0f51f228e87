//! Keeps a cache in step with the queue.

use std::fmt;

use larder::Cache;
use larder_core::CacheKey;
use tokio::task::JoinSet;

use crate::batch::Write;

/// A cache that is written together with the queue. What it cannot be told concerns nobody here: a write is safe without it.
pub(crate) struct Through<K, V> {
    pub(crate) cache: Cache<K, V>,
}

impl<K, V> Through<K, V>
where
    K: CacheKey<Owned = K> + Send + Sync + 'static,
    V: Send + Sync + 'static,
{
    /// Puts a value there that is in the queue now.
    pub(crate) async fn queued(&self, write: Write<K, V>) {
        let version = write.version();
        let (key, value) = write.into_parts();
        let _outdated_or_unreachable = self.cache.insert(&key, value, version).await;
    }

    /// Puts values there that the sink has now. A load of before may have put an older one in their place meanwhile.
    pub(crate) async fn written(&self, writes: impl Iterator<Item = Write<K, V>>) {
        let mut tasks = JoinSet::new();
        for write in writes {
            let through = self.clone();
            tasks.spawn(async move { through.queued(write).await });
        }
        while tasks.join_next().await.is_some() {}
    }

    /// Takes values out that the sink will not have.
    pub(crate) async fn refused(&self, writes: impl Iterator<Item = Write<K, V>>) {
        let keys: Vec<K> = writes.map(|write| write.into_parts().0).collect();
        if !keys.is_empty() {
            let _invalid = self.cache.invalidate_many(&keys).await;
        }
    }
}

impl<K, V> Clone for Through<K, V> {
    fn clone(&self) -> Self {
        Self { cache: self.cache.clone() }
    }
}

impl<K, V> fmt::Debug for Through<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Through").field(&self.cache).finish()
    }
}
