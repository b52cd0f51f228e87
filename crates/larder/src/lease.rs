//! The right to load: one instance of the fleet at a time has it.

use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use larder_core::{
    Entry, Key, Lease, LeaseMode, LeaseReply, LeaseRequest, Moment, Remote, Result, Sequence, Ttl,
};
use tokio::time::{sleep, timeout};

use crate::backoff::Backoff;
use crate::hit::Tier;
use crate::load::Loading;
use crate::route::Route;
use crate::store::{Catch, Found};

/// How long a lease lasts if its holder dies. One who lives renews it.
const HOLD: Ttl = Ttl::seconds(2);

/// How often a lease is asked for again because what was found in its place was of no use either.
const MOST_SURPRISES: u32 = 3;

/// On what terms a load takes place.
pub(crate) enum Permit<V> {
    /// It need not: somebody else has done it.
    Done(Arc<Entry<V>>),
    /// Under this lease, so that no other instance does the same.
    Leased(Lease),
    /// Without one: the shared tier is not used, or does not answer.
    Free,
    /// Without one, and its result is not kept: a guarded write is under way.
    Quarantined,
}

/// What a load is to replace.
pub(crate) struct Target {
    mode: LeaseMode,
    need_birth: Sequence,
    /// Whether whatever is there is to be loaded anew.
    is_forced: bool,
    /// Whether a newer build's entry is in the place, and stays there.
    is_foreign: bool,
}

impl Target {
    /// Nothing, as far as is known. What was born before the cache was cleared is as good as nothing.
    pub(crate) fn new(cleared: Sequence, route: Route) -> Self {
        let mode = if route.is_forced() { LeaseMode::Any } else { LeaseMode::Miss };
        Self { mode, need_birth: cleared, is_forced: route.is_forced(), is_foreign: false }
    }

    /// This, which cannot be served. What may be served if the load fails is returned.
    pub(crate) fn replace<V>(&mut self, found: Found<V>) -> Option<Catch<V>> {
        match found {
            Found::Stale(entry, stored) => {
                self.aim(&stored);
                return Some(Catch::stale(entry, Tier::Remote));
            }
            Found::Usable(entry) => return Some(Catch::stale(entry, Tier::Remote)),
            Found::Useless(stored, last) => {
                self.need_birth = self.need_birth.max(last);
                self.aim(&stored);
            }
            Found::Foreign => {
                self.mode = LeaseMode::Any;
                self.is_foreign = true;
            }
            Found::Nothing => {}
        }
        None
    }

    pub(crate) fn is_foreign(&self) -> bool {
        self.is_foreign
    }

    fn aim(&mut self, stored: &Bytes) {
        if !self.is_forced {
            self.mode = LeaseMode::replace(stored);
        }
    }

    fn request(&self, lease: Lease, birth: Sequence) -> LeaseRequest {
        let mut request = LeaseRequest::new(lease, HOLD);
        request.mode = self.mode.clone();
        request.need_birth = self.need_birth;
        request.birth = birth;
        request
    }
}

impl<V: Send + Sync + 'static> Loading<V> {
    /// Finds out on what terms to load, and waits for another instance's load. As long as the server answers, nobody
    /// loads without a lease.
    pub(crate) async fn permit(&mut self) -> Result<Permit<V>> {
        let mut backoff = Backoff::to_poll();
        loop {
            match self.apply().await {
                Ok(permit) => return Ok(permit),
                Err(_) if self.store.shelf.now() >= self.until => {
                    return Err(self.store.elapsed("another instance"));
                }
                Err(Busy(left)) => sleep(backoff.next().min(left.as_duration())).await,
            }
        }
    }

    /// Asks for the right to load, without waiting for another instance that has it.
    pub(crate) async fn apply(&mut self) -> Result<Permit<V>, Busy> {
        let Some(remote) = self.remote() else {
            return Ok(Permit::Free);
        };
        let lease = Lease::new(uuid::Uuid::new_v4().as_u128());
        for _ in 0..MOST_SURPRISES {
            let asked = self.store.shelf.now();
            let request = self.target.request(lease, self.bearings().birth);
            let stored = match self.budget.spend(remote.lease(&self.key, &request)).await {
                Ok(LeaseReply::Granted) => return Ok(Permit::Leased(lease)),
                Ok(LeaseReply::Quarantined) => return Ok(Permit::Quarantined),
                Ok(LeaseReply::Found(stored)) if self.knows_tags(&*remote, asked).await => stored,
                Ok(LeaseReply::Busy(left)) => {
                    self.budget.refill();
                    return Err(Busy(left));
                }
                Ok(_) => return Ok(Permit::Free),
                Err(error) => {
                    self.store.degraded(&error);
                    return Ok(Permit::Free);
                }
            };
            match self.store.judge(&self.key, stored, self.bearings(), asked, self.route) {
                Found::Usable(entry) => return Ok(Permit::Done(entry)),
                found => self.previous = self.target.replace(found).or(self.previous.take()),
            }
        }
        Ok(Permit::Free)
    }
}

impl<V: Send + Sync + 'static> Loading<V> {
    /// Whether what is in the way can be judged by its tags: a node that may have missed some asks for them first.
    async fn knows_tags(&mut self, remote: &dyn Remote, asked: Moment) -> bool {
        let node = &self.store.node;
        if node.coherence.knows_tags(asked) {
            return true;
        }
        match self.budget.spend(node.learn_anew(remote)).await {
            Ok(()) => true,
            Err(error) => {
                self.store.degraded(&error);
                false
            }
        }
    }
}

/// Another instance has the lease, and for how long if it dies.
pub(crate) struct Busy(Ttl);

/// Renews a lease for as long as it is polled. If it is lost all the same, the fill will say so.
pub(crate) async fn keep_alive(remote: &dyn Remote, key: &Key, lease: Lease) -> Infallible {
    let half = HOLD.as_duration() / 2;
    loop {
        sleep(half).await;
        // A server that does not answer is asked again a half-life later.
        let _ = timeout(half, remote.renew(key, lease, HOLD)).await;
    }
}
