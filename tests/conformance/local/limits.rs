//! A map that has a limit keeps to it, and fills it.

use std::sync::Arc;

use larder_core::{Capacity, Entry, Local};

use super::rig::{Rig, Seen, fresh, hash, put, see};
use super::tier::Tier;

fn settled<V: Send + Sync + 'static>(local: &dyn Local<Arc<Entry<V>>>) -> (u64, u64) {
    local.settle();
    let usage = local.usage();
    (usage.entries, usage.weight)
}

pub(super) fn a_limit_in_bytes_holds_over_all_caches_of_a_map<T: Tier>() {
    const LIMIT: u64 = 1 << 20;
    let rig = Rig::<T>::with(Capacity::Bytes(LIMIT));
    let (first, second) = (rig.tier.local(), rig.tier.local());
    let users = rig.shelf_on("user", first.clone());
    let names =
        rig.shelf_on("name", second.clone()).weigher(|name: &String| u32::try_from(name.capacity()).unwrap());
    for key in 0..10_000_u32 {
        put(&users, &key, key);
        put(&names, &key, "x".repeat(key as usize % 200));
    }
    for (entries, weight) in [settled(&*first), settled(&*second)] {
        assert!(weight <= LIMIT, "{weight}");
        assert!(weight > LIMIT / 2, "{weight}");
        assert!(entries > 500, "{entries}");
    }
}

pub(super) fn a_limit_in_entries_holds<T: Tier>() {
    const LIMIT: u64 = 1_024;
    let rig = Rig::<T>::with(Capacity::Entries(LIMIT));
    let local = rig.tier.local();
    let users = rig.shelf_on("user", local.clone()).weigher(|_| 1_000_000);
    for key in 0..20_000_u32 {
        put(&users, &key, key);
    }
    let (entries, weight) = settled(&*local);
    assert!(entries <= LIMIT, "{entries}");
    assert!(entries > LIMIT / 2, "{entries}");
    assert_eq!(weight, entries);
    assert_eq!(entries + local.usage().evictions, 20_000);
}

pub(super) fn what_is_replaced_or_removed_is_not_evicted<T: Tier>() {
    let rig = Rig::<T>::with(Capacity::Entries(1_024));
    let local = rig.tier.local();
    let users = rig.shelf_on("user", local.clone());
    for value in 0..10 {
        put(&users, &7, value);
    }
    users.evict(hash(&users, &7));
    assert_eq!(settled(&*local), (0, 0));
    assert_eq!(local.usage().evictions, 0);
}

pub(super) fn a_limit_that_no_power_of_two_divides_holds<T: Tier>() {
    for limit in [1, 3, 31, 33, 65, 131, 1_001] {
        let rig = Rig::<T>::with(Capacity::Entries(limit));
        let local = rig.tier.local();
        let users = rig.shelf_on("user", local.clone());
        for key in 0..10_000_u32 {
            put(&users, &key, key);
        }
        let (entries, _) = settled(&*local);
        assert!(entries <= limit, "{entries} of {limit}");
    }
}

pub(super) fn a_limit_in_bytes_counts_what_values_own_elsewhere<T: Tier>() {
    const LIMIT: u64 = 4 << 20;
    let rig = Rig::<T>::with(Capacity::Bytes(LIMIT));
    let local = rig.tier.local();
    let pages =
        rig.shelf_on("page", local.clone()).weigher(|page: &Vec<u8>| u32::try_from(page.len()).unwrap());
    for key in 0..4_000_u32 {
        put(&pages, &key, vec![0; 8 << 10]);
    }
    let (entries, weight) = settled(&*local);
    assert!(weight <= LIMIT, "{weight}");
    assert!((256..=512).contains(&entries), "{entries}");
    assert!(weight >= entries * (8 << 10));
}

pub(super) fn what_fits_is_all_kept<T: Tier>() {
    let rig = Rig::<T>::with(Capacity::Entries(4_096));
    let users = rig.users();
    // Half of it: the parts of a map that is cut into parts do not fill evenly.
    for key in 0..2_048_u32 {
        put(&users, &key, key);
    }
    for key in 0..2_048_u32 {
        assert_eq!(see(&users, &key), fresh(key));
    }
}

pub(super) fn an_entry_beyond_the_whole_limit_harms_nothing<T: Tier>() {
    let rig = Rig::<T>::with(Capacity::Bytes(1 << 20));
    let local = rig.tier.local();
    let users =
        rig.shelf_on("user", local.clone()).weigher(|&value: &u32| if value == 0 { u32::MAX } else { 0 });
    put(&users, "ada", 1);
    put(&users, "bob", 0);
    let (_, weight) = settled(&*local);
    assert!(weight <= 1 << 20, "{weight}");
    assert_eq!(see(&users, "bob"), Seen::Absent);
    assert_eq!(see(&users, "ada"), fresh(1));
    // Nor must what it would replace be found any longer.
    put(&users, "ada", 0);
    settled(&*local);
    assert_eq!(see(&users, "ada"), Seen::Absent);
    users.evict(hash(&users, "ada"));
    put(&users, "ada", 2);
    assert_eq!(see(&users, "ada"), fresh(2));
}
