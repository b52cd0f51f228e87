//! What does an entry cost in memory over the map it lies in?
//!
//! Ours carries the key for the check on a hit, the stamp, three times and a weight. The reference is the same
//! `u64` and the same `Arc` in a raw map. Counted by the allocator, over 50,000 entries.

use std::sync::Arc;

use larder_core::{Capacity, Entry, Local, Shelf};
use larder_moka::MokaLocal;
use larder_quick::QuickLocal;

use crate::hits::{Value, fill, shelf};
use crate::measure::{Comparison, as_f64};
use crate::report::Line;

const ENTRIES: usize = 50_000;
const ROOM: u64 = 100_000;

/// The most that ours may cost more, in bytes.
const MOST_MORE: f64 = 96.0;

pub(crate) fn lines() -> Vec<Line> {
    let raw_moka = bytes(
        || moka::sync::Cache::<u64, Arc<Value>>::new(ROOM),
        |map, key| map.insert(key, Arc::new(Value::new())),
        moka::sync::Cache::run_pending_tasks,
    );
    let raw_quick = bytes(
        || quick_cache::sync::Cache::<u64, Arc<Value>>::new(ENTRIES * 2),
        |map, key| map.insert(key, Arc::new(Value::new())),
        |_| {},
    );
    let (moka, moka_weight) = on(MokaLocal::new);
    let (quick, quick_weight) = on(QuickLocal::new);
    vec![
        within("bytes per entry, moka / raw moka (96 more are allowed)", moka, raw_moka),
        within("bytes per entry, quick / raw moka (96 more are allowed)", quick, raw_moka),
        line("bytes per entry, quick / raw quick_cache", quick, raw_quick),
        line("weight of an entry / its bytes, moka", moka_weight, moka),
        line("weight of an entry / its bytes, quick", quick_weight, quick),
    ]
}

fn line(name: &str, ours: f64, reference: f64) -> Line {
    Line::new(name, "bytes", Comparison { ours, reference, ratio: ours / reference })
}

/// The limit is on the difference; as a ratio it depends on what the raw map takes.
fn within(name: &str, ours: f64, reference: f64) -> Line {
    line(name, ours, reference).limit((reference + MOST_MORE) / reference)
}

/// What an entry takes in a map of ours, and what the map's limit counts it as.
fn on<L: Local<Arc<Entry<Value>>>>(new: impl Fn(Capacity) -> L) -> (f64, f64) {
    let filled = |capacity| {
        let local = Arc::new(new(capacity));
        (shelf(local.clone()), local)
    };
    let insert = |(shelf, _): &(Shelf<Value>, Arc<L>), key| fill(shelf, &key);
    let settle = |(_, local): &(Shelf<Value>, Arc<L>)| local.settle();
    let taken = bytes(|| filled(Capacity::Entries(ROOM)), insert, settle);

    let one = filled(Capacity::Bytes(1 << 20));
    insert(&one, 7);
    settle(&one);
    (taken, as_f64(usize::try_from(one.1.usage().weight).unwrap_or_default()))
}

/// Bytes that stay allocated for each of many entries, the empty map not counted.
fn bytes<M>(make: impl Fn() -> M, insert: impl Fn(&M, u64), settle: impl Fn(&M)) -> f64 {
    let fill = |entries: usize| {
        let mut kept = None;
        let allocated = allocation_counter::measure(|| {
            let map = make();
            for key in 0..entries as u64 {
                insert(&map, key);
                if key % 256 == 0 {
                    settle(&map);
                }
            }
            settle(&map);
            kept = Some(map);
        });
        drop(kept);
        as_f64(usize::try_from(allocated.bytes_current).unwrap_or_default())
    };
    (fill(ENTRIES) - fill(0)) / as_f64(ENTRIES)
}
