//! Threads that read and write one another's keys as fast as they can.
//!
//! Every value is the version that a "database" gave it. Once an invalidation has returned, the version
//! before it must not be a hit any more, for nobody, whatever loads were under way.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use larder_core::{Lookup, Sequence, Shelf, TagHash};

use super::rig::{Rig, hash, loaded, tagged};
use super::tier::Tier;

const KEYS: usize = 4;
const WRITERS: usize = 2;
const READERS: usize = 3;
const WRITES: u32 = 500;
/// Without hits nothing would be put to the test. Writers that were quicker than the readers go on, up to a point.
const HITS: u64 = 10;
const MOST_WRITES: u32 = 200 * WRITES;

pub(super) fn no_hit_is_older_than_an_acknowledged_evict<T: Tier>() {
    Race::<T>::run(|race, key| race.shelf.evict(hash(&race.shelf, &key)));
}

pub(super) fn no_hit_is_older_than_an_acknowledged_expire<T: Tier>() {
    Race::<T>::run(|race, key| race.shelf.expire(hash(&race.shelf, &key)));
}

pub(super) fn no_hit_is_older_than_an_acknowledged_clear<T: Tier>() {
    Race::<T>::run(|race, _| race.shelf.clear());
}

pub(super) fn no_hit_is_older_than_an_acknowledged_flush<T: Tier>() {
    Race::<T>::run(|race, key| {
        race.rig.fence.flush(hash(&race.shelf, &key).partition());
    });
}

pub(super) fn no_hit_is_older_than_an_acknowledged_tag<T: Tier>() {
    Race::<T>::run(|race, key| {
        // The server's order: taken after the commit.
        let sequence = race.server.fetch_add(1, Ordering::SeqCst) + 1;
        race.rig.ledger.invalidate(tag_of(key), Sequence::new(sequence));
    });
}

struct Race<T> {
    rig: Rig<T>,
    shelf: Shelf<u64>,
    /// The committed version of each key.
    database: [AtomicU64; KEYS],
    /// The version of each key whose invalidation has returned.
    acknowledged: [AtomicU64; KEYS],
    /// The last sequence that the server gave out.
    server: AtomicU64,
    hits: AtomicU64,
    is_over: AtomicBool,
}

impl<T: Tier> Race<T> {
    fn run(invalidate: impl Fn(&Self, usize) + Sync) {
        let rig = Rig::new();
        let race = Self {
            shelf: rig.shelf("user"),
            rig,
            database: Default::default(),
            acknowledged: Default::default(),
            server: AtomicU64::new(0),
            hits: AtomicU64::new(0),
            is_over: AtomicBool::new(false),
        };
        thread::scope(|scope| {
            let readers = [(); READERS].map(|()| scope.spawn(|| race.read()));
            let writers = [(); WRITERS].map(|()| scope.spawn(|| race.write(&invalidate)));
            // A writer that panicked must not leave the readers running.
            let written = writers.map(thread::ScopedJoinHandle::join);
            race.is_over.store(true, Ordering::SeqCst);
            assert!(written.iter().all(Result::is_ok));
            for reader in readers {
                reader.join().expect("no hit was too old");
            }
        });
        assert!(race.hits.into_inner() > 0, "nothing was put to the test");
    }

    fn write(&self, invalidate: impl Fn(&Self, usize)) {
        let is_enough = |writes| writes >= WRITES && self.hits.load(Ordering::Relaxed) >= HITS;
        for _ in (0..MOST_WRITES).take_while(|&writes| !is_enough(writes)) {
            let key = fastrand::usize(..KEYS);
            let version = self.database[key].fetch_add(1, Ordering::SeqCst) + 1;
            invalidate(self, key);
            self.acknowledged[key].fetch_max(version, Ordering::SeqCst);
            thread::yield_now();
        }
    }

    /// Reads until the writers are done, and counts the hits.
    fn read(&self) {
        while !self.is_over.load(Ordering::SeqCst) {
            let key = fastrand::usize(..KEYS);
            let acknowledged = self.acknowledged[key].load(Ordering::SeqCst);
            if let Lookup::Fresh(entry) = self.shelf.get(&key) {
                let version = *entry.value().expect("every load finds a value");
                assert!(version >= acknowledged, "{key}: {version} < {acknowledged}");
                self.hits.fetch_add(1, Ordering::Relaxed);
            } else {
                self.load(key);
            }
            if fastrand::u8(..8) == 0 {
                // The others get on with it, though there be only one core.
                thread::yield_now();
            }
        }
    }

    fn load(&self, key: usize) {
        let (stamp, birth) = (self.shelf.stamp(), self.rig.ledger.seen());
        let version = self.database[key].load(Ordering::SeqCst);
        if fastrand::bool() {
            // Long enough to be overtaken.
            thread::yield_now();
        }
        let label = tagged(birth, &[tag_of(key)]);
        // Refused or not: only what is kept is at stake.
        let _ = self.shelf.insert(stamp, loaded(&self.shelf, &key, version, label));
    }
}

fn tag_of(key: usize) -> TagHash {
    TagHash::from_bits(key as u64)
}
