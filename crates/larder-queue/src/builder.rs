//! How a queue is set up and opened.

use std::error::Error as StdError;
use std::fmt;
use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use larder::Cache;
use larder_codec::{Bincode, Envelope};
use larder_core::{CacheKey, Cacheable, Clock, Error, ErrorKind, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::watch;
use tokio::task::{JoinSet, spawn_blocking};

use crate::backlog::{Backlog, Standing};
use crate::batch::Batch;
use crate::courier::{Courier, Sink};
use crate::durability::Durability;
use crate::keeper::Keeper;
use crate::log::{Disk, Log, RealDisk, Recovered};
use crate::settings::Settings;
use crate::shared::{Shared, State, What};
use crate::through::Through;
use crate::wrapping::{Reader, Wrapping, reader};
use crate::write_behind::WriteBehind;

/// Sets up a [`WriteBehind`]. Made by [`WriteBehind::open`].
///
/// What cannot work is an error of [`build`](Self::build), with the name and the value of the setting.
#[must_use]
pub struct WriteBehindBuilder<K, V> {
    path: PathBuf,
    settings: Settings,
    clock: Clock,
    envelope: Option<Envelope<(K, V)>>,
    older: Vec<Reader<K, V>>,
    through: Option<Through<K, V>>,
    disk: Box<dyn Disk>,
}

impl<K, V> WriteBehindBuilder<K, V>
where
    K: CacheKey<Owned = K> + Send + Sync + 'static,
    V: Send + Sync + 'static,
{
    pub(crate) fn new(path: PathBuf) -> Self {
        let (settings, clock, disk) = (Settings::default(), Clock::coarse(), Box::new(RealDisk));
        Self { path, settings, clock, envelope: None, older: Vec::new(), through: None, disk }
    }

    /// Sets when a write counts as queued, and with that what can be lost.
    ///
    /// Default: [`Durability::Synced`], which loses nothing.
    pub fn durability(mut self, durability: Durability) -> Self {
        self.settings.durability = durability;
        self
    }

    /// Sets how many writes the sink is given at once, at most.
    ///
    /// Default: 256.
    pub fn batch(mut self, writes: usize) -> Self {
        self.settings.batch = writes;
        self
    }

    /// Sets how long a write waits for others, before a batch that is not full goes to the sink. The longer, the more
    /// writes of one key become one.
    ///
    /// Default: 20 ms.
    pub fn linger(mut self, linger: Duration) -> Self {
        self.settings.linger = linger;
        self
    }

    /// Sets how often a write is given to the sink before it is set aside. Only what fails while the sink takes other writes,
    /// or what the sink [says](Batch::retry) is to be retried, is ever set aside for it: a sink that fails whatever it is given
    /// is tried again for ever.
    ///
    /// Default: 10.
    pub fn attempts(mut self, attempts: u32) -> Self {
        self.settings.attempts = attempts;
        self
    }

    /// Sets how long to wait after a first failure, and how long at most. Each wait is twice the one before, and then up to
    /// half of it shorter by chance.
    ///
    /// Default: 50 ms, 30 s.
    pub fn back_off(mut self, first: Duration, longest: Duration) -> Self {
        (self.settings.first_wait, self.settings.longest_wait) = (first, longest);
        self
    }

    /// Sets how long the sink may take for a batch. After that its future is dropped, and the batch has failed.
    ///
    /// Default: 30 s.
    pub fn sink_deadline(mut self, deadline: Duration) -> Self {
        self.settings.sink_deadline = deadline;
        self
    }

    /// Sets how many writes the queue holds, poisoned ones included.
    ///
    /// Default: 100,000.
    pub fn capacity(mut self, writes: usize) -> Self {
        self.settings.capacity = writes;
        self
    }

    /// Sets how many bytes of memory the queue holds: keys and values as they are written down, and 256 bytes for each
    /// write. On the disk it is no more than twice that, and nine [files](Self::file_size).
    ///
    /// Default: 64 MiB.
    pub fn capacity_in_bytes(mut self, bytes: usize) -> Self {
        self.settings.capacity_in_bytes = bytes;
        self
    }

    /// Sets how long [`put`](WriteBehind::put) waits for room in a queue that is full.
    ///
    /// Default: 5 s.
    pub fn wait_for_room(mut self, wait: Duration) -> Self {
        self.settings.wait_for_room = wait;
        self
    }

    /// Sets how large a file of the log gets before the next one begins.
    ///
    /// Default: 4 MiB.
    pub fn file_size(mut self, bytes: u64) -> Self {
        self.settings.file_size = bytes;
        self
    }

    /// Sets how keys and values are written down: format, schema, compression, limit.
    ///
    /// Default: bincode, under the schema that the types declare, compressed by lz4 from 1 KiB on.
    pub fn envelope(mut self, envelope: Envelope<(K, V)>) -> Self {
        self.envelope = Some(envelope);
        self
    }

    /// Reads also what an older build has written, whose type or format was another. May be called several times.
    ///
    /// What no envelope reads goes to the poison area, and waits there for a build that can.
    ///
    /// # Examples
    ///
    /// ```
    /// use larder::Cacheable;
    /// use larder_queue::WriteBehind;
    /// use larder_queue::codec::{Bincode, Envelope};
    /// use serde::{Deserialize, Serialize};
    ///
    /// #[derive(Serialize, Deserialize, Cacheable)]
    /// struct EuroPrice(u32);
    ///
    /// #[derive(Serialize, Deserialize, Cacheable)]
    /// #[cacheable(version = 1)]
    /// struct CentPrice(u64);
    ///
    /// # let folder = std::env::temp_dir().join(format!("larder-queue-older-{}", std::process::id()));
    /// let prices = WriteBehind::<u32, CentPrice>::open(folder)
    ///     .reads_also(Envelope::new(Bincode), |(id, EuroPrice(euros)): (u32, EuroPrice)| (id, CentPrice(u64::from(euros) * 100)));
    /// # drop(prices);
    /// ```
    pub fn reads_also<Old: Cacheable + 'static>(
        mut self,
        envelope: Envelope<Old>,
        upgrade: impl Fn(Old) -> (K, V) + Send + Sync + 'static,
    ) -> Self {
        self.older.push(reader(envelope, upgrade));
        self
    }

    /// Keeps a cache in step: each put is inserted there once it is acknowledged, and again once the sink has it; what is set
    /// aside is invalidated there. See [what a reader sees](crate#what-a-reader-sees).
    ///
    /// Default: none.
    pub fn through(mut self, cache: Cache<K, V>) -> Self {
        self.through = Some(Through { cache });
        self
    }

    /// Sets where the time comes from that versions are made of.
    ///
    /// Default: the system's clock.
    pub fn clock(self, clock: Clock) -> Self {
        Self { clock, ..self }
    }

    #[cfg(test)]
    pub(crate) fn disk(self, disk: impl Disk + 'static) -> Self {
        Self { disk: Box::new(disk), ..self }
    }

    /// Opens the queue, and begins to write what is in it.
    ///
    /// The sink is given one batch at a time, at least once and perhaps more often: see [`Batch`] for what it may say of the
    /// writes in it.
    ///
    /// # Errors
    ///
    /// Each names the path, or the setting and its value.
    ///
    /// - [`ErrorKind::Invalid`]: a setting cannot work, or the path is not a folder.
    /// - [`ErrorKind::Unavailable`]: the queue is open already, here or in another process; or the disk fails.
    /// - [`ErrorKind::Codec`]: a file is damaged or missing. Nothing is changed then.
    /// - [`ErrorKind::Refused`]: a file was written by a newer build, or is none of ours.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the folder is let go of as soon as it has been read.
    pub async fn build<S, W, E>(mut self, sink: S) -> Result<WriteBehind<K, V>>
    where
        K: Cacheable + Serialize + DeserializeOwned,
        V: Cacheable + Serialize + DeserializeOwned,
        S: Fn(Batch<K, V>) -> W + Send + Sync + 'static,
        W: Future<Output = Result<(), E>> + Send + 'static,
        E: Into<Box<dyn StdError + Send + Sync>>,
    {
        self.settings.check()?;
        let envelope = self.envelope.take().unwrap_or_else(|| Envelope::new(Bincode));
        let wrapping = Arc::new(Wrapping::new(envelope, std::mem::take(&mut self.older)));
        let (path, size, disk) = (self.path, self.settings.file_size, self.disk);
        let opened = spawn_blocking(move || Log::open(&path, size, disk)).await;
        let (log, recovered) = opened.map_err(|error| {
            Error::new(ErrorKind::Closed, "the runtime ended while the queue was opened").because(error)
        })??;
        let state = restore(recovered, &wrapping);
        let shared = Arc::new(Shared::new(self.settings, self.clock, state));
        let (alive, keeper_alive) = watch::channel(());
        let keeper = Keeper::new(shared.clone(), log, alive);
        let thread = thread::Builder::new().name("larder-queue".into()).spawn(move || keeper.run());
        thread.map_err(|error| {
            Error::new(ErrorKind::Unavailable, "the thread of the queue cannot be started").because(error)
        })?;
        let (sink, through) = (boxed(sink), self.through.clone());
        let courier = Courier { shared: shared.clone(), wrapping: wrapping.clone(), sink, through };
        let mut task = JoinSet::new();
        task.spawn(courier.run());
        Ok(WriteBehind::new(shared, wrapping, self.through, task, keeper_alive))
    }
}

