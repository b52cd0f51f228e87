//! Writes, as users call them.

use larder_core::{CacheKey, Result, Version};

use crate::answer::Answer;
use crate::cache::Cache;
use crate::insert::Inserted;
use crate::intent::Intent;
use crate::receipt::Receipt;

impl<K, V> Cache<K, V>
where
    K: CacheKey<Owned = K> + Send + Sync + 'static,
    V: Send + Sync + 'static,
{
    /// Stores a value in the version that its writer gives it, and lets every instance drop its copy. The newer version
    /// wins, on every instance and in the shared tier, in whatever order they arrive.
    ///
    /// Call it after COMMIT. The version must grow with every write of the key: a row version, a log position. Who has none
    /// should [`invalidate`](Self::invalidate) instead. In a cache without the shared tier, versions are compared with what
    /// this process has, and the others only drop their copies. Tags count from the call on: who needs them from before its
    /// COMMIT on should invalidate instead.
    ///
    /// # Errors
    ///
    /// `Invalid` if the version is [`Version::NONE`], or the value is not to be kept; `Codec` and `TooLarge` if the value cannot
    /// be stored. A shared tier that does not answer within the write deadline is no error: see
    /// [`Receipt::is_deferred`].
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped after its first poll, the write takes place all the same.
    pub async fn insert<Q>(&self, key: &Q, value: impl Into<Answer<V>>, version: Version) -> Result<Inserted>
    where
        Q: CacheKey<Owned = K> + ?Sized,
    {
        let key = self.key(key)?;
        Box::pin(self.store.clone().insert(key, value.into(), version)).await
    }

    /// Drops a key everywhere: in the shared tier, and on every instance. Call it after COMMIT.
    ///
    /// When it returns, no read on this instance sees what was before, and on the others none does that begins later than
    /// the staleness bound. A writer who dies between COMMIT and this call leaves the old value where it is, until its time
    /// to live ends: where that must not be, [begin the write](Self::begin_write) before COMMIT.
    ///
    /// # Errors
    ///
    /// If the key is empty or too long, and `Closed` after a shutdown. A shared tier that does not answer is
    /// no error: see [`Receipt::is_deferred`].
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped after its first poll, the invalidation takes place all the same.
    pub async fn invalidate<Q>(&self, key: &Q) -> Result<Receipt>
    where
        Q: CacheKey<Owned = K> + ?Sized,
    {
        let intents = vec![Intent::Invalidate(self.key(key)?)];
        self.carry_out(intents).await
    }

    /// Drops a key everywhere, and refuses to [insert](Self::insert) versions below this one from then on: for a write whose
    /// value is not at hand. A late insert of an older version does not come after it.
    ///
    /// # Errors
    ///
    /// As [`invalidate`](Self::invalidate).
    ///
    /// # Cancel safety
    ///
    /// As [`invalidate`](Self::invalidate).
    pub async fn invalidate_version<Q>(&self, key: &Q, version: Version) -> Result<Receipt>
    where
        Q: CacheKey<Owned = K> + ?Sized,
    {
        let intents = vec![Intent::Supersede(self.key(key)?, version)];
        self.carry_out(intents).await
    }

    /// Drops many keys everywhere, in one step per partition of the shared tier.
    ///
    /// # Errors
    ///
    /// As [`invalidate`](Self::invalidate). If one key cannot be one, nothing is dropped.
    ///
    /// # Cancel safety
    ///
    /// As [`invalidate`](Self::invalidate).
    pub async fn invalidate_many<'a, Q>(&self, keys: impl IntoIterator<Item = &'a Q>) -> Result<Receipt>
    where
        Q: CacheKey<Owned = K> + ?Sized + 'a,
    {
        let keys = keys.into_iter().map(|key| self.key(key).map(Intent::Invalidate));
        let intents = keys.collect::<Result<Vec<_>>>()?;
        self.carry_out(intents).await
    }

    /// Marks a key as stale everywhere. It is loaded anew by who reads it next, and served if that fails.
    ///
    /// # Errors
    ///
    /// As [`invalidate`](Self::invalidate).
    ///
    /// # Cancel safety
    ///
    /// As [`invalidate`](Self::invalidate).
    pub async fn expire<Q>(&self, key: &Q) -> Result<Receipt>
    where
        Q: CacheKey<Owned = K> + ?Sized,
    {
        let intents = vec![Intent::Expire(self.key(key)?)];
        self.carry_out(intents).await
    }

    /// Drops the whole cache everywhere. Costs the same for any number of entries.
    ///
    /// # Errors
    ///
    /// `Closed` after a shutdown.
    ///
    /// # Cancel safety
    ///
    /// As [`invalidate`](Self::invalidate).
    pub async fn clear(&self) -> Result<Receipt> {
        self.carry_out(vec![Intent::Cache(self.store.name.clone())]).await
    }

    async fn carry_out(&self, intents: Vec<Intent>) -> Result<Receipt> {
        Box::pin(self.store.node.carry_out(intents)).await
    }
}
