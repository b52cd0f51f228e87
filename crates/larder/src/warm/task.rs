//! The task that gets a cache warm.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use larder_core::{CacheName, Error, ErrorKind, Event, Key, Reads, Remote, Result, Season};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use crate::backoff::Backoff;
use crate::loader::BoxLoad;
use crate::step::in_time;
use crate::store::Store;
use crate::warm::prediction::{predict, seasons};
use crate::warm::{Pending, Unreachable, WarmStart};

/// How many keys are asked for at once, about: what a server does in a few milliseconds.
const PIECE: u32 = 2_500;

/// How what the shared tier does not have is loaded.
pub(crate) struct Loads<V> {
    /// The time from one to the next.
    pub(crate) interval: Duration,
    /// The load of the key of that text, if it is one.
    pub(crate) load: LoadOf<V>,
}

type LoadOf<V> = Box<dyn Fn(&str) -> Option<BoxLoad<V>> + Send + Sync>;

impl<V> fmt::Debug for Loads<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Loads").field("interval", &self.interval).finish_non_exhaustive()
    }
}

/// Gets a cache warm, until the deadline or this process's part ends.
pub(crate) async fn warm_up<V: Send + Sync + 'static>(
    store: Arc<Store<V>>,
    remote: Arc<dyn Remote>,
    settings: WarmStart,
    loads: Option<Loads<V>>,
    pending: Pending,
) {
    store.warmth.begin(store.shelf.now());
    tokio::select! {
        biased;
        () = store.node.closed() => {}
        () = store.warm_up(remote, settings, loads) => {}
    }
    store.warmth.end(store.shelf.now());
    let warmth = store.warmth.snapshot(store.shelf.now());
    tracing::info!(cache = %store.name, ?warmth, "begins");
    store.node.observe(&Event::Warmed { cache: &store.name, wanted: warmth.wanted, kept: warmth.kept });
    drop(pending);
}

impl<V: Send + Sync + 'static> Store<V> {
    async fn warm_up(
        self: &Arc<Self>,
        remote: Arc<dyn Remote>,
        settings: WarmStart,
        loads: Option<Loads<V>>,
    ) {
        let predicted = self.predicted(remote, settings);
        let mut began = Instant::now();
        let keys = match settings.unreachable {
            Unreachable::BeginCold => {
                let Ok(keys) = timeout(settings.deadline, predicted).await else {
                    tracing::warn!(cache = %self.name, deadline = ?settings.deadline, "begins cold");
                    return;
                };
                keys
            }
            Unreachable::Wait => {
                let keys = predicted.await;
                began = Instant::now();
                keys
            }
        };
        let left = settings.deadline.saturating_sub(began.elapsed());
        let fetching = async {
            self.fetch_ahead(keys, settings, &self.warmth).await;
            if let Some(loads) = &loads {
                self.load_missed(loads, &self.warmth).await;
            }
        };
        if timeout(left, fetching).await.is_err() {
            tracing::warn!(cache = %self.name, deadline = ?settings.deadline, "begins before all is there");
        }
    }

    /// What this instance will be asked for, once the shared tier can be asked for that, and what is read can be kept.
    async fn predicted(self: &Arc<Self>, remote: Arc<dyn Remote>, settings: WarmStart) -> Vec<Key> {
        let mut backoff = Backoff::to_reconnect();
        loop {
            self.node.synchronized().await;
            match self.known(&remote, settings).await {
                Ok(known) => {
                    let predicted = predict(known, settings.limit() as usize).into_iter();
                    return predicted.filter_map(|text| self.shelf.key(&*text).ok()).collect();
                }
                Err(error) => {
                    tracing::debug!(cache = %self.name, %error, "what is read cannot be asked for yet");
                    sleep(backoff.next()).await;
                    if Arc::strong_count(self) == 1 {
                        // Nobody has the cache any more.
                        return Vec::new();
                    }
                }
            }
        }
    }

    /// What was read in the seasons that matter, all asked for at once.
    async fn known(
        &self,
        remote: &Arc<dyn Remote>,
        settings: WarmStart,
    ) -> Result<Vec<(Season, f64, Vec<Reads>)>> {
        let mut asking = JoinSet::new();
        for (season, weight) in seasons(self.node.clock.unix_millis()) {
            let most = if season == Season::Recent { settings.limit() } else { settings.most_of_hour() };
            let (remote, cache, patience) = (remote.clone(), self.name.clone(), self.node.patience.write);
            asking.spawn(async move {
                let reads = most_read(&*remote, &cache, season, most, patience).await;
                reads.map(|reads| (season, weight, reads))
            });
        }
        let mut known = Vec::new();
        while let Some(asked) = asking.join_next().await {
            let panicked = |_| Error::new(ErrorKind::Closed, "the shared tier has panicked");
            known.push(asked.map_err(panicked)??);
        }
        Ok(known)
    }
}

async fn most_read(
    remote: &dyn Remote,
    cache: &CacheName,
    season: Season,
    most: u32,
    patience: Duration,
) -> Result<Vec<Reads>> {
    let mut all = Vec::new();
    for skip in (0..most).step_by(PIECE as usize) {
        let wanted = PIECE.min(most - skip);
        let piece = in_time(patience, remote.most_read(cache, season, skip, wanted)).await?;
        let is_last = piece.len() < wanted as usize;
        all.extend(piece);
        if is_last {
            break;
        }
    }
    Ok(all)
}
