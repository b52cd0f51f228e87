//! Many keys at once.
//!
//! ```text
//!   each key:  local ─▶ hit
//!                │ miss
//!                ▼
//!              board ──▶ passenger of somebody's flight
//!                │ pilot
//!   all led:     ▼
//!              one question to the shared tier ─▶ hits
//!                │ the rest
//!                ▼
//!              a task: a lease each ─▶ one load of all that were granted ─▶ fill and land each
//!                        └─ busy: each waits for itself, and is loaded by itself if it comes to that
//! ```
//!
//! Nobody who leads a flight waits for another's before it has landed its own, so that two batches with keys in common
//! cannot wait for each other.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use larder_core::{CacheKey, Key, KeyHasher, Result};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tracing::Instrument;

use crate::answer::Answer;
use crate::budget::Budget;
use crate::flight::{Bearings, Landing, Passenger, Pilot, Seat};
use crate::hit::{Hit, Tier};
use crate::lease::{Permit, keep_alive};
use crate::load::Loading;
use crate::loader::{BoxLoad, BulkLoader};
use crate::read::Local;
use crate::route::Route;
use crate::span::LoadSpan;
use crate::store::{Catch, Found, Store};

/// What was asked for, each key once.
pub(crate) type Wanted<K> = HashMap<Key, K, KeyHasher>;

/// What is known of each key so far.
type Known<V> = HashMap<Key, Option<Hit<V>>, KeyHasher>;

type Led<V> = (Pilot<Result<Catch<V>>>, Key);
type Awaited<V> = (Passenger<Result<Catch<V>>>, Key);

