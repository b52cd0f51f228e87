//! Random operations on a shelf, and on a model that keeps the whole truth about every key.
//!
//! The model knows no maps, locks or atomics. It writes down what happened when, and judges by that.

use std::collections::HashMap;
use std::time::Duration;

use larder_core::{
    KeyHash, Label, Lifetime, Loaded, Moment, Partition, Refused, Sequence, Shelf, Stamp, TagHash, Tags,
    Version, Vigilance,
};
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, TestRunner};

use super::rig::{Rig, Seen, hash, see, stranger_of, stripe, ttl, twin_of};
use super::tier::Tier;

const LIFE: u64 = 12_000;
const FRESH: u64 = 5_000;
const IDLE: u64 = 4_000;
const KEYS: usize = 4;
const TAGS: u64 = 3;

pub(super) fn every_sequence_of_operations_goes_as_in_the_model<T: Tier>() {
    let config = Config { cases: 500, failure_persistence: None, ..Config::default() };
    let plan = (any::<Habits>(), prop::collection::vec(any::<Step>(), 1..120));
    let outcome = TestRunner::new(config).run(&plan, |(habits, steps)| {
        let mut real = Real::<T>::new(habits);
        let mut model = Model::new(habits, &real.hashes());
        for (number, step) in steps.iter().enumerate() {
            let value = u32::try_from(number).expect("there are few");
            let (got, expected) = (real.take(step, value), model.take(step, value));
            prop_assert_eq!(got, expected, "step {}: {:?}", number, step);
        }
        Ok(())
    });
    if let Err(failure) = outcome {
        panic!("{failure}");
    }
}

#[derive(Clone, Copy, Debug)]
struct Habits {
    has_idle: bool,
    is_vigilant: bool,
}

impl Arbitrary for Habits {
    type Parameters = ();
    type Strategy = BoxedStrategy<Self>;

    fn arbitrary_with((): ()) -> Self::Strategy {
        (any::<bool>(), any::<bool>())
            .prop_map(|(has_idle, is_vigilant)| Self { has_idle, is_vigilant })
            .boxed()
    }
}

#[derive(Clone, Debug)]
enum Step {
    Begin(usize),
    /// Ends one of the loads under way.
    End(Index, Found),
    Get(usize),
    Evict(usize),
    Expire(usize),
    /// Of this key's partition.
    Flush(usize),
    FlushAll,
    Clear,
    Invalidate(u64),
    RaiseFloor,
    Trust(u64),
    Pass(u64),
}

/// What a load turns up.
#[derive(Clone, Copy, Debug)]
struct Found {
    has_value: bool,
    tag: Option<u64>,
    version: u64,
}

impl Arbitrary for Step {
    type Parameters = ();
    type Strategy = BoxedStrategy<Self>;

    fn arbitrary_with((): ()) -> Self::Strategy {
        let found = (any::<bool>(), prop::option::of(0..TAGS), 0..4_u64)
            .prop_map(|(has_value, tag, version)| Found { has_value, tag, version });
        prop_oneof![
            12 => (0..KEYS).prop_map(Self::Begin),
            12 => (any::<Index>(), found).prop_map(|(load, found)| Self::End(load, found)),
            16 => (0..KEYS).prop_map(Self::Get),
            2 => (0..KEYS).prop_map(Self::Evict),
            2 => (0..KEYS).prop_map(Self::Expire),
            1 => (0..KEYS).prop_map(Self::Flush),
            1 => Just(Self::FlushAll),
            1 => Just(Self::Clear),
            3 => (0..TAGS).prop_map(Self::Invalidate),
            1 => Just(Self::RaiseFloor),
            1 => (0..3_u64).prop_map(|seconds| Self::Trust(seconds * 4_000)),
            4 => prop_oneof![Just(1), Just(IDLE), Just(IDLE + 1), Just(FRESH), 0..3_000_u64]
                .prop_map(Self::Pass),
        ]
        .boxed()
    }
}

#[derive(Debug, PartialEq)]
enum Outcome {
    Nothing,
    Got(Seen<u32>),
    Ended(Result<(), Refused>),
}

struct Real<T> {
    rig: Rig<T>,
    users: Shelf<u32>,
    keys: [String; KEYS],
    loads: Vec<Load>,
    /// The last sequence that the server gave out.
    server: u64,
}

struct Load {
    key: usize,
    stamp: Stamp,
    birth: Sequence,
    made: Moment,
}

