//! Every entry ends, to the nanosecond.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use larder_core::{Entry, KeyHash, Label, Lifetime, Loaded, Local, Lookup, Refused, Shelf, Usage};

use super::rig::{INSTANT, LIFE, Rig, Seen, finish, fresh, hash, label, loaded, put, see, stale, ttl};
use super::tier::Tier;

const FRESH: Duration = Duration::from_secs(10);

fn soon_stale() -> Label {
    Label::new(Lifetime::new(ttl(LIFE)).fresh_for(ttl(FRESH)))
}

pub(super) fn an_entry_lives_to_the_very_end_and_no_longer<T: Tier>() {
    let rig = Rig::<T>::new();
    let users = rig.users();
    put(&users, "ada", 1);
    rig.time.advance(LIFE.saturating_sub(INSTANT));
    assert_eq!(see(&users, "ada"), fresh(1));
    rig.time.advance(INSTANT);
    assert_eq!(see(&users, "ada"), Seen::Absent);
}

pub(super) fn past_its_fresh_time_an_entry_is_stale_to_the_end<T: Tier>() {
    let rig = Rig::<T>::new();
    let users = rig.users();
    finish(&users, users.stamp(), "ada", 1, soon_stale()).unwrap();
    rig.time.advance(FRESH.saturating_sub(INSTANT));
    assert_eq!(see(&users, "ada"), fresh(1));
    rig.time.advance(INSTANT);
    assert_eq!(see(&users, "ada"), stale(1));
    rig.time.advance(LIFE.saturating_sub(FRESH + INSTANT));
    assert_eq!(see(&users, "ada"), stale(1));
    rig.time.advance(INSTANT);
    assert_eq!(see(&users, "ada"), Seen::Absent);
}

pub(super) fn what_is_due_is_served_and_one_refreshes_it<T: Tier>() {
    let rig = Rig::<T>::new();
    let users = rig.users();
    let due = FRESH / 2;
    users.insert(users.stamp(), loaded(&users, "ada", 1, soon_stale()).due_at(due)).unwrap();
    rig.time.advance(due.saturating_sub(INSTANT));
    assert_eq!(see(&users, "ada"), fresh(1));
    rig.time.advance(INSTANT);
    assert_eq!(see(&users, "ada"), Seen::Due(Some(1)));
    let Lookup::Due(entry) = users.get("ada") else {
        panic!("it has just been due");
    };
    assert!(entry.claim_refresh(users.now()));
    assert!(!entry.claim_refresh(users.now()));
    assert_eq!(see(&users, "ada"), fresh(1));
    rig.time.advance(FRESH.saturating_sub(due));
    assert_eq!(see(&users, "ada"), stale(1));
    assert!(!entry.claim_refresh(users.now()));
}

pub(super) fn who_is_marked_stale_is_not_due<T: Tier>() {
    let rig = Rig::<T>::new();
    let users = rig.users();
    users.insert(users.stamp(), loaded(&users, "ada", 1, soon_stale()).due_at(FRESH / 2)).unwrap();
    users.expire(hash(&users, "ada"));
    rig.time.advance(FRESH / 2);
    assert_eq!(see(&users, "ada"), stale(1));
}

pub(super) fn age_counts_from_the_beginning_of_the_load<T: Tier>() {
    let rig = Rig::<T>::new();
    let users = rig.users();
    let late = loaded(&users, "ada", 1, soon_stale());
    // A slow load.
    rig.time.advance(FRESH);
    users.insert(users.stamp(), late).unwrap();
    let Lookup::Stale(found) = users.get("ada") else {
        panic!("its fresh time was over before it was inserted");
    };
    assert_eq!((found.age(users.now()), found.remaining(users.now())), (FRESH, LIFE.saturating_sub(FRESH)));
    rig.time.advance(LIFE.saturating_sub(FRESH));
    assert_eq!(see(&users, "ada"), Seen::Absent);
}

pub(super) fn a_missing_value_expires_like_any_other<T: Tier>() {
    let rig = Rig::<T>::new();
    let users = rig.users();
    let nothing = Loaded::new(users.key("ada").unwrap(), None, soon_stale(), users.now());
    users.insert(users.stamp(), nothing).unwrap();
    rig.time.advance(FRESH);
    assert_eq!(see(&users, "ada"), Seen::Stale(None));
    rig.time.advance(LIFE.saturating_sub(FRESH));
    assert_eq!(see(&users, "ada"), Seen::Absent);
}

