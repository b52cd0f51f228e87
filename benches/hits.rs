//! What does an L1 hit cost over the map it is made on?
//!
//! Ours is `Shelf::get`: encode and hash the key, look it up, compare the key, the floor and the deadlines. The
//! reference is what one would write without Larder: `get` of an `Arc` from a `moka::sync::Cache` with its default
//! hasher, or from a `quick_cache`.

use std::hash::Hash;
use std::hint::black_box;
use std::sync::Arc;

use larder_core::{
    AppName, CacheKey, CacheName, Cacheable, Capacity, Entry, Fence, Label, Lifetime, Loaded, Local, Lookup,
    Namespace, Shelf, Ttl,
};
use larder_moka::MokaLocal;
use larder_quick::QuickLocal;
use serde::{Deserialize, Serialize};

use crate::measure::{Comparison, Effort, as_f64, compare};
use crate::report::Line;

/// Room enough that nothing is ever evicted.
pub(crate) const ROOM: u64 = 100_000;

/// The limit for what should be the same number: moka does its housekeeping now a hit earlier, now a hit later.
const SAME: f64 = 1.02;

/// A value of a size that is often cached.
#[derive(Clone, Serialize, Deserialize, Cacheable)]
pub(crate) struct Value {
    bytes: [[u8; 32]; 2],
}

impl Value {
    pub(crate) fn new() -> Self {
        Self { bytes: [[7; 32]; 2] }
    }
}

/// Keys of any type, and the order in which they are asked for.
pub(crate) struct Keys<K> {
    keys: Vec<K>,
    /// Which key each call asks for: a random order, so that neither branches nor caches can learn it.
    order: Vec<usize>,
}

impl<K> Keys<K> {
    fn new(keys: Vec<K>) -> Self {
        let mut random = fastrand::Rng::with_seed(7);
        let order = (0..1 << 13).map(|_| random.usize(..keys.len())).collect();
        Self { keys, order }
    }

    pub(crate) fn all(&self) -> &[K] {
        &self.keys
    }

    pub(crate) fn key(&self, call: usize) -> &K {
        let index = self.order.get(call % self.order.len()).copied().unwrap_or(0);
        self.keys.get(index).expect("the order names keys")
    }
}

/// The maps that keys of any type are looked up in.
struct Maps<K: Hash + Eq + Send + Sync + 'static> {
    keys: Keys<K>,
    moka: Shelf<Value>,
    quick: Shelf<Value>,
    raw_moka: moka::sync::Cache<K, Arc<Value>>,
    raw_quick: quick_cache::sync::Cache<K, Arc<Value>>,
}

impl<K: CacheKey + Hash + Eq + Clone + Send + Sync + 'static> Maps<K> {
    fn new(keys: Keys<K>) -> Self {
        let maps = Self {
            moka: filled(keys.all(), MokaLocal::new(Capacity::Entries(ROOM))),
            quick: filled(keys.all(), QuickLocal::new(Capacity::Entries(ROOM))),
            raw_moka: moka::sync::Cache::new(ROOM),
            raw_quick: quick_cache::sync::Cache::new(usize::try_from(ROOM).expect("it is small")),
            keys,
        };
        for key in maps.keys.all() {
            maps.raw_moka.insert(key.clone(), Arc::new(Value::new()));
            maps.raw_quick.insert(key.clone(), Arc::new(Value::new()));
        }
        maps.raw_moka.run_pending_tasks();
        maps
    }

    fn raw_moka_hit(&self, call: usize) {
        black_box(self.raw_moka.get(self.keys.key(call)).expect("nothing is evicted"));
    }

    fn raw_quick_hit(&self, call: usize) {
        black_box(self.raw_quick.get(self.keys.key(call)).expect("nothing is evicted"));
    }

    fn moka_hit(&self, call: usize) {
        hit(&self.moka, self.keys.key(call));
    }

    fn quick_hit(&self, call: usize) {
        hit(&self.quick, self.keys.key(call));
    }
}

fn filled<K: CacheKey, L: Local<Arc<Entry<Value>>>>(keys: &[K], local: L) -> Shelf<Value> {
    let local = Arc::new(local);
    let shelf = shelf(local.clone());
    for key in keys {
        fill(&shelf, key);
    }
    local.settle();
    shelf
}

pub(crate) fn shelf<L: Local<Arc<Entry<Value>>>>(local: Arc<L>) -> Shelf<Value> {
    let app = AppName::new("bench.shop").expect("it is a name");
    let cache = CacheName::new("user").expect("it is a name");
    Shelf::new(Namespace::new(app, cache), local, Arc::new(Fence::new()))
}

pub(crate) fn fill<K: CacheKey>(shelf: &Shelf<Value>, key: &K) {
    let label = Label::new(Lifetime::new(Ttl::seconds(3_600)));
    let loaded = Loaded::new(shelf.key(key).expect("it is a key"), Some(Value::new()), label, shelf.now());
    shelf.insert(shelf.stamp(), loaded).expect("nobody invalidates");
}

