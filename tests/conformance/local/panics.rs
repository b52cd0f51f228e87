//! A user's code may panic anywhere that it runs. It must not take the cache with it.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use larder_core::Shelf;

use super::rig::{Rig, Seen, finish, hash, label, loaded, put, see};
use super::tier::Tier;

thread_local! {
    /// Maps drop values when and where they like. Only what is dropped on the test's own thread, in
    /// the call that is tested, may panic.
    static ARMED: Cell<bool> = const { Cell::new(false) };
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Bomb(u32);

impl Drop for Bomb {
    fn drop(&mut self) {
        assert!(!ARMED.get() || std::thread::panicking(), "a bomb was dropped");
    }
}

/// Runs `act`, in which bombs go off.
fn defy(act: impl FnOnce()) {
    ARMED.set(true);
    // Whether one did is the map's business: some drop later, and elsewhere.
    let _ = catch_unwind(AssertUnwindSafe(act));
    ARMED.set(false);
}

/// Whether the stripe of `key` still does all that it should.
fn works(bombs: &Shelf<Bomb>, key: &str) {
    put(bombs, key, Bomb(10));
    assert!(matches!(see(bombs, key), Seen::Fresh(Some(Bomb(10)))));
    let stamp = bombs.stamp();
    bombs.evict(hash(bombs, key));
    assert!(matches!(see(bombs, key), Seen::Absent));
    assert!(finish(bombs, stamp, key, Bomb(11), label()).is_err());
    bombs.expire(hash(bombs, key));
    put(bombs, key, Bomb(12));
    assert!(matches!(see(bombs, key), Seen::Fresh(Some(Bomb(12)))));
}

pub(super) fn a_value_that_panics_when_dropped_does_not_break_the_fence<T: Tier>() {
    let bombs = Rig::<T>::new().shelf("bomb");
    put(&bombs, "ada", Bomb(1));
    let stamp = bombs.stamp();
    defy(|| bombs.evict(hash(&bombs, "ada")));
    assert!(matches!(see(&bombs, "ada"), Seen::Absent));
    // The evict that panicked fenced its loads all the same.
    assert!(finish(&bombs, stamp, "ada", Bomb(2), label()).is_err());
    works(&bombs, "ada");
}

pub(super) fn a_value_that_panics_when_replaced_does_not_break_the_fence<T: Tier>() {
    let bombs = Rig::<T>::new().shelf("bomb");
    put(&bombs, "ada", Bomb(1));
    let replacement = loaded(&bombs, "ada", Bomb(2), label());
    defy(|| drop(bombs.insert(bombs.stamp(), replacement)));
    works(&bombs, "ada");
}

pub(super) fn a_weigher_that_panics_does_not_break_the_fence<T: Tier>() {
    let bombs = Rig::<T>::new().shelf("bomb").weigher(|_| if ARMED.get() { panic!("too heavy") } else { 0 });
    put(&bombs, "ada", Bomb(1));
    let replacement = loaded(&bombs, "ada", Bomb(2), label());
    defy(|| drop(bombs.insert(bombs.stamp(), replacement)));
    assert!(matches!(see(&bombs, "ada"), Seen::Fresh(Some(Bomb(1)))));
    works(&bombs, "ada");
}
