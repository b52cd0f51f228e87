//! A shelf is a map.

use std::sync::Arc;

use larder_core::{Loaded, Lookup, Refused};

use super::rig::{LIFE, Rig, Seen, finish, fresh, hash, label, loaded, put, see};
use super::tier::Tier;

pub(super) fn a_hit_is_what_was_inserted<T: Tier>() {
    let rig = Rig::<T>::new();
    let users = rig.users();
    put(&users, "ada", 1);
    put(&users, "bob", 2);
    assert_eq!(see(&users, "ada"), fresh(1));
    assert_eq!(see(&users, "bob"), fresh(2));
}

pub(super) fn a_key_that_was_never_inserted_is_absent<T: Tier>() {
    let users = Rig::<T>::new().users();
    assert_eq!(see(&users, "ada"), Seen::Absent);
    put(&users, "ada", 1);
    assert_eq!(see(&users, "bob"), Seen::Absent);
    // What cannot be inserted can be asked for.
    assert_eq!(see(&users, ""), Seen::Absent);
    assert_eq!(see(&users, &*"x".repeat(5_000)), Seen::Absent);
}

pub(super) fn an_insert_replaces<T: Tier>() {
    let users = Rig::<T>::new().users();
    for value in 0..10 {
        put(&users, "ada", value);
        assert_eq!(see(&users, "ada"), fresh(value));
    }
}

pub(super) fn an_evicted_entry_is_absent_and_no_other_is<T: Tier>() {
    let users = Rig::<T>::new().users();
    put(&users, "ada", 1);
    put(&users, "bob", 2);
    users.evict(hash(&users, "ada"));
    assert_eq!(see(&users, "ada"), Seen::Absent);
    assert_eq!(see(&users, "bob"), fresh(2));
    put(&users, "ada", 3);
    assert_eq!(see(&users, "ada"), fresh(3));
}

pub(super) fn that_the_origin_has_no_value_is_kept_too<T: Tier>() {
    let users = Rig::<T>::new().users();
    let nothing = || Loaded::new(users.key("ada").unwrap(), None, label(), users.now());
    users.insert(users.stamp(), nothing()).unwrap();
    assert_eq!(see(&users, "ada"), Seen::Fresh(None));
    put(&users, "ada", 1);
    assert_eq!(see(&users, "ada"), fresh(1));
    users.insert(users.stamp(), nothing()).unwrap();
    assert_eq!(see(&users, "ada"), Seen::Fresh(None));
    users.evict(hash(&users, "ada"));
    assert_eq!(see(&users, "ada"), Seen::Absent);
}

pub(super) fn a_hit_is_the_entry_that_insert_returned<T: Tier>() {
    let users = Rig::<T>::new().users();
    let stamp = users.stamp();
    let inserted = users.insert(stamp, loaded(&users, "ada", 1, label())).unwrap();
    let Lookup::Fresh(found) = users.get("ada") else {
        panic!("it was just inserted");
    };
    assert!(Arc::ptr_eq(&inserted, &found));
    assert_eq!((found.key_text(), found.stamp()), ("ada", stamp));
}

pub(super) fn borrowed_keys_find_what_owned_keys_stored<T: Tier>() {
    let users = Rig::<T>::new().users();
    put(&users, &String::from("ada"), 1);
    put(&users, &(String::from("eu:west"), 7_u64), 2);
    assert_eq!(see(&users, "ada"), fresh(1));
    assert_eq!(see(&users, &("eu:west", 7_u8)), fresh(2));
}

pub(super) fn keys_of_every_length_are_told_apart<T: Tier>() {
    let users = Rig::<T>::new().shelf::<usize>("user");
    let key = |length: usize| "k".repeat(length);
    // Beyond each way in which a key is hashed, kept and compared.
    for length in 1..=300 {
        put(&users, &key(length), length);
    }
    for length in 1..=300 {
        assert_eq!(see(&users, &key(length)), fresh(length));
        assert_eq!(see(&users, &key(length).replacen('k', "j", 1)), Seen::Absent);
    }
}

/// Nobody knows two texts with one hash, so the entry of one is put under the hash of the other.
pub(super) fn another_key_with_the_same_hash_is_not_served<T: Tier>() {
    let rig = Rig::<T>::new();
    let local = rig.tier.local();
    let users = rig.shelf_on("user", local.clone());
    // Of one length, for every way in which texts of a length are compared.
    for (asked, there) in [
        ("ada", "bob"),
        ("adaline", "adelina"),
        ("adaline-0", "adaline-1"),
        ("user-0123456789", "user_0123456789"),
        ("user-0123456789012", "user-0123456789013"),
        ("a", "ab"),
    ] {
        let stray = users.insert(users.stamp(), loaded(&users, there, 1, label())).unwrap();
        local.insert(hash(&users, asked), stray);
        assert_eq!(see(&users, asked), Seen::Absent, "{asked} {there}");
        // It does not stand in the way of the right one either.
        put(&users, asked, 2);
        assert_eq!(see(&users, asked), fresh(2));
    }
}

pub(super) fn a_key_of_another_cache_is_refused<T: Tier>() {
    let rig = Rig::<T>::new();
    let (users, admins) = (rig.users(), rig.shelf::<u32>("admin"));
    let of_admin = loaded(&admins, "ada", 1, label());
    assert_eq!(users.insert(users.stamp(), of_admin).err(), Some(Refused::Misplaced));
    let of_admin = loaded(&admins, "ada", 1, label());
    assert_eq!(users.put(of_admin).err(), Some(Refused::Misplaced));
    assert_eq!((see(&users, "ada"), see(&admins, "ada")), (Seen::Absent, Seen::Absent));
}

pub(super) fn an_entry_that_has_expired_replaces_nothing<T: Tier>() {
    let rig = Rig::<T>::new();
    let users = rig.users();
    let late = loaded(&users, "ada", 1, label());
    rig.time.advance(LIFE);
    put(&users, "ada", 2);
    assert_eq!(users.insert(users.stamp(), late).err(), Some(Refused::Expired));
    assert_eq!(see(&users, "ada"), fresh(2));
}

pub(super) fn another_type_under_the_same_hash_is_not_served<T: Tier>() {
    let rig = Rig::<T>::new();
    // Two caches by one name: in a shared map, each finds the other's entries under its own hashes.
    let (numbers, names) = (rig.shelf::<u32>("user"), rig.shelf::<String>("user"));
    put(&numbers, "ada", 1);
    assert_eq!(see(&names, "ada"), Seen::Absent);
    finish(&names, names.stamp(), "bob", "Bob".into(), label()).unwrap();
    assert_eq!(see(&numbers, "bob"), Seen::Absent);
    assert_eq!(see(&names, "bob"), fresh("Bob".into()));
}
