//! Somebody who notes what happens while it happens.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use larder_core::{Clock, Moment};

use super::{History, Read, Source, Write};

/// Notes down writes and reads with their times. Clones write into the same history.
///
/// No two times are the same: where the clock stands still between two looks, as one of virtual time does, what came later is
/// noted a nanosecond later.
#[derive(Clone, Debug)]
pub struct Witness<K> {
    clock: Clock,
    notes: Arc<Mutex<Notes<K>>>,
}

#[derive(Debug)]
struct Notes<K> {
    history: History<K>,
    /// The last time that was noted.
    last: Moment,
}

impl<K: Clone> Witness<K> {
    /// One who has seen nothing yet. The clock should be precise.
    pub fn new(clock: Clock) -> Self {
        let notes = Notes { history: History::new(), last: Moment::ORIGIN };
        Self { clock, notes: Arc::new(Mutex::new(notes)) }
    }

    /// A write of a version of a key on a node, whose COMMIT is about to be called.
    pub fn write(&self, key: K, version: u64, node: usize) -> Writing<K> {
        Writing { write: Write::new(key, version, node, self.now()), witness: self.clone() }
    }

    /// A read of a key on a node that is about to begin. Unless it is told what was found, it is forgotten.
    pub fn read(&self, key: K, node: usize) -> Reading<K> {
        Reading { key, node, began: self.now(), at_least: 0, witness: self.clone() }
    }

    /// What was noted so far. A write of which it is not known yet whether the fleet was told is part of it.
    pub fn history(&self) -> History<K> {
        self.notes().history.clone()
    }

    /// The time, and later than it was before.
    fn now(&self) -> Moment {
        let mut notes = self.notes();
        notes.last = self.clock.now().max(notes.last.after(Duration::from_nanos(1)));
        notes.last
    }

    fn notes(&self) -> MutexGuard<'_, Notes<K>> {
        // A panic elsewhere leaves whole records behind.
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A write whose COMMIT has not returned. It may have taken place all the same: drop it, and nothing is noted; call
/// [`committed`](Self::committed) if it may have.
#[derive(Debug)]
#[must_use = "it is noted when it is committed"]
pub struct Writing<K> {
    write: Write<K>,
    witness: Witness<K>,
}

impl<K: Clone> Writing<K> {
    /// Not its key will be invalidated but a tag that it has, or its whole cache: see [`Write::indirect`].
    pub fn indirect(self) -> Self {
        Self { write: self.write.indirect(), ..self }
    }

    /// COMMIT has returned, or nobody knows whether it has. Readers may see the version, and need not.
    pub fn committed(self) -> Committed<K> {
        let mut notes = self.witness.notes();
        let place = notes.history.writes.len();
        notes.history.add_write(self.write);
        drop(notes);
        Committed { place, witness: self.witness }
    }
}

/// A write that readers need not see yet.
#[derive(Clone, Debug)]
pub struct Committed<K> {
    place: usize,
    witness: Witness<K>,
}

impl<K: Clone> Committed<K> {
    /// The invalidation has returned with a receipt that is deferred: nobody has been told yet, but its own node knows.
    pub fn deferred(&self) {
        let now = self.witness.now();
        if let Some(write) = self.witness.notes().history.writes.get_mut(self.place) {
            write.returned.get_or_insert(now);
        }
    }

    /// The fleet has been told: a receipt came back that is not deferred, or what was deferred is told now.
    pub fn acknowledged(&self) {
        let now = self.witness.now();
        if let Some(write) = self.witness.notes().history.writes.get_mut(self.place) {
            write.acknowledged.get_or_insert(now);
        }
    }
}

/// A read under way.
#[derive(Debug)]
#[must_use = "it is noted when it is told what was found"]
pub struct Reading<K> {
    key: K,
    node: usize,
    began: Moment,
    at_least: u64,
    witness: Witness<K>,
}

impl<K: Clone> Reading<K> {
    /// It has the receipt of the write of this version.
    pub const fn at_least(mut self, version: u64) -> Self {
        self.at_least = version;
        self
    }

    /// It found a value that says it is this version of this key.
    pub fn found(self, key: K, version: u64, source: Source) {
        self.end(source, |read| read.found(key, version));
    }

    /// The same, and it was marked as stale.
    pub fn found_stale(self, key: K, version: u64, source: Source) {
        self.end(source, |read| read.found(key, version).marked_stale());
    }

    /// It found nothing.
    pub fn missed(self, source: Source) {
        self.end(source, |read| read);
    }

    fn end(self, source: Source, complete: impl FnOnce(Read<K>) -> Read<K>) {
        let ended = self.witness.now();
        let read = Read::new(self.key, self.node, self.began, ended, source).at_least(self.at_least);
        self.witness.notes().history.add_read(complete(read));
    }
}
