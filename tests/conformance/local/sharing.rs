//! Many caches on one node, and perhaps in one map.

use super::rig::{Rig, Seen, fresh, hash, put, see};
use super::tier::Tier;

pub(super) fn two_caches_do_not_see_each_others_keys<T: Tier>() {
    let rig = Rig::<T>::new();
    let (users, admins) = (rig.users(), rig.shelf::<u32>("admin"));
    put(&users, "ada", 1);
    assert_eq!(see(&admins, "ada"), Seen::Absent);
    put(&admins, "ada", 2);
    assert_eq!(see(&users, "ada"), fresh(1));
    assert_eq!(see(&admins, "ada"), fresh(2));
}

pub(super) fn an_evict_in_one_cache_leaves_the_other_alone<T: Tier>() {
    let rig = Rig::<T>::new();
    let (users, admins) = (rig.users(), rig.shelf::<u32>("admin"));
    put(&users, "ada", 1);
    put(&admins, "ada", 2);
    users.evict(hash(&users, "ada"));
    assert_eq!(see(&users, "ada"), Seen::Absent);
    assert_eq!(see(&admins, "ada"), fresh(2));
    // A notice reaches every shelf of the node, and means one cache's key.
    users.evict(hash(&admins, "bob"));
    admins.expire(hash(&users, "ada"));
    assert_eq!(see(&admins, "ada"), fresh(2));
}

pub(super) fn caches_of_different_types_share_a_map<T: Tier>() {
    let rig = Rig::<T>::new();
    let (users, names, pairs) =
        (rig.users(), rig.shelf::<String>("name"), rig.shelf::<(u8, Vec<u8>)>("pair"));
    for key in 0..50_u32 {
        put(&users, &key, key);
        put(&names, &key, key.to_string());
        put(&pairs, &key, (1, vec![2; 3]));
    }
    for key in 0..50_u32 {
        assert_eq!(see(&users, &key), fresh(key));
        assert_eq!(see(&names, &key), fresh(key.to_string()));
        assert_eq!(see(&pairs, &key), fresh((1, vec![2; 3])));
    }
}
