//! One cache, without the type of its keys: where the tiers meet.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use larder_codec::{Envelope, Opened, Unreadable};
use larder_core::{
    CacheName, Entry, Error, ErrorKind, Event, Jitter, Key, KeyHash, Label, Lifetime, Loaded, Lookup, Moment,
    Refused, Result, Sequence, Shelf, Stamp, Ttl,
};
use tokio::time::timeout;

use crate::bulkhead::Bulkhead;
use crate::flight::{Bearings, Flights};
use crate::hit::{Hit, Tier};
use crate::node::Node;
use crate::refresh::Early;
use crate::rest::Rests;
use crate::route::Route;
use crate::shelves::Shelved;
use crate::stats::{CacheStats, Counters};
use crate::tiers::Tiers;
use crate::warm::{Progress, WarmStart};

/// One cache of a process.
pub(crate) struct Store<V> {
    pub(crate) node: Arc<Node>,
    pub(crate) name: CacheName,
    pub(crate) shelf: Shelf<V>,
    pub(crate) flights: Arc<Flights<Result<Catch<V>>>>,
    /// `None` for a cache whose values are never written down.
    pub(crate) envelope: Option<Envelope<V>>,
    pub(crate) rests: Rests<Catch<V>>,
    /// `None`: whatever is missed is loaded at once.
    pub(crate) bulkhead: Option<Bulkhead>,
    pub(crate) plan: Plan,
    pub(crate) counters: Counters,
    /// How far its warm start has come.
    pub(crate) warmth: Arc<Progress>,
}

/// How a cache is set up.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    pub(crate) tiers: Tiers,
    pub(crate) lifetime: Lifetime,
    /// The longest that a copy stays in this process.
    pub(crate) local_life: Ttl,
    /// How long it is known that the origin has no value.
    pub(crate) negative_life: Ttl,
    pub(crate) jitter: Jitter,
    pub(crate) load_deadline: Duration,
    pub(crate) serves_disconnected: bool,
    pub(crate) stale_if_error: StaleIfError,
    /// For how long a key is left alone whose load has failed.
    pub(crate) rest: Duration,
    /// For how long a load is waited for where there is something stale. `None`: until its end.
    pub(crate) soft_timeout: Option<Duration>,
    pub(crate) early: Early,
    pub(crate) warm_start: Option<WarmStart>,
    /// How many entries this process has room for, if that is known.
    pub(crate) room: Option<u64>,
}

/// What a read gives when its loader fails and there is a value that is no longer fresh.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StaleIfError {
    /// The value, marked as stale.
    #[default]
    Serve,
    /// The loader's error.
    Fail,
}

/// What a flight brings home.
pub(crate) struct Catch<V> {
    /// With a value, or with the knowledge that there is none.
    pub(crate) entry: Arc<Entry<V>>,
    pub(crate) tier: Tier,
    pub(crate) is_stale: bool,
}

impl<V> Catch<V> {
    pub(crate) fn fresh(entry: Arc<Entry<V>>, tier: Tier) -> Self {
        Self { entry, tier, is_stale: false }
    }

    pub(crate) fn stale(entry: Arc<Entry<V>>, tier: Tier) -> Self {
        Self { entry, tier, is_stale: true }
    }

    /// What a reader gets of it; `None` if it is the knowledge that there is no value.
    pub(crate) fn into_hit(self, now: Moment) -> Option<Hit<V>> {
        let hit = Hit::new(self.entry, self.tier, now)?;
        Some(if self.is_stale { hit.stale() } else { hit })
    }
}

impl<V> Clone for Catch<V> {
    fn clone(&self) -> Self {
        Self { entry: self.entry.clone(), ..*self }
    }
}

/// What the shared tier has under a key.
pub(crate) enum Found<V> {
    /// A value that may be served, which lies on the shelf now, or the knowledge that there is none.
    Usable(Arc<Entry<V>>),
    /// One that is past its fresh time, or was marked so: to be replaced.
    Stale(Arc<Entry<V>>, Bytes),
    /// One that cannot be read, or was outdated by an invalidation of a tag or a cache, the last of which had this place
    /// in the server's order: to be replaced.
    Useless(Bytes, Sequence),
    /// One that a newer build wrote: to be left where it is.
    Foreign,
    /// Nothing.
    Nothing,
}