impl<T: Tier> Real<T> {
    fn new(habits: Habits) -> Self {
        let rig = Rig::<T>::new();
        let mut users = rig.users();
        if habits.has_idle {
            users = users.time_to_idle(ttl(Duration::from_millis(IDLE)));
        }
        if habits.is_vigilant {
            users = users.vigilance(Vigilance::EveryHit);
        }
        let keys = ["ada".into(), "bob".into(), twin_of(&users, "ada"), stranger_of(&users, "bob")];
        Self { rig, users, keys, loads: Vec::new(), server: 0 }
    }

    fn hashes(&self) -> [KeyHash; KEYS] {
        self.keys.each_ref().map(|key| hash(&self.users, key))
    }

    fn take(&mut self, step: &Step, value: u32) -> Outcome {
        match *step {
            Step::Begin(key) => self.loads.push(self.begin(key)),
            Step::End(load, found) => return self.end(load, found, value),
            Step::Get(key) => return Outcome::Got(see(&self.users, &self.keys[key])),
            Step::Evict(key) => self.users.evict(self.hashes()[key]),
            Step::Expire(key) => self.users.expire(self.hashes()[key]),
            Step::Flush(key) => self.rig.fence.flush(self.hashes()[key].partition()),
            Step::FlushAll => self.rig.fence.flush_all(),
            Step::Clear => self.users.clear(),
            Step::Invalidate(tag) => {
                self.server += 1;
                self.rig.ledger.invalidate(TagHash::from_bits(tag), Sequence::new(self.server));
            }
            Step::RaiseFloor => self.rig.ledger.raise_floor(Sequence::new(self.server)),
            Step::Trust(millis) => {
                let until = self.users.now().after(Duration::from_millis(millis));
                self.rig.fence.trust_until(until);
            }
            Step::Pass(millis) => self.rig.time.advance(Duration::from_millis(millis)),
        }
        Outcome::Nothing
    }

    fn begin(&self, key: usize) -> Load {
        Load { key, stamp: self.users.stamp(), birth: self.rig.ledger.seen(), made: self.users.now() }
    }

    fn end(&mut self, load: Index, found: Found, value: u32) -> Outcome {
        if self.loads.is_empty() {
            return Outcome::Nothing;
        }
        let load = self.loads.remove(load.index(self.loads.len()));
        let tags: Vec<TagHash> = found.tag.map(TagHash::from_bits).into_iter().collect();
        let lifetime =
            Lifetime::new(ttl(Duration::from_millis(LIFE))).fresh_for(ttl(Duration::from_millis(FRESH)));
        let label = Label::new(lifetime)
            .birth(load.birth)
            .tags(Tags::new(tags).unwrap())
            .version(Version::new(found.version));
        let entry = Loaded::new(
            self.users.key(&self.keys[load.key]).unwrap(),
            found.has_value.then_some(value),
            label,
            load.made,
        );
        Outcome::Ended(self.users.insert(load.stamp, entry).map(|_| ()))
    }
}

/// The truth. Time is in milliseconds; `heard` counts invalidations.
struct Model {
    habits: Habits,
    hashes: [KeyHash; KEYS],
    now: u64,
    trusted_until: u64,
    heard: u64,
    invalidated: HashMap<u16, u64>,
    flushed: HashMap<Partition, u64>,
    cleared: u64,
    server: u64,
    tags: HashMap<u64, u64>,
    tag_floor: u64,
    loads: Vec<Held>,
    entries: [Option<Held>; KEYS],
}

/// A load, and what became of it.
#[derive(Clone, Copy)]
struct Held {
    key: usize,
    heard: u64,
    birth: u64,
    made: u64,
    last_hit: u64,
    value: Option<u32>,
    tag: Option<u64>,
    version: u64,
    is_expired: bool,
}

impl Model {
    fn new(habits: Habits, hashes: &[KeyHash; KEYS]) -> Self {
        Self {
            habits,
            hashes: *hashes,
            now: 0,
            trusted_until: u64::MAX,
            heard: 0,
            invalidated: HashMap::new(),
            flushed: HashMap::new(),
            cleared: 0,
            server: 0,
            tags: HashMap::new(),
            tag_floor: 0,
            loads: Vec::new(),
            entries: [None; KEYS],
        }
    }