/// What was queued when the queue was last open.
fn restore<K, V>(recovered: Recovered, wrapping: &Wrapping<K, V>) -> State
where
    K: CacheKey<Owned = K> + 'static,
    V: 'static,
{
    let mut state = State::restored(recovered.last, recovered.torn);
    let mut backlog = Backlog::default();
    for (file, record) in recovered.records {
        backlog.replay(file, record);
    }
    for poisoned in backlog.poisoned() {
        let version = poisoned.version.get();
        let can_be_read = |text: &str, sealed: &[u8]| wrapping.open(text, sealed).is_ok();
        let entry = backlog.get(version).filter(|entry| {
            let is_unreadable = matches!(&entry.standing, Standing::Poisoned(poison) if poison.unreadable);
            is_unreadable && can_be_read(&entry.text, &entry.sealed)
        });
        if entry.is_some() && backlog.revive(version) {
            state.note(What::Revived { version });
        }
    }
    state.backlog = backlog;
    state
}

fn boxed<K, V, S, W, E>(sink: S) -> Sink<K, V>
where
    S: Fn(Batch<K, V>) -> W + Send + Sync + 'static,
    W: Future<Output = Result<(), E>> + Send + 'static,
    E: Into<Box<dyn StdError + Send + Sync>>,
{
    Box::new(move |batch| {
        let writing = sink(batch);
        Box::pin(async move { writing.await.map_err(|error| told(&*error.into())) })
    })
}

/// An error with its causes.
fn told(error: &(dyn StdError + 'static)) -> String {
    let mut text = error.to_string();
    let causes = std::iter::successors(error.source(), |&cause| cause.source());
    causes.for_each(|cause| text.extend([": ", &cause.to_string()]));
    text
}

impl<K, V> fmt::Debug for WriteBehindBuilder<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WriteBehindBuilder")
            .field("path", &self.path)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}