fn hit<K: CacheKey>(shelf: &Shelf<Value>, key: &K) {
    match shelf.get(key) {
        Lookup::Fresh(entry) => drop(black_box(entry)),
        _ => unreachable!("nothing is evicted and nothing expires"),
    }
}

pub(crate) fn numbers(count: usize) -> Keys<u64> {
    Keys::new((0..count as u64).map(|n| 1_000_000 + n * 37).collect())
}

pub(crate) fn strings(count: usize) -> Keys<String> {
    Keys::new((0..count).map(|n| format!("customer-{n:08}")).collect())
}

/// Every line about hits.
pub(crate) fn lines(effort: Effort) -> Vec<Line> {
    let mut lines = Vec::new();
    for count in [100, 5_000] {
        lines.extend(time(effort, &format!("{count} u64 keys"), || Maps::new(numbers(count))));
        lines.extend(time(effort, &format!("{count} String keys"), || Maps::new(strings(count))));
    }
    allocations(&mut lines, "u64", &Maps::new(numbers(5_000)));
    allocations(&mut lines, "String", &Maps::new(strings(5_000)));
    lines
}

/// Times hits on maps that are built anew several times: where in memory a map happens to lie is worth up to a tenth.
fn time<K>(effort: Effort, keys: &str, maps: impl Fn() -> Maps<K>) -> Vec<Line>
where
    K: CacheKey + Hash + Eq + Clone + Send + Sync + 'static,
{
    const LAYOUTS: usize = 5;
    let effort = Effort { rounds: effort.rounds.div_ceil(LAYOUTS), ..effort };
    let (one, two): (Vec<_>, Vec<_>) = (0..LAYOUTS)
        .map(|_| {
            let maps = maps();
            (compare_all(effort, 1, &maps), compare_all(effort, 2, &maps))
        })
        .unzip();
    let lines = |threads: &str, layouts: &[Compared]| {
        let line = |on: &str, of: fn(&Compared) -> Comparison| {
            let name = format!("L1 hit, {on}, {keys}, {threads}");
            Line::new(name, "ns", Comparison::median(layouts.iter().map(of)))
        };
        [
            line("moka / raw moka", |compared| compared.moka).limit(1.15),
            line("quick / raw moka", |compared| compared.quick).limit(0.35),
            line("quick / raw quick_cache", |compared| compared.quick_to_quick),
        ]
    };
    lines("1 thread", &one).into_iter().chain(lines("2 threads", &two)).collect()
}

struct Compared {
    moka: Comparison,
    quick: Comparison,
    quick_to_quick: Comparison,
}

fn compare_all<K>(effort: Effort, threads: usize, maps: &Maps<K>) -> Compared
where
    K: CacheKey + Hash + Eq + Clone + Send + Sync + 'static,
{
    let (moka, quick) = (|call| maps.moka_hit(call), |call| maps.quick_hit(call));
    let (raw_moka, raw_quick) = (|call| maps.raw_moka_hit(call), |call| maps.raw_quick_hit(call));
    Compared {
        moka: compare(effort, threads, moka, raw_moka),
        quick: compare(effort, threads, quick, raw_moka),
        quick_to_quick: compare(effort, threads, quick, raw_quick),
    }
}

fn allocations<K>(lines: &mut Vec<Line>, keys: &str, maps: &Maps<K>)
where
    K: CacheKey + Hash + Eq + Clone + Send + Sync + 'static,
{
    let count = |hit: &dyn Fn(usize)| {
        let allocated = allocation_counter::measure(|| (0..100_000).for_each(hit)).count_total;
        as_f64(usize::try_from(allocated).unwrap_or(usize::MAX)) / 100.0
    };
    let mut line = |on: &str, ours: &dyn Fn(usize), reference: &dyn Fn(usize)| {
        let (ours, reference) = (count(ours), count(reference));
        // None on either side is a ratio of one.
        let ratio = if reference > 0.0 { ours / reference } else { 1.0 + ours };
        let name = format!("allocations on L1 hits, {on} / raw, {keys} keys");
        lines.push(Line::new(name, "per 1,000 hits", Comparison { ours, reference, ratio }).limit(SAME));
    };
    line("moka", &|call| maps.moka_hit(call), &|call| {
        maps.raw_moka_hit(call);
    });
    line("quick", &|call| maps.quick_hit(call), &|call| {
        maps.raw_quick_hit(call);
    });
}

/// Hits the map called `name` so many times: what callgrind counts the instructions of.
pub(crate) fn repeat(name: &str, hits: usize) {
    let maps = Maps::new(numbers(100));
    let hit: &dyn Fn(usize) = match name {
        "moka" => &|call| maps.moka_hit(call),
        "quick" => &|call| maps.quick_hit(call),
        "raw-moka" => &|call| maps.raw_moka_hit(call),
        _ => &|call| maps.raw_quick_hit(call),
    };
    (0..hits).for_each(hit);
}
