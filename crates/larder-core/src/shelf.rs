//! One cache's part of the local tier: typed, fenced, and judged on every hit.

mod setup;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::clock::{Clock, Moment};
use crate::entry::{Entry, Loaded};
use crate::error::Result;
use crate::fence::{Fence, Refused, Trust};
use crate::key::{CacheKey, Key, KeyHash, Namespace};
use crate::ledger::TagLedger;
use crate::local::{Local, Usage};
use crate::lookup::{Lookup, Vigilance};
use crate::policy::{Ttl, WhileDisconnected};
use crate::stamp::{Sequence, Stamp};

/// A cache's typed view of a [`Local`], behind the [`Fence`].
///
/// A hit costs the lookup in the local and half a dozen comparisons; it allocates nothing and awaits nothing.
///
/// # Examples
///
/// ```
/// # use larder_core::{AppName, CacheName, Namespace};
/// use larder_core::{Label, Lifetime, Loaded, Lookup, Shelf, Ttl};
/// # use larder_core::{Fence, KeyHash, Local, Stored, Usage};
/// # use std::{collections::HashMap, sync::{Arc, Mutex}};
/// # #[derive(Debug, Default)]
/// # struct Map<S>(Mutex<HashMap<KeyHash, S>>);
/// # impl<S: Stored + std::fmt::Debug> Local<S> for Map<S> {
/// #     fn get(&self, hash: KeyHash) -> Option<S> { self.0.lock().unwrap().get(&hash).cloned() }
/// #     fn insert(&self, hash: KeyHash, stored: S) { self.0.lock().unwrap().insert(hash, stored); }
/// #     fn remove(&self, hash: KeyHash) { self.0.lock().unwrap().remove(&hash); }
/// #     fn retain(&self, keep: &mut dyn FnMut(&S) -> bool) { self.0.lock().unwrap().retain(|_, stored| keep(stored)); }
/// #     fn usage(&self) -> Usage { Usage::default() }
/// # }
/// # let (local, fence) = (Arc::new(Map(Mutex::default())), Arc::new(Fence::new()));
/// # let users = Namespace::new(AppName::new("prod.shop")?, CacheName::new("user")?);
/// let shelf: Shelf<String> = Shelf::new(users, local, fence);
///
/// let stamp = shelf.stamp(); // before the load
/// let name = String::from("Ada"); // the load
/// let label = Label::new(Lifetime::new(Ttl::seconds(60)));
/// shelf.insert(stamp, Loaded::new(shelf.key(&7)?, Some(name), label, shelf.now())).expect("nobody wrote meanwhile");
///
/// let Lookup::Fresh(entry) = shelf.get(&7) else { panic!("it was just put there") };
/// assert_eq!(entry.value().map(String::as_str), Some("Ada"));
/// # Ok::<(), larder_core::Error>(())
/// ```
pub struct Shelf<V> {
    namespace: Namespace,
    local: Arc<dyn Local<Arc<Entry<V>>>>,
    fence: Arc<Fence>,
    tags: Arc<TagLedger>,
    clock: Clock,
    /// The invalidation clock when the whole cache was last cleared: what was stamped before it is gone.
    cleared: AtomicU64,
    /// The server's sequence of that clear, if it had one.
    cleared_at: AtomicU64,
    idle: Option<Ttl>,
    vigilance: Vigilance,
    disconnected: WhileDisconnected,
    /// Whether a hit depends on the bus being in sync, which follows from the two above.
    asks_for_trust: bool,
    /// For how long the bus may hide that it has lost something.
    bound: Duration,
    weigh: Weigher<V>,
}

type Weigher<V> = Box<dyn Fn(&V) -> u32 + Send + Sync>;

