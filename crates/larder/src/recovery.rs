//! The recovery log: invalidations that the server has not been told, or may have forgotten.
//!
//! Two things can go wrong with an invalidation. The server cannot be reached: then it is *pending*, and until it has been
//! told, this node does not use what the shared tier holds under it. Or the server was told, and a failover went back to
//! a state from before: then all that was told lately is told again, from the *ring*.
//!
//! Both are bounded. Where they overflow they widen, to everything, and never drop one.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use larder_core::{Key, Moment, Tags};

use crate::intent::Intent;

/// The most that is remembered, pending or told.
const MOST: usize = 100_000;

/// For how long what was told is remembered: further back than a failover goes.
const MEMORY: Duration = Duration::from_secs(60);

/// One node's invalidations that may have to be told again.
pub(crate) struct Recovery {
    log: Mutex<Log>,
    /// Whether anything is pending, so that a read need not ask under the lock.
    has_pending: AtomicBool,
}

#[derive(Default)]
struct Log {
    /// Each with the number of its last deferral.
    pending: HashMap<Intent, u64>,
    /// How many deferrals there have been.
    deferrals: u64,
    /// What was told, or is being told, and when last.
    told: HashMap<Intent, Moment>,
    /// When the ring was last rid of what is old.
    swept: Moment,
    /// Until when the ring is not complete, because it had to be emptied.
    overflowed: Option<Moment>,
}

impl Recovery {
    pub(crate) fn new() -> Self {
        Self { log: Mutex::default(), has_pending: AtomicBool::new(false) }
    }

    /// Remembers what the server could not be told.
    pub(crate) fn defer(&self, intents: impl IntoIterator<Item = Intent>) {
        let mut log = self.log();
        log.deferrals += 1;
        let number = log.deferrals;
        for intent in intents {
            if let Intent::Supersede(key, _) | Intent::Guard(key, ..) | Intent::Finish(key, _) = &intent {
                // What concerns a key is looked up by the key alone.
                log.pending.insert(Intent::Invalidate(key.clone()), number);
            }
            log.pending.insert(intent, number);
        }
        if log.pending.len() > MOST {
            log.pending = HashMap::from([(Intent::Everything, number)]);
        }
        self.has_pending.store(true, Ordering::Release);
    }

    /// Remembers what the server is told from `now` on. What was told long before the server was last `found` to be the one
    /// it was need not be remembered any more.
    pub(crate) fn told(&self, intents: &[Intent], now: Moment, found: impl FnOnce() -> Moment) {
        let mut log = self.log();
        log.told.extend(intents.iter().map(|intent| match intent {
            // As long as it holds it can be lost.
            Intent::Guard(.., until) => (intent.clone(), now.max(*until)),
            _ => (intent.clone(), now),
        }));
        if log.told.len() > MOST || now.since(log.swept) > MEMORY {
            let found = found();
            log.told.retain(|_, then| found.since(*then) <= MEMORY);
            log.swept = now;
        }
        if log.told.len() > MOST {
            log.told.clear();
            log.overflowed = Some(now.after(MEMORY));
        }
    }

