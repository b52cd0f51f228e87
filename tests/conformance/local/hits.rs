//! What a hit costs.

use larder_core::{CacheKey, Moment};

use super::rig::{Rig, fresh, hash, put, see};
use super::tier::Tier;

const HITS: u64 = 2_000;

/// While somebody holds the stripe of a key, that key can be hit.
pub(super) fn a_hit_returns_without_waiting_for_the_fence<T: Tier>() {
    let rig = Rig::<T>::new();
    let users = rig.users();
    put(&users, "ada", 1);
    let ada = hash(&users, "ada");
    let held = rig.fence.admit(ada, users.stamp(), Moment::ORIGIN, |_| Ok(see(&users, "ada")));
    assert_eq!(held, Ok(fresh(1)));
}

pub(super) fn a_hit_allocates_nothing_of_its_own<T: Tier>() {
    check::<T, _>("ada");
    check::<T, _>(&*"x".repeat(300));
    check::<T, _>(&u64::MAX);
    check::<T, _>(&i128::MIN);
    check::<T, _>(&("eu", 7_u32));
    check::<T, _>(&("a key of parts of up to 64 bytes", Some(-7), true));
}

/// Short, but with a separator inside a part.
pub(super) fn a_hit_by_an_escaped_key_allocates_nothing<T: Tier>() {
    check::<T, _>(&("eu:west", 7_u32));
    check::<T, _>(&(("eu", "west"), Some("a\\b")));
}

fn check<T: Tier, Q: CacheKey + ?Sized>(key: &Q) {
    let allowed = if T::KEEPS_HOUSE { HITS / 64 } else { 0 };
    let users = Rig::<T>::new().users();
    put(&users, key, 1);
    let counted = least(|| drop(users.get(key)));
    let text = users.key(key).unwrap();
    assert!(counted <= allowed, "{counted} > {allowed}: {text:?}");
}

/// The least that `HITS` hits allocated, of several tries: a map's housekeeping comes when it comes.
fn least(hit: impl Fn()) -> u64 {
    let hits = || (0..HITS).for_each(|_| hit());
    hits();
    (0..5).map(|_| allocation_counter::measure(hits).count_total).min().expect("there were five")
}