impl<V: Send + Sync + 'static> Store<V> {
    /// Reads the tiers for many keys, and never loads.
    pub(crate) async fn look_for(&self, keys: &[Key], route: Route) -> Vec<Option<Hit<V>>> {
        let bearings = if route.is_alone() { self.bearings_alone(keys) } else { self.bearings() };
        let locals: Vec<_> = keys.iter().map(|key| self.look_local(key, route)).collect();
        let is_missed: Vec<bool> = locals.iter().map(|local| !matches!(local, Local::Answer(_))).collect();
        let found =
            self.look_remote_for(&chosen(keys, &is_missed), route, bearings, &mut self.budget()).await;
        let (mut found, now) = (found.into_iter(), self.shelf.now());
        let hit = |local| match local {
            Local::Answer(catch) => Catch::into_hit(catch, now),
            local => {
                let found = found.next().unwrap_or(Found::Nothing);
                Self::answer_unloaded(found, local.previous(), route, now)
            }
        };
        locals.into_iter().map(hit).collect()
    }

    /// Reads the tiers for many keys, and loads what they do not have.
    pub(crate) async fn fetch_all<K>(
        self: Arc<Self>,
        mut wanted: Wanted<K>,
        route: Route,
        load: BulkLoader<K, V>,
    ) -> Result<Known<V>>
    where
        K: CacheKey<Owned = K> + Send + Sync + 'static,
    {
        let birth = self.node.coherence.ledger.seen();
        let (mut known, mut soft) = (Known::default(), self.soft_end(route));
        // What somebody else was to load and did not is fetched again, all of it together.
        while !wanted.is_empty() {
            let (found, led, mut awaited) = self.board_all(wanted.keys(), route);
            known.extend(found);
            awaited.extend(led.iter().map(|(pilot, key)| (pilot.passenger(), key.clone())));
            self.clone().fly_all(led, &wanted, route, load.clone()).await?;
            let (patience, soft) = (self.patience(), soft.take());
            for (passenger, key) in awaited {
                let began = passenger.bearings();
                match self.wait(passenger, patience, soft).await {
                    Landing::With(Err(error)) => return Err(error),
                    Landing::With(Ok(catch)) if self.is_shared_with(birth, began, &catch.entry) => {
                        known.insert(key, self.hit(catch).ok());
                    }
                    Landing::With(Ok(_)) | Landing::Abandoned => {}
                }
            }
            wanted.retain(|key, _| !known.contains_key(key));
        }
        Ok(known)
    }

    fn board_all<'a>(
        &self,
        keys: impl Iterator<Item = &'a Key>,
        route: Route,
    ) -> (Known<V>, Vec<Led<V>>, Vec<Awaited<V>>) {
        let (mut known, mut led, mut awaited) = (Known::default(), Vec::new(), Vec::new());
        for key in keys {
            let local = match self.at_once(key, route) {
                Ok(catch) => {
                    known.insert(key.clone(), self.hit(catch).ok());
                    continue;
                }
                Err(local) => local,
            };
            match self.board(key, route) {
                Seat::Pilot(pilot) => {
                    if let Local::Stale(entry) = local {
                        pilot.offer(Ok(Catch::stale(entry, Tier::Local)));
                    }
                    led.push((pilot, key.clone()));
                }
                Seat::Passenger(passenger) => awaited.push((passenger, key.clone())),
            }
        }
        (known, led, awaited)
    }

    /// Lands those flights that the tiers have the value of, and leaves the others to a task.
    async fn fly_all<K>(
        self: Arc<Self>,
        led: Vec<Led<V>>,
        wanted: &Wanted<K>,
        route: Route,
        load: BulkLoader<K, V>,
    ) -> Result<()>
    where
        K: CacheKey<Owned = K> + Send + Sync + 'static,
    {
        let Some(bearings) =
            led.iter().map(|(pilot, _)| pilot.bearings()).min_by_key(|bearings| bearings.stamp)
        else {
            return Ok(());
        };
        let keys: Vec<Key> = led.iter().map(|(_, key)| key.clone()).collect();
        let mut budget = self.budget();
        let found = self.look_remote_for(&keys, route, bearings, &mut budget).await;
        let mut loads = Vec::new();
        for ((pilot, key), found) in led.into_iter().zip(found) {
            // What was found lies on the shelf by now, and did not come from there.
            if let Found::Usable(entry) = found {
                pilot.land(Ok(Catch::fresh(entry, Tier::Remote)));
                continue;
            }
            match self.look_local(&key, route) {
                Local::Answer(catch) => pilot.land(Ok(catch)),
                local => {
                    if let Found::Stale(entry, _) = &found {
                        pilot.offer(Ok(Catch::stale(entry.clone(), Tier::Remote)));
                    }
                    pilot.go_to_task();
                    let owned = wanted.get(&key).map(K::to_owned_key);
                    let loading = Loading::new(self.clone(), pilot, key, route, budget.clone());
                    loads.push((loading.after(local.previous()).instead_of(found), owned));
                }
            }
        }
        if loads.is_empty() {
            return Ok(());
        }
        let store = self.clone();
        self.node.tasks.spawn(async move { store.load_all(loads, load).await })
    }

    /// What the shared tier has under each key, by one question.
    async fn look_remote_for(
        &self,
        keys: &[Key],
        route: Route,
        bearings: Bearings,
        budget: &mut Budget,
    ) -> Vec<Found<V>> {
        let asked = self.shelf.now();
        // A key that is in doubt is not asked for. The others have a shared tier in common.
        let is_asked: Vec<bool> = keys.iter().map(|key| self.remote(key, route).is_some()).collect();
        let in_question = chosen(keys, &is_asked);
        let stored = match self.node.remote() {
            Some(remote) if !in_question.is_empty() => {
                let stored = self.ask(&**remote, &in_question, asked, budget).await;
                stored.inspect_err(|error| self.degraded(error)).unwrap_or_default()
            }
            _ => Vec::new(),
        };
        let mut stored = stored.into_iter();
        keys.iter()
            .zip(is_asked)
            .map(|(key, is_asked)| match is_asked.then(|| stored.next().flatten()).flatten() {
                Some(stored) => self.judge(key, stored, bearings, asked, route),
                None => Found::Nothing,
            })
            .collect()
    }

    /// Loads all keys that this instance gets the right to load at once, and the others each for itself.
    async fn load_all<K>(self: Arc<Self>, loads: Vec<(Loading<V>, Option<K>)>, load: BulkLoader<K, V>)
    where
        K: CacheKey<Owned = K> + Send + Sync + 'static,
    {
        let mut applying = JoinSet::new();
        for (mut loading, key) in loads {
            applying.spawn(async move { (loading.apply().await, loading, key) });
        }
        let (mut granted, mut keys) = (Vec::new(), Vec::new());
        while let Some(applied) = applying.join_next().await {
            match applied {
                Ok((Ok(Permit::Done(entry)), loading, _)) => {
                    loading.land(Ok(Catch::fresh(entry, Tier::Remote)));
                }
                Ok((Ok(permit), loading, key)) => {
                    granted.push((loading, permit));
                    keys.extend(key);
                }
                Ok((Err(_busy), loading, key)) => {
                    let one = self.load_one(&loading.key, key, load.clone());
                    // Not spawned is aborted, and that is told to all who wait.
                    let _ = self.node.tasks.spawn(loading.run(one));
                }
                Err(_) => {}
            }
        }
        if !granted.is_empty() {
            let span = LoadSpan::new(&self.name, granted.len());
            self.load_granted(granted, keys, load, &span).instrument(span.inner()).await;
        }
    }

    async fn load_granted<K>(
        &self,
        granted: Vec<(Loading<V>, Permit<V>)>,
        keys: Vec<K>,
        load: BulkLoader<K, V>,
        span: &LoadSpan,
    ) where
        K: CacheKey<Owned = K> + Send + Sync + 'static,
    {
        let timer = Instant::now();
        let mut renewing = JoinSet::new();
        for (loading, permit) in &granted {
            if let (Permit::Leased(lease), Some(remote)) = (permit, loading.remote()) {
                let (lease, key) = (*lease, loading.key.clone());
                renewing.spawn(async move { keep_alive(&*remote, &key, lease).await });
            }
        }
        let answers = self.in_time(self.plan.load_deadline, self.in_turn(load(keys))).await;
        self.counters.load(&answers, granted.len(), timer.elapsed());
        answers.as_ref().map_or_else(|error| span.failed(error), |_| span.ended("loaded"));
        let mut answers = answers.map(|(answers, began)| (self.by_key(answers), began));
        renewing.shutdown().await;
        let mut settling = JoinSet::new();
        for (loading, permit) in granted {
            let answer = match &mut answers {
                Ok((answers, began)) => {
                    Ok((answers.remove(&loading.key).unwrap_or_else(Answer::missing), *began))
                }
                Err(error) => Err(error.clone()),
            };
            settling.spawn(loading.settle(permit, answer).instrument(span.inner()));
        }
        while settling.join_next().await.is_some() {}
    }

    /// The answers by the keys as they were asked for. One that nobody asked for is left alone.
    fn by_key<K: CacheKey>(&self, answers: Vec<(K, Answer<V>)>) -> HashMap<Key, Answer<V>, KeyHasher> {
        answers.into_iter().filter_map(|(key, answer)| Some((self.shelf.key(&key).ok()?, answer))).collect()
    }

    /// The same load for one key by itself.
    fn load_one<K>(self: &Arc<Self>, key: &Key, owned: Option<K>, load: BulkLoader<K, V>) -> BoxLoad<V>
    where
        K: CacheKey<Owned = K> + Send + Sync + 'static,
    {
        let (store, key) = (self.clone(), key.clone());
        Box::new(move |_| {
            let answers = load(owned.into_iter().collect());
            Box::pin(
                async move { Ok(store.by_key(answers.await?).remove(&key).unwrap_or_else(Answer::missing)) },
            )
        })
    }
}

/// Some of the keys, which usually are all of them.
pub(crate) fn chosen<'k>(keys: &'k [Key], is_chosen: &[bool]) -> Cow<'k, [Key]> {
    if is_chosen.iter().all(|is_chosen| *is_chosen) {
        return Cow::Borrowed(keys);
    }
    keys.iter().zip(is_chosen).filter(|(_, is_chosen)| **is_chosen).map(|(key, _)| key.clone()).collect()
}