impl<V: Send + Sync + 'static> Shelf<V> {
    /// Puts a loaded value on the shelf, unless something overtook its load.
    ///
    /// `stamp` was taken from [`stamp`](Self::stamp) before the load's first I/O. Refused or not, the value may be
    /// returned to the callers who waited for it.
    pub fn insert(&self, stamp: Stamp, loaded: Loaded<V>) -> Result<Arc<Entry<V>>, Refused> {
        let (entry, kept) = self.offer(stamp, loaded);
        kept.map(|()| entry)
    }

    /// The same, for who has a use for the entry even if it is refused.
    pub fn offer(&self, stamp: Stamp, loaded: Loaded<V>) -> (Arc<Entry<V>>, Result<(), Refused>) {
        self.offer_if(stamp, loaded, || true)
    }

    /// The same for a load that [departed alone](Self::depart_alone): it does not take the place of what was read after it
    /// had begun, for whoever has seen that must not go back in time.
    pub fn offer_unless_later(
        &self,
        stamp: Stamp,
        loaded: Loaded<V>,
    ) -> (Arc<Entry<V>>, Result<(), Refused>) {
        let hash = loaded.key.hash();
        let is_earlier = || self.local.get(hash).is_none_or(|there| there.stamp() <= stamp);
        self.offer_if(stamp, loaded, is_earlier)
    }

    fn offer_if(
        &self,
        stamp: Stamp,
        loaded: Loaded<V>,
        may_replace: impl FnOnce() -> bool,
    ) -> (Arc<Entry<V>>, Result<(), Refused>) {
        let (now, hash) = (self.clock.now(), loaded.key.hash());
        let is_ours = *loaded.key.namespace() == self.namespace;
        let entry = self.entry(stamp, loaded, now);
        if !is_ours {
            return (entry, Err(Refused::Misplaced));
        }
        let kept = self.fence.admit(hash, stamp, now, |trust| {
            self.check_trust(trust, &entry)?;
            self.check(hash, &entry, now)?;
            if !may_replace() {
                return Err(Refused::Outdated);
            }
            self.local.insert(hash, entry.clone());
            Ok(())
        });
        (entry, kept)
    }

    /// Puts a versioned value on the shelf that its writer brings along, unless a newer version is there, and fences the
    /// loads under way. For a cache that has no tier but this: where there is another, the order is made there.
    pub fn put(&self, loaded: Loaded<V>) -> Result<Arc<Entry<V>>, Refused> {
        if *loaded.key.namespace() != self.namespace {
            return Err(Refused::Misplaced);
        }
        let (now, hash) = (self.clock.now(), loaded.key.hash());
        let entry = self.entry(self.stamp(), loaded, now);
        self.fence.evict(hash, || {
            self.check_trust(self.fence.trust(now), &entry)?;
            self.check(hash, &entry, now)?;
            self.local.insert(hash, entry.clone());
            Ok(())
        })?;
        Ok(entry)
    }

    /// Makes an entry that is not put on the shelf, for who has a use for it without.
    pub fn make(&self, stamp: Stamp, loaded: Loaded<V>) -> Arc<Entry<V>> {
        self.entry(stamp, loaded, self.clock.now())
    }

    fn entry(&self, stamp: Stamp, loaded: Loaded<V>, now: Moment) -> Arc<Entry<V>> {
        let owned = loaded.value.as_ref().map_or(0, &self.weigh);
        let read = loaded.read();
        let mut entry = Entry::new(loaded, stamp, now, owned);
        if self.disconnected == WhileDisconnected::Bounded && !self.fence.is_trusted(now) {
            entry.cut(read.after(self.bound));
        }
        Arc::new(entry)
    }

    /// Hears that a key was invalidated.
    pub fn evict(&self, hash: KeyHash) {
        self.fence.evict(hash, || self.local.remove(hash));
    }

    /// Takes out what is served as fresh of a key, and was read no later than a load that was stamped with `stamp`.
    ///
    /// For who was given what that load has brought and that is not kept here. It may be newer than what is here, and nobody
    /// who has seen it should go back in time. What is suspect stays: it is asked for again before anybody sees it.
    pub fn withdraw(&self, hash: KeyHash, stamp: Stamp) {
        self.fence.hold(hash, || {
            let is_served = |there: &Entry<V>| there.stamp() >= self.fence.floor(hash.partition());
            if self.local.get(hash).is_some_and(|there| is_served(&there) && there.stamp() <= stamp) {
                self.local.remove(hash);
            }
        });
    }

    /// Fences the loads of a key that are under way, and leaves what is there.
    pub fn overtake(&self, hash: KeyHash) {
        self.fence.evict(hash, || ());
    }

    /// Hears that a key was expired: marks what is there as stale, and fences its loads.
    pub fn expire(&self, hash: KeyHash) {
        self.fence.evict(hash, || {
            if let Some(entry) = self.local.get(hash) {
                entry.expire();
            }
        });
    }

    /// Hears that the whole cache was invalidated, and fences its loads. Costs the same for any number of entries.
    pub fn clear(&self) {
        self.cleared.fetch_max(self.fence.advance_stamp().0, Ordering::Release);
    }

    /// Hears of a clear that has a place in the server's order. Hearing it again leaves alone what was loaded since.
    ///
    /// The [ledger](TagLedger::clear) must know of it before, so that nothing older comes from the shared tier.
    pub fn clear_at(&self, at: Sequence) {
        if self.cleared_at.load(Ordering::Acquire) < at.get() {
            self.clear();
            // Last, so that who finds it done finds its effect.
            self.cleared_at.fetch_max(at.get(), Ordering::Release);
        }
    }

    /// Whether a load of this key that was stamped with `stamp` has been overtaken by now. A reader must not join such a
    /// load: it began after the invalidation, and the load before.
    ///
    /// Tags are not known before the load is done. A reader that joined it must compare them with its own birth.
    pub fn has_overtaken(&self, hash: KeyHash, stamp: Stamp) -> bool {
        self.is_cleared(stamp) || self.fence.has_overtaken(hash, stamp)
    }

    /// Encodes a key of this cache.
    pub fn key<Q: CacheKey + ?Sized>(&self, key: &Q) -> Result<Key> {
        Key::new(&self.namespace, key)
    }

    /// What a load takes before its first I/O.
    pub fn stamp(&self) -> Stamp {
        self.fence.stamp()
    }

    /// The same for a load beside which others go: fences those that are under way, and is older than those that begin
    /// from now on.
    pub fn depart_alone(&self, hashes: impl IntoIterator<Item = KeyHash>) -> Stamp {
        hashes.into_iter().for_each(|hash| self.overtake(hash));
        let stamp = self.stamp();
        self.fence.advance_stamp();
        stamp
    }

    /// The time by the shelf's clock.
    pub fn now(&self) -> Moment {
        self.clock.now()
    }

    /// Looks a key up.
    #[inline]
    pub fn get<Q: CacheKey + ?Sized>(&self, key: &Q) -> Lookup<V> {
        self.get_at(key, self.clock.now())
    }

    /// How much its local tier holds, with whatever other shelves share it. The housekeeping that it has put off is done first.
    pub fn usage(&self) -> Usage {
        self.local.settle();
        self.local.usage()
    }

    /// Looks a key up for a caller who has read the clock just now.
    #[inline]
    pub fn get_at<Q: CacheKey + ?Sized>(&self, key: &Q, now: Moment) -> Lookup<V> {
        key.read_text(|text| self.get_text(text, self.namespace.hash(text), now))
    }

    /// Looks up a key that is encoded and hashed already.
    pub fn find(&self, key: &Key) -> Lookup<V> {
        self.get_text(key.text().as_bytes(), key.hash(), self.clock.now())
    }

    /// Whether no tag of the entry has been invalidated since it was born.
    #[inline]
    pub fn has_current_tags(&self, entry: &Entry<V>) -> bool {
        entry.tagged().is_none_or(|(birth, tags)| self.tags.is_current(birth, tags))
    }

    #[inline]
    fn get_text(&self, text: &[u8], hash: KeyHash, now: Moment) -> Lookup<V> {
        let Some(entry) = self.local.get(hash) else {
            return Lookup::Absent;
        };
        if !entry.has_key(text) {
            return Lookup::Absent;
        }
        if self.is_plainly_fresh(&entry, hash, now) {
            return Lookup::Fresh(entry);
        }
        self.judge(entry, hash, now)
    }

    /// Whether nothing can be said against an entry. Most hits need no more than this.
    #[inline]
    fn is_plainly_fresh(&self, entry: &Entry<V>, hash: KeyHash, now: Moment) -> bool {
        // What is fresh has not expired.
        entry.is_plainly_fresh(now)
            && !self.is_cleared(entry.stamp())
            && entry.stamp() >= self.fence.floor(hash.partition())
            && entry.tagged().is_none()
            && self.idle.is_none()
            && !self.asks_for_trust
    }

    /// Looks closer.
    fn judge(&self, entry: Arc<Entry<V>>, hash: KeyHash, now: Moment) -> Lookup<V> {
        if self.is_gone(&entry, now) {
            self.discard(hash, &entry);
            return Lookup::Absent;
        }
        let is_suspect =
            entry.stamp() < self.fence.floor(hash.partition()) || self.may_have_missed_tags(&entry);
        if is_suspect || self.is_out_of_sync(&entry, now) {
            Lookup::Suspect(entry)
        } else if entry.is_plainly_fresh(now) {
            Lookup::Fresh(entry)
        } else if entry.is_fresh(now) {
            Lookup::Due(entry)
        } else {
            Lookup::Stale(entry)
        }
    }

    /// Whether the entry may not be served for any reason, not even marked as stale.
    #[inline]
    fn is_gone(&self, entry: &Entry<V>, now: Moment) -> bool {
        self.is_outdated(entry, now) || self.idle.is_some_and(|idle| entry.is_idle(now, idle.as_duration()))
    }

    #[inline]
    fn is_outdated(&self, entry: &Entry<V>, now: Moment) -> bool {
        entry.has_expired(now) || self.is_cleared(entry.stamp()) || !self.has_current_tags(entry)
    }

    #[inline]
    fn is_cleared(&self, stamp: Stamp) -> bool {
        stamp.0 < self.cleared.load(Ordering::Acquire)
    }

    /// Whether one of its tags may have been invalidated unheard.
    fn may_have_missed_tags(&self, entry: &Entry<V>) -> bool {
        entry.tagged().is_some_and(|(birth, tags)| !tags.is_empty() && self.tags.is_in_gap(birth))
    }

    /// Whether a hit asks for trust, and there is none.
    #[inline]
    fn is_out_of_sync(&self, entry: &Entry<V>, now: Moment) -> bool {
        self.asks_for_trust && !self.fence.is_trusted(now) && !entry.is_provisional()
    }

    /// Whether an entry may lie here without being sure to hear of its invalidation.
    fn check_trust(&self, trust: Trust, entry: &Entry<V>) -> Result<(), Refused> {
        match (trust, self.disconnected) {
            (Trust::Sure, _) | (Trust::Unsure, WhileDisconnected::Serve) => Ok(()),
            // Trust may have been lost after the entry was made.
            (Trust::Unsure, WhileDisconnected::Bounded) if entry.is_provisional() => Ok(()),
            (Trust::Unsure, _) => Err(Refused::OutOfSync),
        }
    }

    /// What the fence does not know: whether the entry could be served at all.
    fn check(&self, hash: KeyHash, entry: &Entry<V>, now: Moment) -> Result<(), Refused> {
        if entry.has_expired(now) {
            Err(Refused::Expired)
        } else if self.is_cleared(entry.stamp()) {
            Err(Refused::Cleared)
        } else if !self.has_current_tags(entry) {
            Err(Refused::Tagged)
        } else if self.has_newer(hash, entry, now) {
            Err(Refused::Outdated)
        } else {
            Ok(())
        }
    }

    /// Whether a newer version is there already and may be served. Looking is no hit: it keeps nothing from going idle.
    fn has_newer(&self, hash: KeyHash, entry: &Entry<V>, now: Moment) -> bool {
        !entry.version().is_none()
            && self.local.get(hash).is_some_and(|there| {
                there.version() > entry.version() && there.has_key_of(entry) && !self.is_outdated(&there, now)
            })
    }

    /// Removes an entry that is gone, unless it has been replaced since it was looked at.
    #[cold]
    fn discard(&self, hash: KeyHash, gone: &Arc<Entry<V>>) {
        self.fence.hold(hash, || {
            let there = self.local.get(hash);
            if there.is_some_and(|there| Arc::ptr_eq(&there, gone)) {
                self.local.remove(hash);
            }
        });
    }
}

impl<V> fmt::Debug for Shelf<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shelf")
            .field("cache", self.namespace.cache())
            .field("local", &self.local)
            .field("fence", &self.fence)
            .field("idle", &self.idle)
            .field("vigilance", &self.vigilance)
            .finish_non_exhaustive()
    }
}
