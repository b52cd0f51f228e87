//! Fetching ahead, from the shared tier.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use larder_core::{Key, Result};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, sleep};

use crate::backoff::Backoff;
use crate::budget::Budget;
use crate::bulk::chosen;
use crate::read::Local;
use crate::route::Route;
use crate::store::{Found, Store};
use crate::warm::{Loads, Progress, WarmStart};

impl<V: Send + Sync + 'static> Store<V> {
    /// Fetches what of these the shared tier has and this process has not, a few batches at a time. While it does not answer,
    /// this goes on trying.
    pub(crate) async fn fetch_ahead(
        self: &Arc<Self>,
        keys: Vec<Key>,
        pace: WarmStart,
        progress: &Arc<Progress>,
    ) {
        progress.wants(keys.len());
        let (keys, best) = best_first(self.without_those_here(keys));
        let keys = Arc::new(keys);
        let (next, mut workers) = (Arc::new(AtomicUsize::new(0)), JoinSet::new());
        for _ in 0..pace.concurrency.min(keys.len().div_ceil(pace.batch)) {
            let (store, keys, next) = (self.clone(), keys.clone(), next.clone());
            let progress = progress.clone();
            workers.spawn(async move { store.fetch_batches(&keys, &next, pace.batch, &progress).await });
        }
        while workers.join_next().await.is_some() {}
        // Where all have room, none has to make any.
        if self.plan.room.is_none_or(|room| keys.len() as u64 >= room - room / 8) {
            self.use_in_order(keys.get(..best).unwrap_or_default());
        }
    }

    /// Uses them once, the best one last. What came or was used first makes room for what is read next: of these the best ones
    /// would, before anybody had read them.
    fn use_in_order(&self, best: &[Key]) {
        for key in best.iter().rev() {
            _ = self.shelf.find(key);
        }
    }

    /// Those that this process has not. Of what others read meanwhile some is fetched twice.
    fn without_those_here(&self, mut keys: Vec<Key>) -> Vec<Key> {
        // Most begin with nothing, and then there is nothing to look for.
        if self.shelf.usage().entries > 0 {
            let route = Route::of(self.plan.tiers);
            keys.retain(|key| !matches!(self.look_local(key, route), Local::Answer(_)));
        }
        keys
    }

    /// Fetches one batch after another of those that nobody else has begun with.
    async fn fetch_batches(&self, keys: &[Key], next: &AtomicUsize, batch: usize, progress: &Progress) {
        let mut backoff = Backoff::to_reconnect();
        while let Some(keys) = keys.chunks(batch).nth(next.fetch_add(1, Ordering::Relaxed)) {
            while let Err(error) = self.fetch_batch(keys, progress).await {
                self.degraded(&error);
                sleep(backoff.next()).await;
            }
        }
    }

    async fn fetch_batch(&self, keys: &[Key], progress: &Progress) -> Result<()> {
        let (route, bearings) = (Route::of(self.plan.tiers), self.bearings());
        let are_usable: Vec<bool> = keys.iter().map(|key| self.remote(key, route).is_some()).collect();
        let keys = chosen(keys, &are_usable);
        let (Some(remote), false) = (self.node.remote(), keys.is_empty()) else {
            return Ok(());
        };
        let asked = self.shelf.now();
        // Nobody waits for it, so it may take as long as a write.
        let mut budget = Budget::of(self.node.clone(), self.node.patience.write);
        let stored = self.ask(&**remote, &keys, asked, &mut budget).await?;
        progress.asked(keys.len());
        for (key, stored) in keys.iter().zip(stored) {
            match stored.map(|stored| self.judge_kept(key, stored, bearings, asked)) {
                Some((Found::Usable(_), is_kept)) => progress.found(is_kept),
                _ => progress.missed(key.clone()),
            }
        }
        Ok(())
    }

    /// Loads what the shared tier did not have, so many a second, as if somebody had asked for each.
    pub(crate) async fn load_missed(self: &Arc<Self>, loads: &Loads<V>, progress: &Arc<Progress>) {
        let mut ticks = interval(loads.interval);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (route, mut loading) = (Route::of(self.plan.tiers), JoinSet::new());
        for key in progress.take_missed() {
            let Some(load) = (loads.load)(key.text()) else {
                continue;
            };
            ticks.tick().await;
            let (store, progress) = (self.clone(), progress.clone());
            loading.spawn(async move {
                if store.fetch(key, route, load).await.is_ok() {
                    progress.loaded();
                }
            });
        }
        while loading.join_next().await.is_some() {}
    }
}

/// The best quarter, and how many these are, in case that the time is up before all are here; then the others, of which the
/// least comes first, for that is the order in which they are to make room.
fn best_first(mut keys: Vec<Key>) -> (Vec<Key>, usize) {
    let best = keys.len() / 4;
    keys.get_mut(best..).unwrap_or_default().reverse();
    (keys, best)
}
