//! Guarded writes: what a writer does before COMMIT, so that nothing stale is left if it does not come to what it does
//! after.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use larder_core::{CacheKey, Error, ErrorKind, Guard, Key, Moment, Result, Ttl};

use crate::cache::Cache;
use crate::intent::Intent;
use crate::owner::Owner;
use crate::receipt::Receipt;

/// How long a guard holds, unless told otherwise.
const GUARD: Duration = Duration::from_secs(30);

/// A write of some keys that has begun and is to be [finished](Self::finish) after COMMIT. Made by
/// [`Cache::begin_write`](crate::Cache::begin_write).
///
/// Until it is finished, or until its guard times out, the keys are in no cache: every instance loads them whenever somebody
/// reads them, and keeps what it has loaded nowhere. So nothing stale is left behind, whatever becomes of the writer
/// between COMMIT and `finish`. What that rests on is [in the guide](crate::guide::consistency).
///
/// If it is dropped, nothing happens: whether there was a COMMIT is not known then, nor whether there still will be
/// one. The guard holds until it times out.
///
/// After a rollback it should be finished too, for the keys to be cached again.
///
/// # Examples
///
/// ```
/// # use larder::{Cache, Larder};
/// # async fn commit() -> larder::Result<()> { Ok(()) }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> larder::Result<()> {
/// # let larder = Larder::builder("test.shop").embedded().build().await?;
/// # let users: Cache<u64, String> = larder.cache("user").build()?;
/// let write = users.begin_write([&7_u64, &8]).await?;
/// commit().await?;
/// // A crash here leaves no instance with an old value.
/// let receipt = write.finish().await?;
/// # assert!(!receipt.is_deferred());
/// # Ok(())
/// # }
/// ```
#[must_use = "until it is finished or times out, every read of its keys is a load"]
pub struct GuardedWrite {
    owner: Arc<Owner>,
    keys: Vec<Key>,
    /// `None` where there is nothing to guard.
    guard: Option<Guard>,
    /// When it times out by itself.
    until: Moment,
    is_guarded: bool,
}

impl<K, V> Cache<K, V>
where
    K: CacheKey<Owned = K> + Send + Sync + 'static,
    V: Send + Sync + 'static,
{
    /// Begins a write of these keys, before COMMIT: drops them everywhere, and lets nobody keep them until the write is
    /// [finished](GuardedWrite::finish). For data of which no stale value may be left if the writer dies between its COMMIT and
    /// its invalidation. The price is one more step before COMMIT, and a load for each read meanwhile.
    ///
    /// The guard holds for 30 s, and the COMMIT must have returned by then: see [`begin_write_within`](Self::begin_write_within).
    /// It is a guard against caches and not against other writers: two writes of a key may be under way at once, and the key
    /// is guarded until both are finished. A version that somebody [inserts](Self::insert) meanwhile is not stored.
    ///
    /// A shared tier that does not answer is no error, and does not stop the write; but then there is no guard. Who cannot do
    /// without asks [`GuardedWrite::is_guarded`]. It takes as long as an invalidation to find out.
    ///
    /// # Errors
    ///
    /// If a key is empty or too long, and then nothing is dropped; `Closed` after a shutdown.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped after its first poll, the keys may stay guarded until the guard times out.
    pub async fn begin_write<'a, Q>(&self, keys: impl IntoIterator<Item = &'a Q>) -> Result<GuardedWrite>
    where
        Q: CacheKey<Owned = K> + ?Sized + 'a,
    {
        self.begin_write_within(GUARD, keys).await
    }

    /// The same with a guard that holds for so long. If the COMMIT takes longer, and the writer dies before it has finished,
    /// caches may keep what was loaded in between.
    ///
    /// # Errors
    ///
    /// As [`begin_write`](Self::begin_write), and `Invalid` if the time is less than a millisecond or more than 49 days.
    ///
    /// # Cancel safety
    ///
    /// As [`begin_write`](Self::begin_write).
    pub async fn begin_write_within<'a, Q>(
        &self,
        limit: Duration,
        keys: impl IntoIterator<Item = &'a Q>,
    ) -> Result<GuardedWrite>
    where
        Q: CacheKey<Owned = K> + ?Sized + 'a,
    {
        let keys = keys.into_iter().map(|key| self.key(key)).collect::<Result<Vec<_>>>()?;
        let limit = Ttl::new(limit).map_err(|_| {
            Error::new(ErrorKind::Invalid, "a guard must hold for 1 ms to 49 days")
                .with("cache", &self.store.name)
                .with("limit", format_args!("{limit:?}"))
        })?;
        let until = self.store.node.clock.now().after(limit.as_duration());
        let guard = self.store.is_shared().then(|| Guard::new(uuid::Uuid::new_v4().as_u64_pair().1));
        let owner = self.typed.owner.clone();
        Box::pin(GuardedWrite { owner, keys, guard, until, is_guarded: false }.begin()).await
    }
}

impl GuardedWrite {
    async fn begin(mut self) -> Result<Self> {
        if self.guard.is_some() {
            let receipt = self.owner.node.carry_out(self.guards()).await?;
            self.is_guarded = !receipt.is_deferred();
        }
        Ok(self)
    }

    /// Whether nothing stale is left of any of the keys if the writer dies after COMMIT.
    ///
    /// It is not so if the shared tier could not be reached for all of them. Then the guard is set as soon as that can be,
    /// if it would still hold; but if this process dies before, what the caches have of the keys stays there for its time to
    /// live. And it is never so in a cache that has no shared tier: what it needs is dropped by `finish` alone.
    pub fn is_guarded(&self) -> bool {
        self.is_guarded
    }

    /// Finishes the write after COMMIT, or after a rollback: drops the keys everywhere, and lets caches keep them again.
    ///
    /// When it returns, it is as after an [invalidation](crate::Cache::invalidate). If the shared tier does not answer, it is
    /// [deferred](Receipt::is_deferred) as one, and until it is told the guard holds, if it does not time out before.
    ///
    /// # Errors
    ///
    /// `Closed` after a shutdown.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped after its first poll, the write is finished all the same.
    pub async fn finish(self) -> Result<Receipt> {
        let finish = |key: &Key| match self.guard {
            Some(guard) => Intent::Finish(key.clone(), guard),
            None => Intent::Invalidate(key.clone()),
        };
        let node = &self.owner.node;
        // A guard that could not be set, or that a failover has lost, must not come back.
        node.recovery.forget(&self.guards());
        Box::pin(node.carry_out(self.keys.iter().map(finish).collect())).await
    }

    fn guards(&self) -> Vec<Intent> {
        let guard = |guard| {
            let keys = self.keys.iter().cloned();
            keys.map(move |key| Intent::Guard(key, guard, self.until)).collect()
        };
        self.guard.map(guard).unwrap_or_default()
    }
}

impl fmt::Debug for GuardedWrite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GuardedWrite")
            .field("keys", &self.keys.len())
            .field("is_guarded", &self.is_guarded)
            .finish_non_exhaustive()
    }
}
