//! The queue, as its users hold it.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use larder_core::{CacheKey, Error, ErrorKind, Result, Version};
use tokio::sync::{Mutex, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout, timeout_at};

use crate::backlog::{self, Standing};
use crate::batch::Write;
use crate::builder::WriteBehindBuilder;
use crate::poisoned::Poisoned;
use crate::shared::{Acknowledgement, Phase, Shared, State, What};
use crate::stats::Stats;
use crate::through::Through;
use crate::wrapping::{Sealed, Wrapping};

/// A durable queue in front of a sink: writes are acknowledged when they are safe on this machine, and written later.
///
/// Cloning it copies a pointer; all clones are the same queue. When the last one is dropped, nothing more is given to the sink,
/// and whatever was acknowledged is written when the queue is opened next. See the [crate](crate) for what is promised.
pub struct WriteBehind<K, V> {
    inner: Arc<Inner<K, V>>,
}

struct Inner<K, V> {
    shared: Arc<Shared>,
    wrapping: Arc<Wrapping<K, V>>,
    through: Option<Through<K, V>>,
    /// The courier. Whoever shuts it down holds it until it has ended, and if they are dropped, the next one goes on.
    courier: Mutex<JoinSet<()>>,
    /// Is closed when the keeper has let go of the folder.
    keeper: watch::Receiver<()>,
}