    /// Forgets what is not to be told any more, pending or not.
    pub(crate) fn forget<'a>(&self, intents: impl IntoIterator<Item = &'a Intent>) {
        let mut log = self.log();
        for intent in intents {
            log.pending.remove(intent);
            log.told.remove(intent);
        }
        self.has_pending.store(!log.pending.is_empty(), Ordering::Release);
    }

    /// Everything has to be told again that was told lately, as of when the server was last `found` to be the one it was.
    pub(crate) fn replay(&self, found: Moment) {
        let mut log = self.log();
        let told = std::mem::take(&mut log.told);
        let again = match log.overflowed.take() {
            Some(until) if found < until => vec![Intent::Everything],
            _ => told
                .into_iter()
                .filter(|(_, then)| found.since(*then) <= MEMORY)
                .map(|(intent, _)| intent)
                .collect(),
        };
        drop(log);
        if !again.is_empty() {
            self.defer(again);
        }
    }

    /// What is pending, in an order that owes nothing to chance. It stays so until it is [settled](Self::settle).
    pub(crate) fn pending(&self) -> Vec<Intent> {
        let mut pending: Vec<Intent> = self.log().pending.keys().cloned().collect();
        pending.sort_by_cached_key(Intent::rank);
        pending
    }

    /// How many are pending.
    pub(crate) fn deferred(&self) -> usize {
        // These are pending as an invalidation, too.
        let is_twice = |intent: &&Intent| {
            matches!(intent, Intent::Supersede(..) | Intent::Guard(..) | Intent::Finish(..))
        };
        let log = self.log();
        log.pending.keys().filter(|intent| !is_twice(intent)).count()
    }

    /// How many deferrals there have been: what a step takes note of before it is sent.
    pub(crate) fn deferrals(&self) -> u64 {
        self.log().deferrals
    }

    /// Hears that the server has been told by a step that was sent after so many deferrals. What was deferred since then
    /// stays: it may be about a later write, of which that step knew nothing.
    pub(crate) fn settle(&self, told: &[Intent], sent_after: u64) {
        let mut log = self.log();
        for intent in told {
            if log.pending.get(intent).is_some_and(|&number| number <= sent_after) {
                log.pending.remove(intent);
            }
        }
        self.has_pending.store(!log.pending.is_empty(), Ordering::Release);
    }

    pub(crate) fn has_pending(&self) -> bool {
        self.has_pending.load(Ordering::Acquire)
    }

    /// Whether nothing that the shared tier holds is believed.
    pub(crate) fn doubts_everything(&self) -> bool {
        self.has_pending() && self.log().pending.contains_key(&Intent::Everything)
    }

    /// Whether what the shared tier holds under a key may have been invalidated without its knowing.
    pub(crate) fn doubts(&self, key: &Key) -> bool {
        if !self.has_pending() {
            return false;
        }
        let cache = key.namespace().cache().clone();
        let concerning = [
            Intent::Everything,
            Intent::Cache(cache),
            Intent::Invalidate(key.clone()),
            Intent::Expire(key.clone()),
        ];
        let log = self.log();
        concerning.iter().any(|intent| log.pending.contains_key(intent))
    }

    /// The same, for a value with these tags.
    pub(crate) fn doubts_tags(&self, tags: &Tags) -> bool {
        if tags.is_empty() || !self.has_pending() {
            return false;
        }
        let log = self.log();
        tags.as_slice().iter().any(|&tag| log.pending.contains_key(&Intent::Tag(tag)))
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Recovery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let log = self.log();
        f.debug_struct("Recovery")
            .field("pending", &log.pending.len())
            .field("told", &log.told.len())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use larder_core::{AppName, CacheName, Guard, Namespace, TagHash, Version};

    use super::*;

    fn key(cache: &str, key: u64) -> Key {
        let namespace = Namespace::new(AppName::new("test.shop").unwrap(), CacheName::new(cache).unwrap());
        Key::new(&namespace, &key).unwrap()
    }

    fn check(pending: &Intent, doubted: [bool; 3]) {
        let recovery = Recovery::new();
        recovery.defer([pending.clone()]);
        let doubts = [key("user", 1), key("user", 2), key("price", 1)].map(|key| recovery.doubts(&key));
        assert_eq!(doubts, doubted, "{pending:?}");
        recovery.settle(&recovery.pending(), recovery.deferrals());
        assert!(!recovery.has_pending() && !recovery.doubts(&key("user", 1)));
    }

    #[test]
    fn exactly_what_is_pending_is_doubted() {
        check(&Intent::Invalidate(key("user", 1)), [true, false, false]);
        check(&Intent::Expire(key("user", 1)), [true, false, false]);
        check(&Intent::Supersede(key("user", 1), Version::new(3)), [true, false, false]);
        check(&Intent::Guard(key("user", 1), Guard::new(1), Moment::NEVER), [true, false, false]);
        check(&Intent::Finish(key("user", 1), Guard::new(1)), [true, false, false]);
        check(&Intent::Cache(CacheName::new("user").unwrap()), [true, true, false]);
        check(&Intent::Everything, [true, true, true]);
        check(&Intent::Tag(TagHash::from_bits(1)), [false, false, false]);
    }

    #[test]
    fn what_is_deferred_again_while_it_is_told_stays_pending() {
        let recovery = Recovery::new();
        let intent = Intent::Invalidate(key("user", 1));
        recovery.defer([intent.clone()]);
        let sent_after = recovery.deferrals();
        recovery.defer([intent.clone()]);
        recovery.settle(std::slice::from_ref(&intent), sent_after);
        assert_eq!(recovery.pending(), [intent]);
    }

    #[test]
    fn a_pending_tag_is_doubted_by_its_values() {
        let recovery = Recovery::new();
        recovery.defer([Intent::Tag(TagHash::from_bits(1))]);
        let tagged = |tag| Tags::new([TagHash::from_bits(tag)]).unwrap();
        assert!(recovery.doubts_tags(&tagged(1)) && !recovery.doubts_tags(&tagged(2)));
        assert!(!recovery.doubts_tags(&Tags::none()));
    }

    #[test]
    fn what_overflows_widens_to_everything() {
        let recovery = Recovery::new();
        recovery.defer((0..=MOST as u64).map(|number| Intent::Invalidate(key("user", number))));
        assert_eq!(recovery.pending(), [Intent::Everything]);

        let recovery = Recovery::new();
        let many: Vec<_> = (0..=MOST as u64).map(|number| Intent::Invalidate(key("user", number))).collect();
        recovery.told(&many, Moment::ORIGIN, || Moment::ORIGIN);
        recovery.replay(Moment::ORIGIN);
        assert_eq!(recovery.pending(), [Intent::Everything]);
    }

    #[test]
    fn what_was_told_lately_is_told_again_and_what_is_old_is_not() {
        let recovery = Recovery::new();
        let (old, new) = (Intent::Invalidate(key("user", 1)), Intent::Invalidate(key("user", 2)));
        recovery.told(&[old], Moment::ORIGIN, || Moment::ORIGIN);
        let now = Moment::ORIGIN.after(MEMORY + Duration::from_nanos(1));
        recovery.told(std::slice::from_ref(&new), now, || now);
        recovery.replay(now);
        assert_eq!(recovery.pending(), [new]);
    }

    #[test]
    fn what_was_told_before_a_long_silence_is_not_old() {
        let (recovery, now) = (Recovery::new(), Moment::ORIGIN.after(10 * MEMORY));
        let intents = [1, 2].map(|number| Intent::Invalidate(key("user", number)));
        let [before, after] = &intents;
        recovery.told(std::slice::from_ref(before), Moment::ORIGIN, || Moment::ORIGIN);
        recovery.told(std::slice::from_ref(after), now, || Moment::ORIGIN);
        recovery.replay(Moment::ORIGIN);
        assert_eq!(recovery.pending().len(), 2);
    }

    #[test]
    fn a_guard_is_told_again_as_long_as_it_holds_and_not_once_it_is_forgotten() {
        let (recovery, until) = (Recovery::new(), Moment::ORIGIN.after(10 * MEMORY));
        let guard = |number| Intent::Guard(key("user", 1), Guard::new(number), until);
        recovery.told(&[guard(1), guard(2)], Moment::ORIGIN, || Moment::ORIGIN);
        recovery.told(&[], until, || until);
        recovery.forget([&guard(2)]);
        recovery.replay(until);
        let pending = recovery.pending();
        assert!(pending.contains(&guard(1)) && !pending.contains(&guard(2)), "{pending:?}");
        recovery.forget([&guard(1)]);
        assert_eq!(recovery.pending(), [Intent::Invalidate(key("user", 1))]);
    }
}
