//! Removing values for real.

use std::collections::HashSet;

use larder_core::{AppName, CacheName, ErrorKind, Filled, Key, Put, Sequence, SweepPosition, Swept};

use crate::conformance::backend::{
    Backend, LONG, Node, Rig, app, entry, guard, is_busy, key, key_of, keys, keys_of_write, of_any, tag,
};

const COUNT: usize = 300;

fn users() -> CacheName {
    CacheName::new("user").unwrap()
}

/// Sweeps to the end, in steps of so many keys, and says how many there were and what they removed.
async fn sweep(node: &Node, most: u32) -> (usize, u64) {
    let (mut from, mut steps, mut removed) = (None, 0, 0);
    loop {
        let Swept { removed: more, next, .. } =
            node.remote.sweep(&users(), from.as_ref(), most).await.unwrap();
        (steps, removed) = (steps + 1, removed + more);
        assert!(steps < 100_000, "it comes to an end");
        match next {
            Some(next) => from = Some(next),
            None => return (steps, removed),
        }
    }
}

async fn fill(node: &Node) -> Vec<Key> {
    let keys: Vec<Key> = (0..COUNT).map(|number| key(&number.to_string())).collect();
    for key in &keys {
        node.store(key, &entry("value")).await;
    }
    keys
}

pub(super) async fn a_sweep_removes_every_value_of_the_cache<B: Backend>() {
    let rig = Rig::<B>::new().await;
    let keys = fill(&rig.node).await;
    assert_eq!(sweep(&rig.node, 1_000).await.1, COUNT as u64);
    assert_eq!(rig.node.remote.get(&keys).await.unwrap(), vec![None; COUNT]);
    assert_eq!(sweep(&rig.node, 1_000).await.1, 0);
}

/// In particular those whose names begin like it, or fit it as a pattern would.
pub(super) async fn a_sweep_leaves_everything_else_alone<B: Backend>() {
    let rig = Rig::<B>::new().await;
    let others =
        ["userAbc", "user.profile", "use", "users", "a-user"].map(|cache| key_of(&app(), cache, "7"));
    for other in &others {
        rig.node.store(other, &entry("other")).await;
    }
    let stock = AppName::new("test.stock").unwrap();
    let elsewhere = rig.backend.connect(&stock).await;
    let twin = key_of(&stock, "user", "7");
    elsewhere.store(&twin, &entry("twin")).await;
    // A key's text may hold anything, also what looks like a name.
    let decoy = key_of(&app(), "order", "larder:{p07g}:test.shop:user:7");
    rig.node.store(&decoy, &entry("decoy")).await;
    fill(&rig.node).await;
    assert_eq!(sweep(&rig.node, 1_000).await.1, COUNT as u64);
    for other in others.iter().chain([&decoy]) {
        assert!(rig.node.get(other).await.is_some(), "{other:?}");
    }
    assert!(elsewhere.get(&twin).await.is_some());
}

pub(super) async fn a_sweep_leaves_leases_guards_and_versions_alone<B: Backend>() {
    let rig = Rig::<B>::new().await;
    let [leased, guarded, versioned] = ["leased", "guarded", "versioned"].map(key);
    rig.node.ask(&leased, &of_any(1)).await;
    rig.node.invalidate(guard(std::slice::from_ref(&guarded), 1, LONG)).await;
    assert!(matches!(rig.node.put(&versioned, 7).await, Put::Stored(_)));
    assert_eq!(sweep(&rig.node, 1_000).await.1, 1);
    assert!(is_busy(&rig.node.lease(&leased, 2).await));
    assert_eq!(rig.node.fill(&leased, 1, &entry("loaded")).await, Filled::Stored);
    assert_eq!(rig.node.lease(&guarded, 3).await, larder_core::LeaseReply::Quarantined);
    rig.node.invalidate(keys_of_write(&[guarded], 1)).await;
    assert_eq!(rig.node.put(&versioned, 6).await, Put::Outdated);
}

pub(super) async fn a_sweep_goes_on_where_it_was_left<B: Backend>() {
    let rig = Rig::<B>::new().await;
    fill(&rig.node).await;
    let (mut from, mut seen, mut removed) = (None, HashSet::new(), 0);
    loop {
        // By another process each time, which knows no more than what was written down.
        let node = rig.another().await;
        let text: Option<String> = from.map(|from: SweepPosition| from.to_string());
        let position = text.map(SweepPosition::new);
        let swept = node.remote.sweep(&users(), position.as_ref(), 50).await.unwrap();
        removed += swept.removed;
        let Some(next) = swept.next else { break };
        assert!(seen.insert(next.to_string()), "it goes round in circles: {next}");
        from = Some(next);
    }
    assert_eq!(removed, COUNT as u64);
}

pub(super) async fn a_sweep_in_small_steps_comes_to_an_end<B: Backend>() {
    let rig = Rig::<B>::new().await;
    fill(&rig.node).await;
    let (steps, removed) = sweep(&rig.node, 1).await;
    assert!(steps >= 30 && removed == COUNT as u64, "{steps} {removed}");
}

pub(super) async fn a_sweep_is_no_invalidation<B: Backend>() {
    let rig = Rig::<B>::new().await;
    let keys_of_cache = fill(&rig.node).await;
    rig.node.invalidate(keys(&keys_of_cache[..1])).await;
    rig.node.invalidate(larder_core::Invalidation::Tags(&[tag(1)])).await;
    let before = rig.node.remote.sequences().await.unwrap();
    sweep(&rig.node, 1_000).await;
    assert_eq!(rig.node.remote.sequences().await.unwrap(), before);
    assert_eq!(rig.node.remote.invalidated_tags(Sequence::ZERO).await.unwrap().tags.len(), 1);
}

pub(super) async fn a_position_where_nobody_has_been_is_invalid<B: Backend>() {
    let rig = Rig::<B>::new().await;
    for text in ["", "here", "-1", "here there"] {
        let position = SweepPosition::new(text);
        let error = rig.node.remote.sweep(&users(), Some(&position), 10).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid, "{text}");
    }
}
