//! A flush: invalidations of a partition may have been missed.

use larder_core::{Partition, Refused};

use super::rig::{LIFE, Rig, Seen, finish, fresh, hash, key_where, label, put, see, stranger_of, suspect};
use super::tier::Tier;

pub(super) fn a_load_overtaken_by_a_flush_of_its_partition_is_not_kept<T: Tier>() {
    let rig = Rig::<T>::new();
    let users = rig.users();
    let stamp = users.stamp();
    rig.fence.flush(hash(&users, "ada").partition());
    assert_eq!(finish(&users, stamp, "ada", 1, label()), Err(Refused::Flushed));
    assert_eq!(see(&users, "ada"), Seen::Absent);
}

pub(super) fn what_a_flush_found_is_suspect_and_usable<T: Tier>() {
    let rig = Rig::<T>::new();
    let users = rig.users();
    put(&users, "ada", 1);
    rig.fence.flush(hash(&users, "ada").partition());
    assert_eq!(see(&users, "ada"), suspect(1));
    // However often it is looked at.
    assert_eq!(see(&users, "ada"), suspect(1));
}

pub(super) fn a_flush_leaves_other_partitions_alone<T: Tier>() {
    let rig = Rig::<T>::new();
    let users = rig.users();
    let stranger = stranger_of(&users, "ada");
    put(&users, &stranger, 1);
    let stamp = users.stamp();
    rig.fence.flush(hash(&users, "ada").partition());
    assert_eq!(see(&users, &stranger), fresh(1));
    assert_eq!(finish(&users, stamp, &stranger, 2, label()), Ok(()));
    assert_eq!(see(&users, &stranger), fresh(2));
}

pub(super) fn a_load_that_began_after_the_flush_makes_the_key_fresh<T: Tier>() {
    let rig = Rig::<T>::new();
    let users = rig.users();
    put(&users, "ada", 1);
    let before = users.stamp();
    rig.fence.flush(hash(&users, "ada").partition());
    put(&users, "ada", 2);
    assert_eq!(see(&users, "ada"), fresh(2));
    assert_eq!(finish(&users, before, "ada", 3, label()), Err(Refused::Flushed));
    assert_eq!(see(&users, "ada"), fresh(2));
}

pub(super) fn a_flush_of_everything_reaches_every_partition<T: Tier>() {
    let rig = Rig::<T>::new();
    let users = rig.users();
    let stamp = users.stamp();
    let keys: Vec<String> =
        Partition::all().map(|partition| key_where(&users, |hash| hash.partition() == partition)).collect();
    for key in &keys {
        put(&users, key, 1);
    }
    rig.fence.flush_all();
    for key in &keys {
        assert_eq!(see(&users, key), suspect(1));
        assert_eq!(finish(&users, stamp, key, 2, label()), Err(Refused::Flushed));
        put(&users, key, 3);
        assert_eq!(see(&users, key), fresh(3));
    }
}

pub(super) fn what_is_suspect_can_still_be_evicted_and_expires<T: Tier>() {
    let rig = Rig::<T>::new();
    let users = rig.users();
    put(&users, "ada", 1);
    put(&users, "bob", 2);
    put(&users, "eve", 3);
    rig.fence.flush_all();
    users.evict(hash(&users, "ada"));
    users.expire(hash(&users, "eve"));
    assert_eq!(see(&users, "ada"), Seen::Absent);
    assert_eq!(see(&users, "bob"), suspect(2));
    assert_eq!(see(&users, "eve"), suspect(3));
    rig.time.advance(LIFE);
    assert_eq!(see(&users, "bob"), Seen::Absent);
}
