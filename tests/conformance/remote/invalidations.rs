//! Keys that are dropped.

use larder_core::{Invalidation, Version};

use crate::conformance::backend::{
    Backend, Draft, Rig, chain_of, entry, foreign, is_stored, key, keys, neighbours,
};

pub(super) async fn an_invalidation_drops_each_of_its_keys<B: Backend>() {
    let rig = Rig::<B>::new().await;
    let all: [_; 5] = neighbours();
    for key in &all {
        rig.node.store(key, &entry("Ada")).await;
    }
    rig.another().await.invalidate(keys(&all)).await;
    assert_eq!(rig.node.remote.get(&all).await.unwrap(), vec![None; 5]);
}

pub(super) async fn an_invalidation_leaves_neighbours_alone<B: Backend>() {
    let rig = Rig::<B>::new().await;
    let [ada, bob] = neighbours();
    rig.node.store(&ada, &entry("Ada")).await;
    rig.node.store(&bob, &entry("Bob")).await;
    rig.node.drop_key(&ada).await;
    rig.node.invalidate(Invalidation::Version(&ada, Version::new(3))).await;
    assert_eq!(rig.node.get(&bob).await, Some(entry("Bob")));
    assert!(is_stored(rig.node.put(&bob, 1).await));
}

pub(super) async fn an_invalidation_of_no_keys_is_a_link_like_any_other<B: Backend>() {
    let rig = Rig::<B>::new().await;
    let chain = chain_of(&key("ada"));
    let before = rig.node.latest(chain).await;
    let told = rig.node.invalidate(Invalidation::Keys(key("ada").hash().partition(), &[], None)).await;
    assert_eq!((told.previous, told.sequence), (before, rig.node.latest(chain).await));
    assert!(told.sequence > before && told.sent);
}

pub(super) async fn every_value_is_dropped_whoever_wrote_it<B: Backend>() {
    let rig = Rig::<B>::new().await;
    let newer = Draft::new("Ada").schema(u16::MAX).seal();
    for value in foreign().into_iter().chain([newer]) {
        rig.node.store(&key("ada"), &value).await;
        rig.node.drop_key(&key("ada")).await;
        assert_eq!(rig.node.get(&key("ada")).await, None, "{value:?}");
    }
}
