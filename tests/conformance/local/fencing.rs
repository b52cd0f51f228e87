//! What overtakes a load keeps its result out.

use std::time::Duration;

use larder_core::{Refused, Vigilance};

use super::rig::{INSTANT, Rig, Seen, finish, fresh, hash, label, put, see, stranger_of, suspect, twin_of};
use super::tier::Tier;

const BOUND: Duration = Duration::from_millis(1_500);

pub(super) fn load_overtaken_by_an_invalidation_is_not_kept<T: Tier>() {
    let users = Rig::<T>::new().users();
    let stamp = users.stamp();
    users.evict(hash(&users, "ada"));
    assert_eq!(finish(&users, stamp, "ada", 1, label()), Err(Refused::Invalidated));
    assert_eq!(see(&users, "ada"), Seen::Absent);
}

pub(super) fn a_load_that_began_after_the_invalidation_is_kept<T: Tier>() {
    let users = Rig::<T>::new().users();
    users.evict(hash(&users, "ada"));
    let stamp = users.stamp();
    assert_eq!(finish(&users, stamp, "ada", 1, label()), Ok(()));
    assert_eq!(see(&users, "ada"), fresh(1));
}

pub(super) fn an_overtaken_load_does_not_take_the_place_of_a_later_one<T: Tier>() {
    let users = Rig::<T>::new().users();
    let before = users.stamp();
    users.evict(hash(&users, "ada"));
    put(&users, "ada", 2);
    assert_eq!(finish(&users, before, "ada", 1, label()), Err(Refused::Invalidated));
    assert_eq!(see(&users, "ada"), fresh(2));
}

pub(super) fn an_invalidation_of_an_absent_key_fences_it_too<T: Tier>() {
    let users = Rig::<T>::new().users();
    put(&users, "ada", 1);
    users.evict(hash(&users, "ada"));
    let stamp = users.stamp();
    users.evict(hash(&users, "ada"));
    assert_eq!(finish(&users, stamp, "ada", 1, label()), Err(Refused::Invalidated));
}

pub(super) fn every_load_before_the_last_invalidation_is_fenced<T: Tier>() {
    let users = Rig::<T>::new().users();
    let mut stamps = Vec::new();
    for _ in 0..5 {
        stamps.push(users.stamp());
        users.evict(hash(&users, "ada"));
    }
    for stamp in stamps {
        assert_eq!(finish(&users, stamp, "ada", 1, label()), Err(Refused::Invalidated));
    }
    put(&users, "ada", 2);
    assert_eq!(see(&users, "ada"), fresh(2));
}

pub(super) fn an_invalidation_on_another_stripe_refuses_nothing<T: Tier>() {
    let users = Rig::<T>::new().users();
    let stranger = stranger_of(&users, "ada");
    put(&users, &stranger, 1);
    let stamp = users.stamp();
    users.evict(hash(&users, "ada"));
    assert_eq!(finish(&users, stamp, &stranger, 2, label()), Ok(()));
    assert_eq!(see(&users, &stranger), fresh(2));
}

pub(super) fn an_invalidation_on_the_same_stripe_refuses_a_load_and_leaves_the_entry<T: Tier>() {
    let users = Rig::<T>::new().users();
    let twin = twin_of(&users, "ada");
    put(&users, &twin, 1);
    let stamp = users.stamp();
    users.evict(hash(&users, "ada"));
    assert_eq!(finish(&users, stamp, &twin, 2, label()), Err(Refused::Invalidated));
    assert_eq!(see(&users, &twin), fresh(1));
}

pub(super) fn a_load_that_ends_out_of_sync_is_not_kept<T: Tier>() {
    let rig = Rig::<T>::new();
    let users = rig.users();
    rig.fence.trust_until(users.now().after(BOUND));
    let stamp = users.stamp();
    rig.time.advance(BOUND.saturating_sub(INSTANT));
    assert_eq!(finish(&users, stamp, "ada", 1, label()), Ok(()));
    rig.time.advance(INSTANT);
    assert_eq!(finish(&users, stamp, "ada", 2, label()), Err(Refused::OutOfSync));
    assert_eq!(see(&users, "ada"), fresh(1));
    rig.fence.trust_until(users.now().after(INSTANT));
    assert_eq!(finish(&users, stamp, "ada", 3, label()), Ok(()));
    assert_eq!(see(&users, "ada"), fresh(3));
}

pub(super) fn trust_can_be_taken_back<T: Tier>() {
    let rig = Rig::<T>::new();
    let users = rig.users();
    rig.fence.trust_until(users.now().after(BOUND));
    rig.fence.trust_until(users.now());
    assert_eq!(finish(&users, users.stamp(), "ada", 1, label()), Err(Refused::OutOfSync));
}

pub(super) fn without_vigilance_hits_do_not_ask_for_trust<T: Tier>() {
    let rig = Rig::<T>::new();
    let users = rig.users();
    put(&users, "ada", 1);
    rig.fence.trust_until(users.now());
    assert_eq!(see(&users, "ada"), fresh(1));
}

pub(super) fn a_vigilant_hit_beyond_trust_is_suspect<T: Tier>() {
    let rig = Rig::<T>::new();
    let users = rig.users().vigilance(Vigilance::EveryHit);
    put(&users, "ada", 1);
    rig.fence.trust_until(users.now().after(BOUND));
    rig.time.advance(BOUND.saturating_sub(INSTANT));
    assert_eq!(see(&users, "ada"), fresh(1));
    rig.time.advance(INSTANT);
    assert_eq!(see(&users, "ada"), suspect(1));
    rig.fence.trust_until(users.now().after(INSTANT));
    assert_eq!(see(&users, "ada"), fresh(1));
}

pub(super) fn a_reader_can_tell_that_a_load_was_overtaken<T: Tier>() {
    let rig = Rig::<T>::new();
    let users = rig.users();
    let (ada, stranger) = (hash(&users, "ada"), hash(&users, &stranger_of(&users, "ada")));
    let stamp = users.stamp();
    assert!(!rig.fence.has_overtaken(ada, stamp));
    users.evict(ada);
    assert!(rig.fence.has_overtaken(ada, stamp));
    assert!(!rig.fence.has_overtaken(stranger, stamp));
    assert!(!rig.fence.has_overtaken(ada, users.stamp()));
    rig.fence.flush(stranger.partition());
    assert!(rig.fence.has_overtaken(stranger, stamp));
    assert!(!rig.fence.has_overtaken(stranger, users.stamp()));
}