pub(super) fn an_expired_key_is_stale_and_usable<T: Tier>() {
    let users = Rig::<T>::new().users();
    put(&users, "ada", 1);
    put(&users, "bob", 2);
    users.expire(hash(&users, "ada"));
    assert_eq!(see(&users, "ada"), stale(1));
    assert_eq!(see(&users, "bob"), fresh(2));
    put(&users, "ada", 3);
    assert_eq!(see(&users, "ada"), fresh(3));
}

pub(super) fn a_load_overtaken_by_an_expire_is_not_kept<T: Tier>() {
    let users = Rig::<T>::new().users();
    let stamp = users.stamp();
    users.expire(hash(&users, "ada"));
    assert_eq!(finish(&users, stamp, "ada", 1, label()), Err(Refused::Invalidated));
    assert_eq!(see(&users, "ada"), Seen::Absent);

    put(&users, "ada", 2);
    let stamp = users.stamp();
    users.expire(hash(&users, "ada"));
    assert_eq!(finish(&users, stamp, "ada", 3, label()), Err(Refused::Invalidated));
    assert_eq!(see(&users, "ada"), stale(2));
}

pub(super) fn an_expire_does_not_prolong_a_life<T: Tier>() {
    let rig = Rig::<T>::new();
    let users = rig.users();
    put(&users, "ada", 1);
    rig.time.advance(LIFE.saturating_sub(INSTANT));
    users.expire(hash(&users, "ada"));
    assert_eq!(see(&users, "ada"), stale(1));
    rig.time.advance(INSTANT);
    assert_eq!(see(&users, "ada"), Seen::Absent);
}

pub(super) fn an_expired_entry_is_thrown_out_at_first_sight<T: Tier>() {
    let rig = Rig::<T>::new();
    let local = rig.tier.local();
    let users = rig.shelf_on("user", local.clone());
    put(&users, "ada", 1);
    rig.time.advance(LIFE);
    assert!(local.get(hash(&users, "ada")).is_some());
    assert_eq!(see(&users, "ada"), Seen::Absent);
    assert!(local.get(hash(&users, "ada")).is_none());
}

/// A hit finds an entry that has expired. Before it can throw that out, another load takes its place.
pub(super) fn an_entry_that_took_the_place_of_an_expired_one_is_not_thrown_out<T: Tier>() {
    let rig = Rig::<T>::new();
    let local = Arc::new(Interjection::new(rig.tier.local()));
    let users = Arc::new(rig.shelf_on("user", local.clone()));
    put(&users, "ada", 1);
    rig.time.advance(LIFE);
    local.arm(&users);
    assert_eq!(see(&users, "ada"), Seen::Absent);
    assert_eq!(see(&users, "ada"), fresh(2));
}

/// A map that runs a whole load between two steps of whoever looks something up next.
#[derive(Debug)]
struct Interjection {
    local: Arc<dyn Local<Arc<Entry<u32>>>>,
    users: OnceLock<Arc<Shelf<u32>>>,
    is_armed: AtomicBool,
}

impl Interjection {
    fn new(local: Arc<dyn Local<Arc<Entry<u32>>>>) -> Self {
        Self { local, users: OnceLock::new(), is_armed: AtomicBool::new(false) }
    }

    fn arm(&self, users: &Arc<Shelf<u32>>) {
        self.users.set(users.clone()).expect("armed once");
        self.is_armed.store(true, Ordering::SeqCst);
    }
}

impl Local<Arc<Entry<u32>>> for Interjection {
    fn get(&self, hash: KeyHash) -> Option<Arc<Entry<u32>>> {
        let found = self.local.get(hash);
        // The load looks something up as well.
        if self.is_armed.swap(false, Ordering::SeqCst) {
            put(self.users.get().expect("it is armed"), "ada", 2);
        }
        found
    }

    fn insert(&self, hash: KeyHash, stored: Arc<Entry<u32>>) {
        self.local.insert(hash, stored);
    }

    fn remove(&self, hash: KeyHash) {
        self.local.remove(hash);
    }

    fn retain(&self, keep: &mut dyn FnMut(&Arc<Entry<u32>>) -> bool) {
        self.local.retain(keep);
    }

    fn usage(&self) -> Usage {
        self.local.usage()
    }
}
