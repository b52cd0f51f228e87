//! The courier: a task that takes what is queued to the sink, one batch at a time.
//!
//! One at a time is what keeps the order: while a batch is with the sink, nothing newer of its keys can be.

use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use larder_core::{CacheKey, Version};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use crate::backlog::Entry;
use crate::batch::{Batch, Write};
use crate::pace::Pace;
use crate::settle::{Settled, settle};
use crate::shared::{Phase, Shared};
use crate::through::Through;
use crate::wrapping::Wrapping;

/// A sink, without the types that only its author knows. Its error is what it says.
pub(crate) type Sink<K, V> = Box<dyn Fn(Batch<K, V>) -> Writing + Send + Sync>;
pub(crate) type Writing = Pin<Box<dyn Future<Output = Result<(), String>> + Send>>;

/// How long a sink has to end that was given up.
const LAST: Duration = Duration::from_millis(500);

pub(crate) struct Courier<K, V> {
    pub(crate) shared: Arc<Shared>,
    pub(crate) wrapping: Arc<Wrapping<K, V>>,
    pub(crate) sink: Sink<K, V>,
    pub(crate) through: Option<Through<K, V>>,
}

impl<K, V> Courier<K, V>
where
    K: CacheKey<Owned = K> + Send + Sync + 'static,
    V: Send + Sync + 'static,
{
    pub(crate) async fn run(self) {
        let mut pace = Pace::new(&self.shared.settings);
        let mut after_suspect = false;
        loop {
            let taken = self.gather(pace.limit(), after_suspect).await;
            let writes = self.open(&taken);
            if writes.is_empty() {
                self.shared.come_back();
                continue;
            }
            let batch = Batch::new(writes);
            let outcome = self.deliver(batch.clone()).await;
            let settled = settle(&self.shared, &batch, &outcome, &pace);
            after_suspect = settled.was_suspect;
            let pause = if settled.has_failed {
                pace.failed(batch.len(), settled.was_suspect)
            } else {
                pace.succeeded();
                Duration::ZERO
            };
            self.tell_cache(&taken, &settled).await;
            self.shared.come_back();
            sleep(pause).await;
        }
    }

    /// Waits until there is a batch: as many writes as may be in one, or the first of them has waited for others.
    async fn gather(&self, most: usize, after_suspect: bool) -> Vec<(u64, Entry)> {
        let mut patience = None;
        loop {
            let until = {
                let mut state = self.shared.state();
                let synced = state.synced;
                let due = state.backlog.wake(Instant::now());
                let ready = state.backlog.ready(most, synced);
                if ready == 0 {
                    patience = None;
                    due
                } else {
                    let until = *patience.get_or_insert_with(|| Instant::now() + self.shared.settings.linger);
                    if ready >= most || state.phase > Phase::Open || until <= Instant::now() {
                        state.is_under_way = true;
                        return state.backlog.take(most, synced, after_suspect);
                    }
                    Some(until)
                }
            };
            tokio::select! {
                () = self.shared.for_sink.notified() => {}
                () = sleep_until(until.unwrap_or_else(Instant::now)), if until.is_some() => {}
            }
        }
    }

    /// Reads what was taken, and sets aside what cannot be read.
    fn open(&self, taken: &[(u64, Entry)]) -> Vec<Write<K, V>> {
        let mut writes = Vec::new();
        for (version, entry) in taken {
            match self.wrapping.open(&entry.text, &entry.sealed) {
                Ok((key, value)) => writes.push(Write::new(key, value, Version::new(*version))),
                Err(why) => {
                    let now = self.shared.clock.unix_millis();
                    self.shared.state().set_aside(*version, &why.to_string(), true, now);
                }
            }
        }
        if writes.len() < taken.len() {
            self.shared.wake_all();
        }
        writes
    }

    /// Gives a batch to the sink, in a task of its own: one that panics or does not end must not take the courier along.
    async fn deliver(&self, batch: Batch<K, V>) -> Result<(), Arc<str>> {
        let deadline = self.shared.settings.sink_deadline;
        let mut task = JoinSet::new();
        // What is no future yet may panic too.
        let Ok(writing) = catch_unwind(AssertUnwindSafe(|| (self.sink)(batch))) else {
            return Err("the sink panicked".into());
        };
        task.spawn(writing);
        match timeout(deadline, task.join_next()).await {
            Ok(Some(Ok(outcome))) => outcome.map_err(Into::into),
            Ok(_) => Err("the sink panicked".into()),
            Err(_) => {
                let _blocks = timeout(LAST, task.shutdown()).await;
                Err(format!("the sink took longer than {deadline:?}").into())
            }
        }
    }

    async fn tell_cache(&self, taken: &[(u64, Entry)], settled: &Settled) {
        let Some(through) = &self.through else { return };
        let find = |version: &u64| {
            let place = taken.binary_search_by_key(version, |(version, _)| *version).ok()?;
            let (_, entry) = taken.get(place)?;
            let (key, value) = self.wrapping.open(&entry.text, &entry.sealed).ok()?;
            Some(Write::new(key, value, Version::new(*version)))
        };
        through.written(settled.written.iter().filter_map(find)).await;
        through.refused(settled.set_aside.iter().filter_map(find)).await;
    }
}

impl<K, V> fmt::Debug for Courier<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Courier").finish_non_exhaustive()
    }
}
