//! Entries that nobody hits go before their end, if the cache wants that.

use std::time::Duration;

use larder_core::{Label, Lifetime, Loaded, Refused, Shelf};

use super::rig::{LIFE, Rig, Seen, finish, fresh, label, put, see, stale, suspect, ttl, versioned};
use super::tier::Tier;

const IDLE: Duration = Duration::from_secs(10);
/// Hits are remembered to the millisecond.
const TICK: Duration = Duration::from_millis(1);

fn restless<T: Tier>(rig: &Rig<T>) -> Shelf<u32> {
    rig.users().time_to_idle(ttl(IDLE))
}

pub(super) fn an_entry_without_hits_goes_after_its_idle_time<T: Tier>() {
    let rig = Rig::<T>::new();
    let users = restless(&rig);
    put(&users, "ada", 1);
    put(&users, "bob", 2);
    rig.time.advance(IDLE);
    assert_eq!(see(&users, "ada"), fresh(1));
    rig.time.advance(TICK);
    assert_eq!(see(&users, "bob"), Seen::Absent);
    assert_eq!(see(&users, "ada"), fresh(1));
}

pub(super) fn hits_keep_an_entry_beyond_its_idle_time<T: Tier>() {
    let rig = Rig::<T>::new();
    let users = restless(&rig);
    put(&users, "ada", 1);
    for _ in 0..5 {
        rig.time.advance(IDLE);
        assert_eq!(see(&users, "ada"), fresh(1));
    }
    rig.time.advance(IDLE / 2);
    assert_eq!(see(&users, "ada"), fresh(1));
}

pub(super) fn hits_do_not_keep_an_entry_beyond_its_life<T: Tier>() {
    let rig = Rig::<T>::new();
    let users = restless(&rig);
    put(&users, "ada", 1);
    for _ in 0..11 {
        rig.time.advance(LIFE / 12);
        assert_eq!(see(&users, "ada"), fresh(1));
    }
    rig.time.advance(LIFE / 12);
    assert_eq!(see(&users, "ada"), Seen::Absent);
}

pub(super) fn without_an_idle_time_entries_wait_for_their_end<T: Tier>() {
    let rig = Rig::<T>::new();
    let users = rig.users();
    put(&users, "ada", 1);
    rig.time.advance(LIFE.saturating_sub(TICK));
    assert_eq!(see(&users, "ada"), fresh(1));
}

pub(super) fn a_refused_insert_is_no_hit<T: Tier>() {
    let rig = Rig::<T>::new();
    let users = restless(&rig);
    finish(&users, users.stamp(), "ada", 2, versioned(2)).unwrap();
    rig.time.advance(IDLE);
    assert_eq!(finish(&users, users.stamp(), "ada", 1, versioned(1)), Err(Refused::Outdated));
    rig.time.advance(TICK);
    assert_eq!(see(&users, "ada"), Seen::Absent);
}

pub(super) fn idle_time_begins_when_an_entry_is_put_there<T: Tier>() {
    let rig = Rig::<T>::new();
    let users = restless(&rig);
    let (stamp, made) = (users.stamp(), users.now());
    rig.time.advance(IDLE + TICK);
    let entry = Loaded::new(users.key("ada").unwrap(), Some(1), label(), made);
    users.insert(stamp, entry).unwrap();
    rig.time.advance(IDLE);
    assert_eq!(see(&users, "ada"), fresh(1));
}

pub(super) fn a_newer_version_that_has_gone_idle_is_still_known_to_be_newer<T: Tier>() {
    let rig = Rig::<T>::new();
    let users = restless(&rig);
    finish(&users, users.stamp(), "ada", 2, versioned(2)).unwrap();
    rig.time.advance(IDLE + TICK);
    assert_eq!(finish(&users, users.stamp(), "ada", 1, versioned(1)), Err(Refused::Outdated));
}

pub(super) fn a_hit_on_a_stale_or_a_suspect_entry_is_a_hit<T: Tier>() {
    let rig = Rig::<T>::new();
    let users = restless(&rig);
    let soon_stale = Label::new(Lifetime::new(ttl(LIFE)).fresh_for(ttl(TICK)));
    finish(&users, users.stamp(), "ada", 1, soon_stale).unwrap();
    rig.time.advance(IDLE);
    assert_eq!(see(&users, "ada"), stale(1));
    rig.fence.flush_all();
    rig.time.advance(IDLE);
    assert_eq!(see(&users, "ada"), suspect(1));
    rig.time.advance(IDLE);
    assert_eq!(see(&users, "ada"), suspect(1));
}
