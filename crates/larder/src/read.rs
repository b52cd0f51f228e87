//! The read path.
//!
//! ```text
//!   local ─▶ hit
//!     │ miss
//!     ▼
//!   board ──▶ passenger: wait, share what the pilot brings
//!     │ pilot
//!     ▼
//!   local again ─▶ shared tier ─▶ hit, and a copy on the shelf unless something overtook it
//!                      │ miss
//!                      ▼
//!                  a task of its own: lease ─▶ load ─▶ fill ─▶ shelf ─▶ land
//! ```
//!
//! The pilot reads the shared tier in its own future, because most flights end there, and a task costs more than the answer.
//! If it is cancelled meanwhile, a passenger takes over. A load does not take place in anybody's future: it goes on for
//! whoever still waits, and for those who come next.

use std::slice;
use std::sync::Arc;
use std::time::Duration;

use larder_core::{Entry, Error, ErrorKind, Key, Lookup, Moment, Result, Sequence};
use tokio::time::{Instant, sleep_until, timeout_at};

use crate::flight::{Bearings, Landing, Passenger, Pilot, Seat};
use crate::hit::{Hit, Tier};
use crate::load::Loading;
use crate::loader::BoxLoad;
use crate::route::Route;
use crate::store::{Catch, Found, Store};

/// Longer than anybody waits, and not so long that clocks overflow.
const FAR: Duration = Duration::from_secs(24 * 3_600);

