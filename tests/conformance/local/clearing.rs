//! A clear: the whole cache was invalidated.

use larder_core::{Refused, Sequence};

use super::rig::{Rig, Seen, finish, fresh, label, put, see};
use super::tier::Tier;

pub(super) fn a_load_overtaken_by_a_clear_is_not_kept<T: Tier>() {
    let users = Rig::<T>::new().users();
    let stamp = users.stamp();
    users.clear();
    assert_eq!(finish(&users, stamp, "ada", 1, label()), Err(Refused::Cleared));
    assert_eq!(see(&users, "ada"), Seen::Absent);
}

pub(super) fn what_a_clear_found_is_absent<T: Tier>() {
    let rig = Rig::<T>::new();
    let users = rig.users();
    put(&users, "ada", 1);
    put(&users, "bob", 2);
    // Suspect or not: a clear names everything, so nothing is left to serve if all else fails.
    rig.fence.flush_all();
    put(&users, "eve", 3);
    users.clear();
    for key in ["ada", "bob", "eve"] {
        assert_eq!(see(&users, key), Seen::Absent);
    }
}

pub(super) fn a_load_that_began_after_the_clear_is_kept<T: Tier>() {
    let users = Rig::<T>::new().users();
    put(&users, "ada", 1);
    let before = users.stamp();
    users.clear();
    put(&users, "ada", 2);
    assert_eq!(see(&users, "ada"), fresh(2));
    assert_eq!(finish(&users, before, "ada", 3, label()), Err(Refused::Cleared));
    assert_eq!(see(&users, "ada"), fresh(2));
}

pub(super) fn a_clear_leaves_other_caches_and_their_loads_alone<T: Tier>() {
    let rig = Rig::<T>::new();
    let (users, admins) = (rig.users(), rig.shelf::<u32>("admin"));
    put(&users, "ada", 1);
    put(&admins, "ada", 2);
    let stamp = admins.stamp();
    users.clear();
    assert_eq!(see(&users, "ada"), Seen::Absent);
    assert_eq!(see(&admins, "ada"), fresh(2));
    assert_eq!(finish(&admins, stamp, "bob", 3, label()), Ok(()));
    assert_eq!(see(&admins, "bob"), fresh(3));
}

pub(super) fn a_clear_that_is_heard_of_again_leaves_what_was_loaded_since<T: Tier>() {
    let users = Rig::<T>::new().users();
    put(&users, "ada", 1);
    users.clear_at(Sequence::new(5));
    assert_eq!(see(&users, "ada"), Seen::Absent);
    put(&users, "ada", 2);
    users.clear_at(Sequence::new(5));
    users.clear_at(Sequence::new(4));
    assert_eq!(see(&users, "ada"), fresh(2));
    users.clear_at(Sequence::new(6));
    assert_eq!(see(&users, "ada"), Seen::Absent);
}
