//! The records of all keys, and how they are kept from growing.
//!
//! What has ended is found by looking, never by a timer: every write pays for a look at one record or so, a partition at a
//! time, so that no look takes long. Past the capacity values go, wherever the hand of the clock points by then.

use std::collections::HashMap;

use bytes::Bytes;
use larder_core::{CacheName, Key, KeyHasher, Moment, PARTITIONS, Partition, Sample, Version};

use crate::record::{Record, Until};

/// What a value costs besides its bytes and the text of its key.
const OVERHEAD: usize = 256;

/// The fewest writes between two looks at a partition.
const REST: usize = 64;

type Part = HashMap<Key, Record, KeyHasher>;

#[derive(Clone)]
pub(crate) struct Records {
    /// By the partition of their keys.
    parts: Vec<Part>,
    /// What all values weigh, also those that have ended and were not found yet.
    weight: u64,
    /// The partition that is looked at next.
    hand: usize,
    /// Writes since the last look.
    writes: usize,
}

impl Records {
    pub(crate) fn new() -> Self {
        Self { parts: vec![Part::default(); PARTITIONS], weight: 0, hand: 0, writes: 0 }
    }

    pub(crate) fn get(&self, key: &Key) -> Option<&Record> {
        self.parts.get(key.hash().partition().index())?.get(key)
    }

    pub(crate) fn get_mut(&mut self, key: &Key) -> Option<&mut Record> {
        self.parts.get_mut(key.hash().partition().index())?.get_mut(key)
    }

    pub(crate) fn value(&self, key: &Key, now: Moment) -> Option<&Bytes> {
        self.get(key)?.value(now)
    }

    /// The record of a key, made if need be.
    pub(crate) fn edit(&mut self, key: &Key, now: Moment) -> &mut Record {
        self.look_around(now);
        self.part(key).entry(key.clone()).or_default()
    }

    /// Stores a value, and drops others if it takes more than there is room for.
    pub(crate) fn store(&mut self, key: &Key, value: Until<Bytes>, capacity: u64, now: Moment) {
        self.drop_value(key);
        self.weight += weight(key, value.what.len());
        self.edit(key, now).set_value(Some(value));
        self.make_room(key, capacity, now);
    }

    pub(crate) fn drop_value(&mut self, key: &Key) {
        let dropped = self.get_mut(key).and_then(|record| record.set_value(None));
        if let Some(value) = dropped {
            self.weight -= weight(key, value.len());
        }
    }

    /// Drops values of a cache that lie in a partition, `most` at most. Returns how many, and whether none is left.
    pub(crate) fn drop_values(&mut self, partition: Partition, cache: &CacheName, most: u32) -> (u64, bool) {
        let is_of_cache = |key: &&Key| key.namespace().cache() == cache;
        let part = self.parts.get(partition.index());
        let keys: Vec<Key> = part
            .into_iter()
            .flatten()
            .filter(|(_, record)| record.has_value())
            .map(|(key, _)| key)
            .filter(is_of_cache)
            .take(most as usize + 1)
            .cloned()
            .collect();
        let chosen = keys.len().min(most as usize);
        for key in keys.iter().take(chosen) {
            self.drop_value(key);
        }
        (chosen as u64, chosen == keys.len())
    }

    /// The values of a cache that lie in a partition, as far as a survey looks at them.
    pub(crate) fn sample(&self, partition: Partition, cache: &CacheName, now: Moment) -> Vec<Sample> {
        let of_cache = |(key, _): &(&Key, &Record)| key.namespace().cache() == cache;
        let records = self.parts.get(partition.index()).into_iter().flatten().filter(of_cache);
        records.filter_map(|(_, record)| record.sample(now)).collect()
    }

    /// Drops a value and the lease of whoever would replace it: an invalidation.
    pub(crate) fn invalidate(&mut self, key: &Key) {
        self.drop_value(key);
        if let Some(record) = self.get_mut(key) {
            record.end_lease();
        }
    }

    /// Remembers a version of a key.
    pub(crate) fn remember(&mut self, key: &Key, version: Version, end: Moment, now: Moment) {
        self.edit(key, now).remember(version, end, now);
    }

    /// How many records there are, also those that have ended and were not found yet.
    pub(crate) fn len(&self) -> usize {
        self.parts.iter().map(HashMap::len).sum()
    }

    pub(crate) fn weight(&self) -> u64 {
        self.weight
    }

    fn part(&mut self, key: &Key) -> &mut Part {
        let partition = key.hash().partition().index();
        self.parts.get_mut(partition).expect("there is one for every partition")
    }

    /// Takes out what has ended in one partition, once as many writes have come as that takes looks.
    fn look_around(&mut self, now: Moment) {
        self.writes += 1;
        let due = self.parts.get(self.hand).map_or(0, HashMap::len).max(REST);
        if self.writes >= due {
            self.writes = 0;
            self.sweep_next(now);
        }
    }

    fn sweep_next(&mut self, now: Moment) {
        if let Some(part) = self.parts.get_mut(self.hand) {
            let weight = &mut self.weight;
            part.retain(|key, record| {
                if let Some(value) = record.drop_ended(now) {
                    *weight -= self::weight(key, value.len());
                }
                !record.is_empty()
            });
            if part.capacity() > 4 * part.len().max(REST) {
                part.shrink_to(2 * part.len());
            }
        }
        self.hand = (self.hand + 1) % self.parts.len();
    }

    /// Drops values until a sixteenth of the capacity is free, so that it takes long to come here again: what has ended,
    /// and if that is not enough, what has not.
    fn make_room(&mut self, spared: &Key, capacity: u64, now: Moment) {
        if self.weight <= capacity {
            return;
        }
        let target = capacity - capacity / 16;
        for _ in 0..self.parts.len() {
            self.sweep_next(now);
            if self.weight <= target {
                return;
            }
        }
        self.drop_some(spared, target);
    }

    /// Drops whatever comes first, beginning where the hand is.
    fn drop_some(&mut self, spared: &Key, target: u64) {
        let (before, from_here) = self.parts.split_at_mut(self.hand);
        let records = from_here.iter_mut().chain(before).flatten();
        for (key, record) in records.filter(|(key, _)| *key != spared) {
            if self.weight <= target {
                return;
            }
            if let Some(value) = record.set_value(None) {
                self.weight -= weight(key, value.len());
                self.hand = key.hash().partition().index();
            }
        }
    }
}

/// What a value of so many bytes weighs.
pub(crate) fn weight(key: &Key, bytes: usize) -> u64 {
    (bytes + key.text().len() + OVERHEAD) as u64
}