impl<V: Send + Sync + 'static> Store<V> {
    /// Reads the tiers, and loads if they do not have it.
    pub(crate) async fn fetch(self: Arc<Self>, key: Key, route: Route, load: BoxLoad<V>) -> Result<Hit<V>> {
        let load = match self.serve_due(&key, route, load) {
            Ok(hit) => return Ok(hit),
            Err(load) => load,
        };
        if let Some(catch) = self.resting(&key, route) {
            return self.hit(catch);
        }
        let birth = self.node.coherence.ledger.seen();
        let mut soft = self.soft_end(route);
        loop {
            match self.board(&key, route) {
                Seat::Pilot(pilot) => return self.fly(pilot, key, route, soft, load).await,
                Seat::Passenger(passenger) => {
                    let began = passenger.bearings();
                    match self.wait(passenger, self.patience(), soft).await {
                        Landing::With(Err(error)) => return Err(error),
                        Landing::With(Ok(catch)) if self.is_shared_with(birth, began, &catch.entry) => {
                            return self.hit(catch);
                        }
                        // The pilot was cancelled, or it had departed before a tag of the value was invalidated and this
                        // reader came after. Board again, and take nothing but what is brought.
                        Landing::With(Ok(_)) | Landing::Abandoned => soft = None,
                    }
                }
            }
        }
    }

    /// What is served without a load, or else what there is in this process.
    pub(crate) fn at_once(&self, key: &Key, route: Route) -> Result<Catch<V>, Local<V>> {
        match self.look_local(key, route) {
            Local::Answer(catch) => Ok(catch),
            local => self.resting(key, route).ok_or(local),
        }
    }

    /// What is served of a key whose load has failed a moment ago.
    fn resting(&self, key: &Key, route: Route) -> Option<Catch<V>> {
        if route.is_forced() || route.is_alone() {
            return None;
        }
        let now = self.shelf.now();
        self.rests.find(key, now, |stamp, catch| {
            catch.entry.has_expired(now)
                || self.shelf.has_overtaken(key.hash(), stamp)
                || !self.shelf.has_current_tags(&catch.entry)
        })
    }

    /// Until when a read that begins now waits for loads, where there is something stale to serve instead.
    pub(crate) fn soft_end(&self, route: Route) -> Option<Instant> {
        let soft = self.plan.soft_timeout.filter(|_| !route.is_forced())?;
        Instant::now().checked_add(soft)
    }

    /// Reads the tiers, and never loads.
    pub(crate) async fn look(&self, key: &Key, route: Route) -> Option<Hit<V>> {
        self.look_past(self.look_local(key, route), key, route).await
    }

    /// The same as usual, for who has looked at the shelf.
    pub(crate) async fn look_on(&self, key: Key, lookup: Lookup<V>) -> Option<Hit<V>> {
        let route = Route::of(self.plan.tiers);
        self.look_past(self.local(lookup, route), &key, route).await
    }

    async fn look_past(&self, local: Local<V>, key: &Key, route: Route) -> Option<Hit<V>> {
        let previous = match local {
            Local::Answer(catch) => return self.hit(catch).ok(),
            local => local.previous(),
        };
        let bearings =
            if route.is_alone() { self.bearings_alone(slice::from_ref(key)) } else { self.bearings() };
        let found = self.look_remote(key, route, bearings, &mut self.budget()).await;
        Self::answer_unloaded(found, previous, route, self.shelf.now())
    }

    /// What to answer when nothing is to be loaded: what the shared tier has, else what this process still has.
    pub(crate) fn answer_unloaded(
        found: Found<V>,
        previous: Option<Arc<Entry<V>>>,
        route: Route,
        now: Moment,
    ) -> Option<Hit<V>> {
        let catch = match found {
            Found::Usable(entry) => Some(Catch::fresh(entry, Tier::Remote)),
            Found::Stale(entry, _) => Some(Catch::stale(entry, Tier::Remote)).filter(|_| route.allows_stale),
            _ => previous.map(|entry| Catch::stale(entry, Tier::Local)).filter(|_| route.allows_stale),
        };
        catch?.into_hit(now)
    }

    async fn fly(
        self: Arc<Self>,
        pilot: Pilot<Result<Catch<V>>>,
        key: Key,
        route: Route,
        soft: Option<Instant>,
        load: BoxLoad<V>,
    ) -> Result<Hit<V>> {
        // Another flight may have landed between the look at the shelf and the boarding.
        match self.look_local(&key, route) {
            Local::Answer(catch) => {
                pilot.land(Ok(catch.clone()));
                self.hit(catch)
            }
            Local::Stale(entry) if soft.is_some() => {
                // Nobody may have to wait for the shared tier either.
                pilot.offer(Ok(Catch::stale(entry.clone(), Tier::Local)));
                pilot.go_to_task();
                let passenger = pilot.passenger();
                let flight = self.clone().fly_on(pilot, key, route, soft, load, Some(entry));
                self.node.tasks.spawn(async move { drop(flight.await) })?;
                self.arrive(passenger, soft).await
            }
            local => self.fly_on(pilot, key, route, soft, load, local.previous()).await,
        }
    }

    /// Flies on past the shelf, on which `previous` may lie.
    async fn fly_on(
        self: Arc<Self>,
        pilot: Pilot<Result<Catch<V>>>,
        key: Key,
        route: Route,
        soft: Option<Instant>,
        load: BoxLoad<V>,
        previous: Option<Arc<Entry<V>>>,
    ) -> Result<Hit<V>> {
        let mut budget = self.budget();
        let found = self.look_remote(&key, route, pilot.bearings(), &mut budget).await;
        if let (Found::Usable(entry), false) = (&found, route.is_forced()) {
            let catch = Catch::fresh(entry.clone(), Tier::Remote);
            pilot.land(Ok(catch.clone()));
            return self.hit(catch);
        }
        if let Found::Stale(entry, _) = &found {
            pilot.offer(Ok(Catch::stale(entry.clone(), Tier::Remote)));
        }
        let passenger = pilot.passenger();
        pilot.go_to_task();
        let loading = Loading::new(self.clone(), pilot, key, route, budget).after(previous).instead_of(found);
        self.node.tasks.spawn(loading.run(load))?;
        self.arrive(passenger, soft).await
    }

    /// Waits for a flight that goes on in a task, or takes what there is meanwhile.
    async fn arrive(&self, passenger: Passenger<Result<Catch<V>>>, soft: Option<Instant>) -> Result<Hit<V>> {
        match self.wait(passenger, Instant::now() + FAR, soft).await {
            Landing::With(result) => self.hit(result?),
            Landing::Abandoned => Err(Error::new(ErrorKind::Closed, "the cache was shut down during a load")),
        }
    }

    /// Waits for a flight to land, and from `soft` on, takes what can be had instead.
    pub(crate) async fn wait(
        &self,
        passenger: Passenger<Result<Catch<V>>>,
        patience: Instant,
        soft: Option<Instant>,
    ) -> Landing<Result<Catch<V>>> {
        let Some(soft) = soft else {
            return self.wait_for_landing(passenger, patience).await;
        };
        let meanwhile = passenger.meanwhile();
        let meanwhile = async {
            // A timer would take a millisecond even for what is over.
            if soft > Instant::now() {
                sleep_until(soft).await;
            }
            meanwhile.await
        };
        tokio::select! {
            biased;
            landing = self.wait_for_landing(passenger, patience) => landing,
            catch = meanwhile => Landing::With(catch),
        }
    }

    /// A pilot that reads the shared tier in its own future is waited for until `patience` ends: that future may lie somewhere
    /// and never be polled again.
    async fn wait_for_landing(
        &self,
        mut passenger: Passenger<Result<Catch<V>>>,
        patience: Instant,
    ) -> Landing<Result<Catch<V>>> {
        match timeout_at(patience, &mut passenger).await {
            Ok(landing) => landing,
            Err(_) if passenger.is_in_task() => passenger.await,
            Err(_) => {
                self.flights.give_up(&passenger);
                Landing::Abandoned
            }
        }
    }

    /// Until when a read of the shared tier that others began must have come to an end.
    pub(crate) fn patience(&self) -> Instant {
        let now = Instant::now();
        now.checked_add(self.node.patience.read.saturating_mul(2)).unwrap_or(now + FAR)
    }

    pub(crate) fn board(&self, key: &Key, route: Route) -> Seat<Result<Catch<V>>> {
        if route.is_alone() {
            return Seat::Pilot(Pilot::alone(key, self.bearings_alone(slice::from_ref(key))));
        }
        if route.is_forced() {
            // What is being loaded already must not take the place of what this one will bring.
            self.shelf.overtake(key.hash());
        }
        let is_overtaken = |began: Bearings| {
            self.shelf.has_overtaken(key.hash(), began.stamp) || self.may_have_missed(began.began)
        };
        self.flights.board(key, || self.bearings(), is_overtaken)
    }

    /// Whether something may have been invalidated since then, longer ago than the bound, of which nothing has been heard: the bus
    /// is away, or this process was stopped and has not noticed yet.
    fn may_have_missed(&self, since: Moment) -> bool {
        let (now, coherence) = (self.node.clock.now(), &self.node.coherence);
        !coherence.is_trusted(now) && now.since(since) > coherence.bound
    }

    /// Whether a reader who came when the tags' order was at `birth` may have what a flight brought that began before.
    pub(crate) fn is_shared_with(&self, birth: Sequence, began: Bearings, entry: &Entry<V>) -> bool {
        began.birth >= birth || self.shelf.has_current_tags(entry)
    }

    pub(crate) fn look_local(&self, key: &Key, route: Route) -> Local<V> {
        if route.looks_local { self.local(self.shelf.find(key), route) } else { Local::Previous(None) }
    }

    fn local(&self, lookup: Lookup<V>, route: Route) -> Local<V> {
        match lookup {
            Lookup::Fresh(entry) | Lookup::Due(entry) if !route.is_forced() => {
                Local::Answer(Catch::fresh(entry, Tier::Local))
            }
            Lookup::Suspect(entry) if self.serves_suspects() => {
                Local::Answer(Catch::stale(entry, Tier::Local))
            }
            Lookup::Stale(entry) if !entry.is_missing() => Local::Stale(entry),
            Lookup::Fresh(entry) | Lookup::Due(entry) | Lookup::Stale(entry) | Lookup::Suspect(entry) => {
                Local::Previous(Some(entry))
            }
            Lookup::Absent => Local::Previous(None),
        }
    }

    fn serves_suspects(&self) -> bool {
        self.plan.serves_disconnected && !self.node.coherence.is_trusted(self.shelf.now())
    }
}

/// What this process has.
pub(crate) enum Local<V> {
    /// An answer.
    Answer(Catch<V>),
    /// A value that is past its fresh time, and could be served while it is refreshed.
    Stale(Arc<Entry<V>>),
    /// None, but perhaps something to fall back on.
    Previous(Option<Arc<Entry<V>>>),
}

impl<V> Local<V> {
    /// What there is, if it is no answer.
    pub(crate) fn previous(self) -> Option<Arc<Entry<V>>> {
        match self {
            Self::Answer(_) => None,
            Self::Stale(entry) => Some(entry),
            Self::Previous(previous) => previous,
        }
    }
}