impl<V: Send + Sync + 'static> Store<V> {
    /// What is on the shelf, if it may be served.
    #[inline]
    pub(crate) fn fresh<Q: larder_core::CacheKey + ?Sized>(
        &self,
        key: &Q,
    ) -> Option<(Arc<Entry<V>>, Moment)> {
        let now = self.shelf.now();
        match self.shelf.get_at(key, now) {
            Lookup::Fresh(entry) => Some((entry, now)),
            _ => None,
        }
    }

    /// Whether it makes use of the shared tier.
    pub(crate) fn is_shared(&self) -> bool {
        self.node.upstream.is_some() && self.plan.tiers.has_remote() && self.envelope.is_some()
    }

    /// What a load takes note of before its first I/O.
    pub(crate) fn bearings(&self) -> Bearings {
        let began = self.node.clock.now();
        Bearings { stamp: self.shelf.stamp(), birth: self.node.coherence.ledger.seen(), began }
    }

    /// The same for a load that goes past those that are under way, and past which others will go.
    pub(crate) fn bearings_alone(&self, keys: &[Key]) -> Bearings {
        let (birth, began) = (self.node.coherence.ledger.seen(), self.node.clock.now());
        Bearings { stamp: self.shelf.depart_alone(keys.iter().map(Key::hash)), birth, began }
    }

    /// What a reader gets of a catch.
    pub(crate) fn hit(&self, catch: Catch<V>) -> Result<Hit<V>> {
        catch.into_hit(self.shelf.now()).ok_or_else(|| self.missing())
    }

    pub(crate) fn missing(&self) -> Error {
        Error::new(ErrorKind::Missing, "the origin has no such value").with("cache", &self.name)
    }

    /// Judges bytes that the shared tier gave in answer to a question asked at `asked`, and puts what is usable on the
    /// shelf, if the one who asked makes use of that.
    pub(crate) fn judge(
        &self,
        key: &Key,
        stored: Bytes,
        bearings: Bearings,
        asked: Moment,
        route: Route,
    ) -> Found<V> {
        self.judge_by(key, stored, asked, |loaded| self.keep(bearings.stamp, loaded, route))
    }

    /// The same for one that no read has asked for, and whether it lies on the shelf now.
    pub(crate) fn judge_kept(
        &self,
        key: &Key,
        stored: Bytes,
        bearings: Bearings,
        asked: Moment,
    ) -> (Found<V>, bool) {
        let mut is_kept = false;
        let found = self.judge_by(key, stored, asked, |loaded| {
            let (entry, kept) = self.shelf.offer(bearings.stamp, loaded);
            is_kept = kept.is_ok();
            self.take_note(key.hash(), bearings.stamp, kept);
            entry
        });
        (found, is_kept)
    }

    /// The same, and puts nothing on the shelf.
    pub(crate) fn judge_unkept(&self, key: &Key, stored: Bytes, asked: Moment) -> Found<V> {
        self.judge_by(key, stored, asked, |loaded| self.shelf.make(self.shelf.stamp(), loaded))
    }

    fn judge_by(
        &self,
        key: &Key,
        stored: Bytes,
        asked: Moment,
        keep: impl FnOnce(Loaded<V>) -> Arc<Entry<V>>,
    ) -> Found<V> {
        let Some(envelope) = &self.envelope else {
            return Found::Foreign;
        };
        let opened = match envelope.open(key.hash(), &stored) {
            Ok(opened) => opened,
            Err(unreadable) => return self.unreadable(key.hash(), unreadable, stored),
        };
        self.counters.forms.add_one(opened.form);
        if self.is_outdated(&opened.label) {
            let ledger = &self.node.coherence.ledger;
            let last = ledger.last_invalidated(&opened.label.tags).max(ledger.last_clear(&self.name));
            return Found::Useless(stored, last);
        }
        if opened.form.is_bare() {
            return self.bare(key, opened, asked);
        }
        let age = self.age(&opened.label);
        let is_stale = opened.stale || age >= opened.label.lifetime.fresh().as_duration();
        let loaded =
            self.copy(key.clone(), opened.value, opened.label, age, asked.before(age)).read_at(asked);
        if is_stale {
            // Not for the shelf: there it would be in the way of the one that is to replace it.
            Found::Stale(self.shelf.make(self.shelf.stamp(), loaded), stored)
        } else {
            Found::Usable(keep(loaded))
        }
    }

    /// A value without an envelope. Nobody tells when it ends, nor when it is written over by who knows nothing of us: no copy
    /// of it stays in this process.
    fn bare(&self, key: &Key, opened: Opened<V>, asked: Moment) -> Found<V> {
        let lifetime = Lifetime::new(self.plan.lifetime.time_to_live());
        let label = opened.label.lifetime(lifetime).made_at(self.node.clock.unix_millis());
        let loaded = self.copy(key.clone(), opened.value, label, Duration::ZERO, asked).read_at(asked);
        Found::Usable(self.shelf.make(self.shelf.stamp(), loaded))
    }

    /// Puts a value on the shelf, if nothing has overtaken it. It may be returned to its readers in any case.
    pub(crate) fn keep(&self, stamp: Stamp, loaded: Loaded<V>, route: Route) -> Arc<Entry<V>> {
        if !route.tiers.has_local() {
            return self.shelf.make(stamp, loaded);
        }
        let hash = loaded.key().hash();
        let (entry, kept) = if route.is_alone() {
            self.shelf.offer_unless_later(stamp, loaded)
        } else {
            self.shelf.offer(stamp, loaded)
        };
        self.take_note(hash, stamp, kept);
        entry
    }

    /// Sees to a value that was not kept.
    fn take_note(&self, hash: KeyHash, stamp: Stamp, kept: Result<(), Refused>) {
        if let Err(reason) = kept {
            self.refused(hash, reason);
            if reason != Refused::Outdated {
                self.shelf.withdraw(hash, stamp);
            }
        }
    }

    pub(crate) fn refused(&self, key: KeyHash, reason: Refused) {
        self.counters.refused.add_one(reason.name());
        self.node.observe(&Event::Refused { cache: &self.name, key, reason });
    }

    /// Whether one of the value's tags or its cache was invalidated after it was born, or may have been without the
    /// server's knowing.
    fn is_outdated(&self, label: &Label) -> bool {
        let ledger = &self.node.coherence.ledger;
        ledger.is_cleared(&self.name, label.birth)
            || !ledger.is_current(label.birth, &label.tags)
            || self.node.recovery.doubts_tags(&label.tags)
    }

    fn unreadable(&self, key: KeyHash, unreadable: Unreadable, stored: Bytes) -> Found<V> {
        self.counters.unreadable.add_one(unreadable.name());
        self.node.observe(&Event::Unreadable { cache: &self.name, key, reason: unreadable.name() });
        if unreadable.may_be_newer() { Found::Foreign } else { Found::Useless(stored, Sequence::ZERO) }
    }

    /// Gives a loader its time, and says whose it was if it fails.
    pub(crate) async fn in_time<T>(
        &self,
        time: Duration,
        load: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        match timeout(time, load).await {
            Ok(answer) => answer.map_err(|error| error.with("cache", &self.name)),
            Err(_) => Err(self.elapsed("the loader")),
        }
    }

    pub(crate) fn elapsed(&self, who: &'static str) -> Error {
        Error::new(ErrorKind::Elapsed, "the load took longer than its deadline")
            .with("cache", &self.name)
            .with("by", who)
    }

    /// Hears that a value cannot be stored in the shared tier.
    pub(crate) fn unsealed(&self, key: KeyHash, error: &Error) {
        tracing::warn!(cache = %self.name, %key, %error, "a value cannot be stored in the shared tier");
        self.counters.unsealed.add_one();
        self.node.observe(&Event::Unsealed { cache: &self.name, key, error });
    }

    /// How long ago a value was made, by two clocks that need not agree. The server still has it, so it is not past its
    /// time to live, whatever the clocks say; then a tenth of it is left.
    fn age(&self, label: &Label) -> Duration {
        let age = Duration::from_millis(self.node.clock.unix_millis().saturating_sub(label.made_at));
        let life = label.lifetime.time_to_live().as_duration();
        // What the loader took does not count: the life in the shared tier began afterwards.
        if age < life + label.load_cost {
            age.min(life.saturating_sub(Duration::from_millis(1)))
        } else {
            life.mul_f64(0.9)
        }
    }

    /// Waits for the turn of a load, if there is a bulkhead, and loads. Says when that began as well.
    pub(crate) async fn in_turn<T>(&self, load: impl Future<Output = Result<T>>) -> Result<(T, Moment)> {
        let _slot = match &self.bulkhead {
            Some(bulkhead) => Some(bulkhead.enter(&self.name).await?),
            None => None,
        };
        let began = self.shelf.now();
        Ok((load.await?, began))
    }

    /// A copy for this process of a value of that age.
    pub(crate) fn copy(
        &self,
        key: Key,
        value: Option<V>,
        label: Label,
        age: Duration,
        made: Moment,
    ) -> Loaded<V> {
        let fresh = label.lifetime.fresh().as_duration();
        let due = self.plan.early.draw(fresh, label.load_cost);
        Loaded::new(key, value, self.local_copy(label, age), made).due_at(due)
    }

    /// Its label. It stays as long as the value lives, and no longer than copies do.
    fn local_copy(&self, label: Label, age: Duration) -> Label {
        let left = label.lifetime.time_to_live().as_duration().saturating_sub(age);
        let stay = Lifetime::new(self.plan.local_life.min(ttl(left)));
        let stay = self.plan.jitter.shorten(stay, fastrand::f64());
        let life = ttl(age + stay.time_to_live().as_duration());
        let fresh = label.lifetime.fresh();
        label.lifetime(Lifetime::new(life).fresh_for(fresh))
    }
}

impl<V: Send + Sync + 'static> Shelved for Store<V> {
    fn evict(&self, hash: KeyHash) {
        self.shelf.evict(hash);
    }

    fn expire(&self, hash: KeyHash) {
        self.shelf.expire(hash);
    }

    fn clear(&self) {
        self.shelf.clear();
    }

    fn clear_at(&self, at: Sequence) {
        self.shelf.clear_at(at);
    }

    fn stats(&self) -> CacheStats {
        let warmth = self.plan.warm_start.map(|_| self.warmth.snapshot(self.shelf.now()));
        CacheStats { warmth, ..self.counters.snapshot(self.shelf.usage()) }
    }
}

/// The nearest time to live.
pub(crate) fn ttl(duration: Duration) -> Ttl {
    let millis = u32::try_from(duration.as_millis()).unwrap_or(u32::MAX);
    Ttl::from_millis(millis).unwrap_or(Ttl::MIN)
}

impl<V> fmt::Debug for Store<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store")
            .field("name", &self.name)
            .field("shelf", &self.shelf)
            .field("plan", &self.plan)
            .finish_non_exhaustive()
    }
}
