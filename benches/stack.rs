//! What is left of an L1 hit's price once it goes through everything: `Cache::get`, `get_or_load` and `load`, as a
//! service calls them, on two tiers, a bus and a codec?
//!
//! The reference is the same as for the map alone: `get` of an `Arc` from a raw `moka::sync::Cache`.

use std::future::Future;
use std::hash::Hash;
use std::hint::black_box;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use larder::{Cache, CacheBuilder, CacheKey, Larder};
use tokio::runtime::{Builder, Runtime};

use crate::hits::{Keys, ROOM, Value, numbers, strings};
use crate::measure::{Comparison, Effort, compare};
use crate::report::Line;

/// The same keys in caches on both engines, and in a raw map.
struct Stack<K: CacheKey> {
    keys: Keys<K>,
    moka: Cache<K, Value>,
    quick: Cache<K, Value>,
    raw: moka::sync::Cache<K, Arc<Value>>,
    /// Keeps the follower of the bus alive.
    _larder: Larder,
}

impl<K: CacheKey<Owned = K> + Hash + Eq + Clone + Send + Sync + 'static> Stack<K> {
    fn new(runtime: &Runtime, keys: Keys<K>) -> Self {
        let larder =
            runtime.block_on(Larder::builder("bench.shop").embedded().build()).expect("it needs nothing");
        let stack = Self {
            moka: cache(larder.cache("moka")),
            quick: cache(larder.cache("quick").quick()),
            raw: moka::sync::Cache::new(ROOM),
            keys,
            _larder: larder,
        };
        // Side by side, so that the values of all three lie as closely together, or as far apart, as they do in a service
        // that loads them one by one.
        for key in stack.keys.all() {
            for cache in [&stack.moka, &stack.quick] {
                runtime.block_on(cache.load(key)).expect("the loader does not fail");
            }
            stack.raw.insert(key.clone(), Arc::new(Value::new()));
        }
        stack.raw.run_pending_tasks();
        stack
    }

    fn raw_hit(&self, call: usize) {
        black_box(self.raw.get(self.keys.key(call)).expect("nothing is evicted"));
    }

    fn get(&self, cache: &Cache<K, Value>, call: usize) {
        black_box(ready(cache.get(self.keys.key(call))).expect("it is a key").expect("nothing is evicted"));
    }

    fn get_or_load(&self, cache: &Cache<K, Value>, call: usize) {
        black_box(ready(cache.get_or_load(self.keys.key(call), never)).expect("nothing is evicted"));
    }

    fn load(&self, cache: &Cache<K, Value>, call: usize) {
        black_box(ready(cache.load(self.keys.key(call))).expect("nothing is evicted"));
    }
}

fn cache<K>(builder: CacheBuilder<K, Value>) -> Cache<K, Value>
where
    K: CacheKey<Owned = K> + Send + Sync + 'static,
{
    let hour = std::time::Duration::from_secs(3_600);
    builder
        .capacity(ROOM)
        .time_to_live(hour)
        .local_time_to_live(hour)
        .loader(|_| async { Ok::<_, io::Error>(Value::new()) })
        .build()
        .expect("the settings can work")
}

/// Hits the cache on that map so many times: what callgrind counts the instructions of.
pub(crate) fn repeat(map: &str, hits: usize) {
    let runtime = runtime();
    let stack = Stack::new(&runtime, numbers(100));
    let cache = if map == "moka" { &stack.moka } else { &stack.quick };
    (0..hits).for_each(|call| stack.get(cache, call));
}

async fn never<K>(_: K) -> Result<Value, io::Error> {
    Err(io::Error::other("nothing is evicted"))
}

/// A runtime on one thread, so that what is loaded and what it is compared with come from one arena of the allocator.
fn runtime() -> Runtime {
    Builder::new_current_thread().enable_time().build().expect("the system has room for a runtime")
}

/// What a future gives that need not wait.
fn ready<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => unreachable!("a hit awaits nothing"),
    }
}

/// Every line about hits through the whole stack.
pub(crate) fn lines(effort: Effort) -> Vec<Line> {
    let runtime = &runtime();
    let mut lines = time(effort, "100 u64 keys", || Stack::new(runtime, numbers(100)));
    lines.extend(time(effort, "100 String keys", || Stack::new(runtime, strings(100))));
    lines.extend(time(effort, "5,000 u64 keys", || Stack::new(runtime, numbers(5_000))));
    lines.extend(sizes(&Stack::new(runtime, strings(100))));
    lines
}

/// One of the three ways to a hit, on one of the two engines.
type Way<K> = (&'static str, f64, fn(&Stack<K>, usize));

fn time<K>(effort: Effort, keys: &str, stack: impl Fn() -> Stack<K>) -> Vec<Line>
where
    K: CacheKey<Owned = K> + Hash + Eq + Clone + Send + Sync + 'static,
{
    const LAYOUTS: usize = 5;
    const MOKA: f64 = 1.15;
    const QUICK: f64 = 0.35;
    let ways: [Way<K>; 6] = [
        ("get, moka", MOKA, |stack, call| stack.get(&stack.moka, call)),
        ("get_or_load, moka", MOKA, |stack, call| stack.get_or_load(&stack.moka, call)),
        ("load, moka", MOKA, |stack, call| stack.load(&stack.moka, call)),
        ("get, quick", QUICK, |stack, call| stack.get(&stack.quick, call)),
        ("get_or_load, quick", QUICK, |stack, call| stack.get_or_load(&stack.quick, call)),
        ("load, quick", QUICK, |stack, call| stack.load(&stack.quick, call)),
    ];
    let effort = Effort { rounds: effort.rounds.div_ceil(LAYOUTS), ..effort };
    let layouts: Vec<Vec<Comparison>> = (0..LAYOUTS)
        .map(|_| {
            let stack = stack();
            let way =
                |way: &Way<K>| compare(effort, 1, |call| way.2(&stack, call), |call| stack.raw_hit(call));
            ways.iter().map(way).collect()
        })
        .collect();
    let line = |(number, (name, limit, _)): (usize, &Way<K>)| {
        let of_layouts = layouts.iter().filter_map(|layout| layout.get(number).copied());
        Line::new(format!("{name} / raw moka, {keys}"), "ns", Comparison::median(of_layouts)).limit(*limit)
    };
    ways.iter().enumerate().map(line).collect()
}

/// How large the futures are that every caller's task holds.
fn sizes(stack: &Stack<String>) -> Vec<Line> {
    let key = "customer-00000000";
    let line = |name: &str, bytes: usize, most: f64| {
        let bytes = crate::measure::as_f64(bytes);
        let comparison = Comparison { ours: bytes, reference: most, ratio: bytes / most };
        Line::new(format!("size of the future of {name} / allowed"), "bytes", comparison).limit(1.0)
    };
    vec![
        line("get", size_of_val(&stack.moka.get(key)), 64.0),
        line("get_or_load", size_of_val(&stack.moka.get_or_load(key, never)), 256.0),
        line("load", size_of_val(&stack.moka.load(key)), 256.0),
    ]
}