    fn take(&mut self, step: &Step, value: u32) -> Outcome {
        match *step {
            Step::Begin(key) => self.begin(key),
            Step::End(load, found) => return self.end(load, found, value),
            Step::Get(key) => return Outcome::Got(self.get(key)),
            Step::Evict(key) => {
                self.fence(key);
                self.entries[key] = None;
            }
            Step::Expire(key) => {
                self.fence(key);
                if let Some(held) = &mut self.entries[key] {
                    held.is_expired = true;
                }
            }
            Step::Flush(key) => {
                self.heard += 1;
                self.flushed.insert(self.hashes[key].partition(), self.heard);
            }
            Step::FlushAll => {
                self.heard += 1;
                let flushed = Partition::all().map(|partition| (partition, self.heard));
                self.flushed.extend(flushed);
            }
            Step::Clear => {
                self.heard += 1;
                self.cleared = self.heard;
            }
            Step::Invalidate(tag) => {
                self.server += 1;
                self.tags.insert(tag, self.server);
            }
            Step::RaiseFloor => self.tag_floor = self.server,
            Step::Trust(millis) => self.trusted_until = self.now + millis,
            Step::Pass(millis) => self.now += millis,
        }
        Outcome::Nothing
    }

    fn fence(&mut self, key: usize) {
        self.heard += 1;
        self.invalidated.insert(stripe(self.hashes[key]), self.heard);
    }

    fn begin(&mut self, key: usize) {
        self.loads.push(Held {
            key,
            heard: self.heard,
            birth: self.server,
            made: self.now,
            last_hit: self.now,
            value: None,
            tag: None,
            version: 0,
            is_expired: false,
        });
    }

    fn end(&mut self, load: Index, found: Found, value: u32) -> Outcome {
        if self.loads.is_empty() {
            return Outcome::Nothing;
        }
        let load = self.loads.remove(load.index(self.loads.len()));
        let held =
            Held { value: found.has_value.then_some(value), tag: found.tag, version: found.version, ..load };
        let admitted = self.admit(&held);
        if admitted.is_ok() {
            self.entries[held.key] = Some(Held { last_hit: self.now, ..held });
        }
        Outcome::Ended(admitted)
    }

    fn admit(&self, held: &Held) -> Result<(), Refused> {
        let hash = self.hashes[held.key];
        let after = |reading: Option<&u64>| reading.is_some_and(|&reading| reading > held.heard);
        if after(self.invalidated.get(&stripe(hash))) {
            Err(Refused::Invalidated)
        } else if after(self.flushed.get(&hash.partition())) {
            Err(Refused::Flushed)
        } else if self.now >= self.trusted_until {
            Err(Refused::OutOfSync)
        } else if self.now >= held.made + LIFE {
            Err(Refused::Expired)
        } else if self.cleared > held.heard {
            Err(Refused::Cleared)
        } else if self.is_outdated_by_tag(held) {
            Err(Refused::Tagged)
        } else if self.has_newer(held) {
            Err(Refused::Outdated)
        } else {
            Ok(())
        }
    }

    fn has_newer(&self, held: &Held) -> bool {
        held.version > 0
            && self.entries[held.key]
                .is_some_and(|there| there.version > held.version && !self.is_outdated(&there))
    }

    fn is_outdated_by_tag(&self, held: &Held) -> bool {
        held.tag.is_some_and(|tag| {
            held.birth < self.tag_floor || self.tags.get(&tag).is_some_and(|&latest| latest > held.birth)
        })
    }

    fn is_outdated(&self, held: &Held) -> bool {
        self.now >= held.made + LIFE || self.cleared > held.heard || self.is_outdated_by_tag(held)
    }

    fn is_gone(&self, held: &Held) -> bool {
        self.is_outdated(held) || (self.habits.has_idle && self.now - held.last_hit > IDLE)
    }

    fn get(&mut self, key: usize) -> Seen<u32> {
        let Some(held) = self.entries[key].filter(|held| !self.is_gone(held)) else {
            // What it finds gone it throws out, and with it what is known of its version.
            self.entries[key] = None;
            return Seen::Absent;
        };
        self.entries[key] = Some(Held { last_hit: self.now, ..held });
        let flushed = self.flushed.get(&self.hashes[key].partition());
        let is_blind = self.habits.is_vigilant && self.now >= self.trusted_until;
        if is_blind || flushed.is_some_and(|&flushed| flushed > held.heard) {
            Seen::Suspect(held.value)
        } else if held.is_expired || self.now >= held.made + FRESH {
            Seen::Stale(held.value)
        } else {
            Seen::Fresh(held.value)
        }
    }
}
