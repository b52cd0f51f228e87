//! One load, in a task of its own: lease, load, fill, keep, land.

use std::future::{self, Future};
use std::sync::Arc;
use std::time::Duration;

use larder_core::{
    Entry, Error, ErrorKind, Fill, Filled, Key, Label, Lease, Lifetime, Moment, Refused, Remote, Result, Tags,
};
use tokio::time::Instant;
use tracing::Instrument;

use crate::answer::{Answer, Content, Kept, Wishes};
use crate::budget::Budget;
use crate::flight::{Bearings, Pilot};
use crate::hit::Tier;
use crate::lease::{Permit, Target, keep_alive};
use crate::loader::BoxLoad;
use crate::route::Route;
use crate::span::LoadSpan;
use crate::store::{Catch, Found, StaleIfError, Store};

/// A load under way.
pub(crate) struct Loading<V> {
    pub(crate) store: Arc<Store<V>>,
    /// Gone once it has landed.
    pilot: Option<Pilot<Result<Catch<V>>>>,
    bearings: Bearings,
    pub(crate) key: Key,
    pub(crate) route: Route,
    pub(crate) budget: Budget,
    /// When it must have come to an end.
    pub(crate) until: Moment,
    /// What may be served if the load fails.
    pub(crate) previous: Option<Catch<V>>,
    pub(crate) target: Target,
    /// Where it is noted what becomes of it.
    span: LoadSpan,
}

/// A value and its label, fresh from the loader.
struct Fresh<V> {
    value: Option<V>,
    label: Label,
    began: Moment,
    kept: Kept,
}

