//! What a shelf keeps and serves while the bus is out of sync.

use std::time::Duration;

use larder_core::{Refused, Shelf, Vigilance, WhileDisconnected};

use super::rig::{INSTANT, LIFE, Rig, Seen, finish, fresh, hash, label, loaded, put, see, suspect};
use super::tier::Tier;

const BOUND: Duration = Duration::from_millis(1_500);

fn users<T: Tier>(rig: &Rig<T>, disconnected: WhileDisconnected) -> Shelf<u32> {
    rig.users().while_disconnected(disconnected, BOUND)
}

fn disconnect<T: Tier>(rig: &Rig<T>, users: &Shelf<u32>) {
    rig.fence.trust_until(users.now());
    rig.fence.flush_all();
}

pub(super) fn bounded_keeps_what_was_read_for_the_bound<T: Tier>() {
    let rig = Rig::<T>::new();
    let users = users(&rig, WhileDisconnected::Bounded);
    put(&users, "ada", 1);
    disconnect(&rig, &users);
    assert_eq!(see(&users, "ada"), suspect(1));
    put(&users, "ada", 2);
    rig.time.advance(BOUND.saturating_sub(INSTANT));
    assert_eq!(see(&users, "ada"), fresh(2));
    rig.time.advance(INSTANT);
    assert_eq!(see(&users, "ada"), Seen::Absent);
}

pub(super) fn the_bound_counts_from_the_beginning_of_the_read<T: Tier>() {
    let rig = Rig::<T>::new();
    let users = users(&rig, WhileDisconnected::Bounded);
    disconnect(&rig, &users);
    let (stamp, slow) = (users.stamp(), loaded(&users, "ada", 1, label()));
    rig.time.advance(BOUND);
    assert_eq!(users.insert(stamp, slow).map(|_| ()), Err(Refused::Expired));

    // A copy may be old, and its reading young.
    let copy = loaded(&users, "bob", 1, label());
    rig.time.advance(BOUND);
    users.insert(stamp, copy.read_at(users.now())).unwrap();
    rig.time.advance(BOUND.saturating_sub(INSTANT));
    assert_eq!(see(&users, "bob"), fresh(1));
    rig.time.advance(INSTANT);
    assert_eq!(see(&users, "bob"), Seen::Absent);
}

pub(super) fn what_was_kept_out_of_sync_is_served_by_the_vigilant_too<T: Tier>() {
    let rig = Rig::<T>::new();
    let users = users(&rig, WhileDisconnected::Bounded).vigilance(Vigilance::EveryHit);
    put(&users, "ada", 1);
    rig.fence.trust_until(users.now());
    put(&users, "bob", 2);
    assert_eq!((see(&users, "ada"), see(&users, "bob")), (suspect(1), fresh(2)));
}

pub(super) fn bounded_does_not_prolong_a_life<T: Tier>() {
    let rig = Rig::<T>::new();
    let users = rig.users().while_disconnected(WhileDisconnected::Bounded, LIFE * 2);
    disconnect(&rig, &users);
    put(&users, "ada", 1);
    rig.time.advance(LIFE);
    assert_eq!(see(&users, "ada"), Seen::Absent);
}

pub(super) fn invalidations_reach_what_was_kept_out_of_sync<T: Tier>() {
    let rig = Rig::<T>::new();
    let users = users(&rig, WhileDisconnected::Bounded);
    disconnect(&rig, &users);
    let stamp = users.stamp();
    put(&users, "ada", 1);
    users.evict(hash(&users, "ada"));
    assert_eq!(see(&users, "ada"), Seen::Absent);
    assert_eq!(finish(&users, stamp, "ada", 1, label()), Err(Refused::Invalidated));
}

pub(super) fn bypass_keeps_nothing<T: Tier>() {
    let rig = Rig::<T>::new();
    let users = users(&rig, WhileDisconnected::Bypass);
    disconnect(&rig, &users);
    assert_eq!(finish(&users, users.stamp(), "ada", 1, label()), Err(Refused::OutOfSync));
    assert_eq!(see(&users, "ada"), Seen::Absent);
}

pub(super) fn serve_keeps_everything_and_vouches_for_nothing<T: Tier>() {
    let rig = Rig::<T>::new();
    let users = users(&rig, WhileDisconnected::Serve);
    put(&users, "ada", 1);
    rig.fence.trust_until(users.now());
    put(&users, "bob", 2);
    rig.time.advance(BOUND * 2);
    assert_eq!((see(&users, "ada"), see(&users, "bob")), (suspect(1), suspect(2)));
    rig.fence.trust_until(users.now().after(BOUND));
    assert_eq!((see(&users, "ada"), see(&users, "bob")), (fresh(1), fresh(2)));
}