impl<K, V> WriteBehind<K, V>
where
    K: CacheKey<Owned = K> + Send + Sync + 'static,
    V: Send + Sync + 'static,
{
    /// Sets up the queue of a folder, which is made if it is not there. One process can have it open at a time.
    pub fn open(path: impl Into<PathBuf>) -> WriteBehindBuilder<K, V> {
        WriteBehindBuilder::new(path.into())
    }

    pub(crate) fn new(
        shared: Arc<Shared>,
        wrapping: Arc<Wrapping<K, V>>,
        through: Option<Through<K, V>>,
        courier: JoinSet<()>,
        keeper: watch::Receiver<()>,
    ) -> Self {
        let courier = Mutex::new(courier);
        Self { inner: Arc::new(Inner { shared, wrapping, through, courier, keeper }) }
    }

    /// Queues a write, and returns when it is safe: see [`Durability`](crate::Durability). If the queue is full, it waits for
    /// room.
    ///
    /// The version is higher than that of every write before it: microseconds since the Unix epoch, or a little more. Of two
    /// puts of one key that overlap, the one with the higher version wins.
    ///
    /// # Errors
    ///
    /// - [`ErrorKind::Overloaded`]: there was no room for [as long as it may take](WriteBehindBuilder::wait_for_room).
    /// - [`ErrorKind::TooLarge`], [`ErrorKind::Invalid`], [`ErrorKind::Codec`]: the key or the value can never be queued.
    /// - [`ErrorKind::Unavailable`]: the disk fails. If it failed while syncing, the queue takes nothing more until it is
    ///   opened anew.
    /// - [`ErrorKind::Closed`]: the queue is shut down.
    ///
    /// After the last two, the write may be found in the queue when it is opened next, or not.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the write is queued, or it is not.
    pub async fn put<Q>(&self, key: &Q, value: V) -> Result<Version>
    where
        Q: CacheKey<Owned = K> + ?Sized,
    {
        let until = Instant::now() + self.inner.shared.settings.wait_for_room;
        self.put_until(until, key.to_owned_key(), value).await
    }

    /// The same, but that a full queue is an error at once.
    ///
    /// # Errors
    ///
    /// As [`put`](Self::put).
    ///
    /// # Cancel safety
    ///
    /// As [`put`](Self::put).
    pub async fn try_put<Q>(&self, key: &Q, value: V) -> Result<Version>
    where
        Q: CacheKey<Owned = K> + ?Sized,
    {
        self.put_until(Instant::now(), key.to_owned_key(), value).await
    }

    /// The write of a key that is queued, and that the sink has not yet taken. For a loader that must not load what is about
    /// to be replaced.
    ///
    /// It sees what this process has put, and what the queue held when it was opened; never what was set aside.
    ///
    /// # Errors
    ///
    /// If the key is empty or too long, and [`ErrorKind::Codec`] if the write cannot be read: it will be set aside.
    pub fn pending<Q>(&self, key: &Q) -> Result<Option<Write<K, V>>>
    where
        Q: CacheKey<Owned = K> + ?Sized,
    {
        let text = self.inner.wrapping.text(key)?;
        let found = self.inner.shared.state().backlog.find(&text).and_then(|(version, entry)| {
            let is_pending = !matches!(entry.standing, Standing::Poisoned(_));
            is_pending.then(|| (version, entry.sealed.clone()))
        });
        let Some((version, sealed)) = found else { return Ok(None) };
        let (key, value) = self.inner.wrapping.open(&text, &sealed).map_err(|why| {
            Error::new(ErrorKind::Codec, "a queued write cannot be read")
                .with("version", version)
                .because(why)
        })?;
        Ok(Some(Write::new(key, value, Version::new(version))))
    }

    /// What was set aside, the oldest first.
    pub fn poisoned(&self) -> Vec<Poisoned> {
        self.inner.shared.state().backlog.poisoned()
    }

    /// Queues a poisoned write again, with all its attempts before it. Returns whether it was still there.
    ///
    /// # Errors
    ///
    /// As those of [`put`](Self::put) that concern the queue. The write may then be found poisoned when the queue is opened next.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, it may be done or not.
    pub async fn retry(&self, poisoned: &Poisoned) -> Result<bool> {
        let version = poisoned.version.get();
        let retried = self.change(|state| {
            let is_there = state.backlog.revive(version);
            is_there.then(|| state.note_and_wait(What::Revived { version }))
        });
        self.settled(retried?).await
    }

    /// Gives up a poisoned write for good. Returns whether it was still there.
    ///
    /// # Errors
    ///
    /// As those of [`put`](Self::put) that concern the queue. The write may then be found poisoned when the queue is opened next.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, it may be done or not.
    pub async fn discard(&self, poisoned: &Poisoned) -> Result<bool> {
        let version = poisoned.version.get();
        let discarded = self.change(|state| {
            let standing = state.backlog.get(version).map(|entry| &entry.standing);
            let is_there = matches!(standing, Some(Standing::Poisoned(_)));
            is_there.then(|| {
                drop(state.backlog.remove(version));
                state.note_and_wait(What::Done { version })
            })
        });
        self.settled(discarded?).await
    }

    /// How it fares.
    pub fn stats(&self) -> Stats {
        self.inner.shared.stats()
    }

    /// Takes nothing more, writes what is queued for `grace` at most, syncs, and lets go of the folder. Returns what is left:
    /// [pending](Stats::pending) and [poisoned](Stats::poisoned) writes stay in the folder for the next time.
    ///
    /// # Errors
    ///
    /// If the disk has failed.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, nothing more is taken, and what is queued may be written on until the last handle is dropped.
    /// Whoever shuts it down again goes on from there. One that is kept and not polled may keep the next waiting, beyond its
    /// grace.
    pub async fn shut_down(&self, grace: Duration) -> Result<Stats> {
        let Inner { shared, courier, keeper, .. } = &*self.inner;
        shared.enter(Phase::Draining);
        let _in_time = timeout(grace, self.drained()).await;
        shared.enter(Phase::Stopping);
        courier.lock().await.shutdown().await;
        shared.enter(Phase::Ending);
        let mut keeper = keeper.clone();
        // An error is what it waits for: the other end is gone.
        while keeper.changed().await.is_ok() {}
        match &shared.state().broken {
            Some(broken) => Err(broken.clone()),
            None => Ok(()),
        }?;
        Ok(self.stats())
    }

    async fn put_until(&self, until: Instant, key: K, value: V) -> Result<Version> {
        let Inner { wrapping, through, .. } = &*self.inner;
        let pair = (key, value);
        let sealed = wrapping.seal(&pair)?;
        let version = self.queue(&sealed, until).await?;
        if let Some(through) = through {
            Box::pin(through.queued(Write::new(pair.0, pair.1, version))).await;
        }
        Ok(version)
    }

    async fn queue(&self, sealed: &Sealed, until: Instant) -> Result<Version> {
        let shared = &self.inner.shared;
        let cost = backlog::cost(&sealed.text, &sealed.bytes);
        if cost > shared.settings.capacity_in_bytes {
            return Err(Error::new(ErrorKind::TooLarge, "the write is larger than the whole queue may be")
                .with("bytes", cost)
                .with("limit", shared.settings.capacity_in_bytes));
        }
        loop {
            // Begun before looking, so that no room is missed that comes in between.
            let mut less = std::pin::pin!(shared.less.notified());
            less.as_mut().enable();
            match shared.put(&sealed.text, &sealed.bytes) {
                Ok((version, acknowledgement)) => {
                    settled(acknowledgement).await?;
                    return Ok(Version::new(version));
                }
                Err(full) if full.kind() == ErrorKind::Overloaded => {
                    if timeout_at(until, less).await.is_err() {
                        shared.state().counted.refused += 1;
                        return Err(full);
                    }
                }
                Err(error) => return Err(error),
            }
        }
    }

    fn change(
        &self,
        change: impl FnOnce(&mut State) -> Option<Acknowledgement>,
    ) -> Result<Option<Acknowledgement>> {
        let mut state = self.inner.shared.state();
        state.check_open()?;
        Ok(change(&mut state))
    }

    async fn settled(&self, changed: Option<Acknowledgement>) -> Result<bool> {
        let Some(acknowledgement) = changed else { return Ok(false) };
        self.inner.shared.wake_all();
        settled(acknowledgement).await.map(|()| true)
    }

    /// Waits until nothing is pending, or nobody is left to write it.
    async fn drained(&self) {
        let shared = &self.inner.shared;
        loop {
            let mut less = std::pin::pin!(shared.less.notified());
            less.as_mut().enable();
            if shared.state().is_drained() {
                return;
            }
            less.await;
        }
    }
}

/// Waits until something is safe.
async fn settled(acknowledgement: Acknowledgement) -> Result<()> {
    let gone = |_| Err(Error::new(ErrorKind::Closed, "the queue has been shut down"));
    acknowledgement.await.unwrap_or_else(gone)
}

impl<K, V> Clone for WriteBehind<K, V> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone() }
    }
}

/// The courier goes with its task; the keeper writes down what it has been given, and lets go of the folder.
impl<K, V> Drop for Inner<K, V> {
    fn drop(&mut self) {
        self.shared.enter(Phase::Ending);
    }
}

impl<K, V> fmt::Debug for WriteBehind<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WriteBehind").field("stats", &self.inner.shared.stats()).finish_non_exhaustive()
    }
}
