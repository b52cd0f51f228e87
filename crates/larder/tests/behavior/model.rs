//! Random sequences of operations against a model that knows, for each read, which values may be served.
//!
//! There is one true value for each key: a number that every commit makes greater by one. The model remembers, for each
//! key, the number that was true when it was last invalidated or expired, and when each number ceased to be true. A read
//! may give any number that has been true since then and has not outlived its time.

mod world;

use proptest::prelude::*;
use tokio::runtime::Builder;

use world::World;

/// How many keys there are. Each carries the tag of its parity.
const KEYS: usize = 4;
const NODES: usize = 2;

/// What may happen, on a node and to a key where it concerns such.
#[derive(Clone, Copy, Debug)]
enum Act {
    /// The true value changes, and the cache is not told yet.
    Commit(usize),
    Get(usize, usize),
    GetMany(usize),
    Load(usize, usize),
    LoadMany(usize),
    Refresh(usize, usize),
    /// The origin fails.
    Fail(usize, usize),
    Insert(usize, usize),
    /// An older version comes late.
    InsertLate(usize, usize),
    Invalidate(usize, usize),
    InvalidateMany(usize),
    Expire(usize, usize),
    InvalidateTag(usize, usize),
    Clear(usize),
    ClearAll(usize),
    /// A slow load on one node is overtaken by a write on the other.
    Overtake(usize, usize),
    /// Other keys push everything out of a node's memory.
    Flood(usize),
    /// So many tenths of a second pass.
    Pass(u16),
}

fn act() -> impl Strategy<Value = Act> {
    let (node, key) = (0..NODES, 0..KEYS);
    let at = (node.clone(), key.clone());
    prop_oneof![
        6 => key.prop_map(Act::Commit),
        6 => at.clone().prop_map(|(node, key)| Act::Get(node, key)),
        1 => node.clone().prop_map(Act::GetMany),
        8 => at.clone().prop_map(|(node, key)| Act::Load(node, key)),
        2 => node.clone().prop_map(Act::LoadMany),
        2 => at.clone().prop_map(|(node, key)| Act::Refresh(node, key)),
        3 => at.clone().prop_map(|(node, key)| Act::Fail(node, key)),
        2 => at.clone().prop_map(|(node, key)| Act::Insert(node, key)),
        1 => at.clone().prop_map(|(node, key)| Act::InsertLate(node, key)),
        4 => at.clone().prop_map(|(node, key)| Act::Invalidate(node, key)),
        1 => node.clone().prop_map(Act::InvalidateMany),
        3 => at.clone().prop_map(|(node, key)| Act::Expire(node, key)),
        2 => (node.clone(), 0..2_usize).prop_map(|(node, tag)| Act::InvalidateTag(node, tag)),
        1 => node.clone().prop_map(Act::Clear),
        1 => node.clone().prop_map(Act::ClearAll),
        2 => at.prop_map(|(node, key)| Act::Overtake(node, key)),
        1 => node.prop_map(Act::Flood),
        4 => (0..80_u16).prop_map(Act::Pass),
    ]
}

fn run(acts: &[Act]) {
    let runtime = Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let mut world = World::new().await;
        for (step, &act) in acts.iter().enumerate() {
            world.step = format!("step {step}, {act:?}");
            world.act(act).await;
        }
    });
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_read_gives_what_it_must_not(acts in prop::collection::vec(act(), 1..60)) {
        run(&acts);
    }
}