impl<V: Send + Sync + 'static> Loading<V> {
    pub(crate) fn new(
        store: Arc<Store<V>>,
        pilot: Pilot<Result<Catch<V>>>,
        key: Key,
        route: Route,
        budget: Budget,
    ) -> Self {
        let target = Target::new(store.node.coherence.ledger.last_clear(&store.name), route);
        let bearings = pilot.bearings();
        let until = store.shelf.now().after(store.plan.load_deadline);
        Self {
            store,
            pilot: Some(pilot),
            bearings,
            key,
            route,
            budget,
            until,
            previous: None,
            target,
            span: LoadSpan::none(),
        }
    }

    /// Notes what this process has, which is of use only if the load fails.
    pub(crate) fn after(mut self, previous: Option<Arc<Entry<V>>>) -> Self {
        self.previous = previous.map(|entry| Catch::stale(entry, Tier::Local));
        self
    }

    /// Notes what the shared tier has that cannot be served.
    pub(crate) fn instead_of(mut self, found: Found<V>) -> Self {
        if let Some(stale) = self.target.replace(found) {
            self.previous = Some(stale);
        }
        self
    }

    /// Loads and lands. Its span begins with the call, so that it is a part of its caller's.
    pub(crate) fn run(mut self, load: BoxLoad<V>) -> impl Future<Output = ()> + Send {
        self.span = LoadSpan::new(&self.store.name, 1);
        let span = self.span.inner();
        self.run_on(load).instrument(span)
    }

    async fn run_on(mut self, load: BoxLoad<V>) {
        match self.permit().await {
            Ok(Permit::Done(entry)) => {
                self.span.ended("elsewhere");
                self.land(Ok(Catch::fresh(entry, Tier::Remote)));
            }
            Ok(permit) => {
                // The clock of the shelf is too coarse for the time that a load takes.
                let timer = Instant::now();
                let answer = self.load(&permit, load).await;
                self.store.counters.load(&answer, 1, timer.elapsed());
                self.settle(permit, answer).await;
            }
            Err(error) => self.fall_back(error),
        }
    }

    /// Lands with what a load has answered, and when it began.
    pub(crate) async fn settle(mut self, permit: Permit<V>, answer: Result<(Answer<V>, Moment)>) {
        match answer.and_then(|(answer, began)| self.take_in(answer, began)) {
            Ok(fresh) => {
                self.span.ended(if fresh.value.is_some() { "loaded" } else { "missing" });
                let entry = self.keep(permit, fresh).await;
                self.store.rests.end(&self.key, self.store.shelf.now());
                self.land(Ok(Catch::fresh(entry, Tier::Origin)));
            }
            Err(error) => {
                self.give_back(permit).await;
                self.fall_back(error);
            }
        }
    }

    /// Lands with what was there before, if that may be served instead of an error.
    pub(crate) fn fall_back(self, error: Error) {
        self.span.failed(&error);
        let previous = self.previous.clone().filter(|previous| previous.entry.value().is_some());
        let result = match (previous, self.store.plan.stale_if_error) {
            // Who asks for a load in any case is to know that there was none.
            (Some(previous), StaleIfError::Serve) if !self.route.is_forced() => {
                self.let_rest(&previous);
                Ok(previous)
            }
            _ => Err(error),
        };
        self.land(result);
    }

    /// Has the next readers served the same without a load, for a moment.
    fn let_rest(&self, previous: &Catch<V>) {
        let (store, now) = (&self.store, self.store.shelf.now());
        if !self.route.is_alone() && !store.plan.rest.is_zero() {
            let until = now.after(store.plan.rest);
            store.rests.begin(&self.key, previous, self.bearings().stamp, now, until);
        }
    }

    /// Hands the result to all who wait.
    pub(crate) fn land(mut self, result: Result<Catch<V>>) {
        if let Some(pilot) = self.pilot.take() {
            pilot.land(result);
        }
    }

    /// Runs the loader within its deadline, and keeps the lease alive meanwhile.
    async fn load(&self, permit: &Permit<V>, load: BoxLoad<V>) -> Result<(Answer<V>, Moment)> {
        let store = &self.store;
        let previous = self.previous.as_ref().map(|previous| previous.entry.clone());
        let answering = store.in_time(self.until.since(store.shelf.now()), store.in_turn(load(previous)));
        let renewing = async {
            match (permit, self.remote()) {
                (Permit::Leased(lease), Some(remote)) => keep_alive(&*remote, &self.key, *lease).await,
                _ => future::pending().await,
            }
        };
        tokio::select! {
            biased;
            answer = answering => answer,
            never = renewing => match never {},
        }
    }

    /// What the loader answered, with everything that is to be known of it.
    fn take_in(&self, answer: Answer<V>, began: Moment) -> Result<Fresh<V>> {
        let value = match answer.content {
            Content::Value(value) => Some(value),
            Content::Missing => None,
            Content::NotModified => {
                return Err(Error::new(
                    ErrorKind::Invalid,
                    "the loader says that nothing has changed, but was shown nothing",
                )
                .with("cache", &self.store.name));
            }
        };
        let label = self.label(&answer.wishes, value.is_none(), began)?;
        Ok(Fresh { value, label, began, kept: answer.wishes.kept() })
    }

    fn label(&self, wishes: &Wishes, is_missing: bool, began: Moment) -> Result<Label> {
        let (store, plan) = (&self.store, &self.store.plan);
        let usual = if is_missing { Lifetime::new(plan.negative_life) } else { plan.lifetime };
        let lifetime = plan.jitter.shorten(wishes.lifetime(usual)?, fastrand::f64());
        let load_cost = store.shelf.now().since(began);
        let made_at = store
            .node
            .clock
            .unix_millis()
            .saturating_sub(u64::try_from(load_cost.as_millis()).unwrap_or(u64::MAX));
        Ok(Label::new(lifetime)
            .birth(self.bearings().birth)
            .tags(Tags::new(wishes.tags.iter().copied())?)
            .version(wishes.version)
            .made_at(made_at)
            .load_cost(load_cost))
    }

    /// Stores a value in both tiers, as far as nothing has overtaken its load.
    async fn keep(&mut self, permit: Permit<V>, fresh: Fresh<V>) -> Arc<Entry<V>> {
        let stamp = self.bearings().stamp;
        let is_kept = match (&permit, fresh.kept) {
            (Permit::Quarantined, _) | (_, Kept::Nowhere) => {
                self.give_back(permit).await;
                self.leave_nothing_older();
                false
            }
            (Permit::Leased(_), _) if self.target.is_foreign() => {
                self.give_back(permit).await;
                true
            }
            (Permit::Leased(lease), _) => self.fill(*lease, &fresh).await,
            _ => true,
        };
        let store = &self.store;
        let loaded = store.copy(self.key.clone(), fresh.value, fresh.label, Duration::ZERO, fresh.began);
        if is_kept { store.keep(stamp, loaded, self.route) } else { store.shelf.make(stamp, loaded) }
    }

    /// Stores a value in the shared tier. Returns whether it may be kept in this one: not if the server knows of an
    /// invalidation that has overtaken the load, though this node may not have heard of it yet.
    async fn fill(&mut self, lease: Lease, fresh: &Fresh<V>) -> bool {
        let (Some(remote), Some(envelope)) = (self.remote(), &self.store.envelope) else {
            return true;
        };
        let sealed = envelope.seal(self.key.hash(), &fresh.label, fresh.value.as_ref());
        let content = match sealed {
            Ok(stored) => Fill::Value(stored, fresh.label.lifetime.time_to_live()),
            Err(error) => {
                self.store.unsealed(self.key.hash(), &error);
                self.give_back(Permit::Leased(lease)).await;
                return true;
            }
        };
        match self.budget.spend(remote.fill(&self.key, lease, content)).await {
            Ok(Filled::Stored) => true,
            Ok(Filled::Outdated) => {
                self.store.refused(self.key.hash(), Refused::Outdated);
                false
            }
            Ok(_) => {
                self.store.refused(self.key.hash(), Refused::Invalidated);
                self.leave_nothing_older();
                false
            }
            Err(error) => {
                self.store.degraded(&error);
                true
            }
        }
    }

    /// Whoever gets what is kept nowhere must not see an older value here afterwards, nor one that is on its way.
    fn leave_nothing_older(&self) {
        let hash = self.key.hash();
        self.store.shelf.overtake(hash);
        self.store.shelf.withdraw(hash, self.bearings().stamp);
    }

    async fn give_back(&mut self, permit: Permit<V>) {
        if let (Permit::Leased(lease), Some(remote)) = (permit, self.remote()) {
            // If that fails, it ends by itself.
            let _ = self.budget.spend(remote.release(&self.key, lease)).await;
        }
    }

    pub(crate) fn bearings(&self) -> Bearings {
        self.bearings
    }

    pub(crate) fn remote(&self) -> Option<Arc<dyn Remote>> {
        self.store.remote(&self.key, self.route).cloned()
    }
}

impl<V> Drop for Loading<V> {
    /// Whoever waits for a task that was aborted, or in which a user's weigher or serializer has panicked, must not wait for
    /// ever.
    fn drop(&mut self) {
        if let Some(pilot) = self.pilot.take() {
            let error = if std::thread::panicking() {
                Error::new(ErrorKind::Load, "what was loaded could not be taken in without a panic")
            } else {
                Error::new(ErrorKind::Closed, "the load was aborted")
            };
            self.span.failed(&error);
            pilot.land(Err(error));
        }
    }
}
