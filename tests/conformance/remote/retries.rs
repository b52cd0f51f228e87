//! Whoever got no answer asks again.

use larder_core::{Chain, Filled, Lease, LeaseReply, Put};

use crate::conformance::backend::{Backend, Rig, chain_of, entry, key, seq};

pub(super) async fn a_fill_that_is_tried_again_changes_nothing<B: Backend>() {
    let rig = Rig::<B>::new().await;
    rig.node.lease(&key("ada"), 1).await;
    assert_eq!(rig.node.fill(&key("ada"), 1, &entry("Ada")).await, Filled::Stored);
    assert_eq!(rig.node.fill(&key("ada"), 1, &entry("Eve")).await, Filled::Overtaken);
    assert_eq!(rig.node.get(&key("ada")).await, Some(entry("Ada")));
    // Had it been overtaken in between, the second would be of no use.
    rig.node.drop_key(&key("ada")).await;
    assert_eq!(rig.node.fill(&key("ada"), 1, &entry("Ada")).await, Filled::Overtaken);
    assert_eq!(rig.node.get(&key("ada")).await, None);
}

pub(super) async fn an_invalidation_that_is_tried_again_is_one_more_link<B: Backend>() {
    let rig = Rig::<B>::new().await;
    let first = rig.node.drop_key(&key("ada")).await;
    let second = rig.node.drop_key(&key("ada")).await;
    assert_eq!(second.previous, first.sequence);
    assert_eq!(rig.node.latest(chain_of(&key("ada"))).await, second.sequence);
}

pub(super) async fn a_put_that_is_tried_again_is_one_more_link<B: Backend>() {
    let rig = Rig::<B>::new().await;
    let (Put::Stored(first), Put::Stored(second)) =
        (rig.node.put(&key("ada"), 1).await, rig.node.put(&key("ada"), 1).await)
    else {
        panic!("nothing is in the way of either");
    };
    assert_eq!(second.previous, first.sequence);
}

pub(super) async fn a_release_and_a_raise_can_be_tried_again<B: Backend>() {
    let rig = Rig::<B>::new().await;
    rig.node.lease(&key("ada"), 1).await;
    let ahead = seq(rig.backend.micros().await + 1_000_000);
    for _ in 0..2 {
        rig.node.remote.release(&key("ada"), Lease::new(1)).await.unwrap();
        rig.node.remote.raise(Chain::Tags, ahead).await.unwrap();
    }
    assert_eq!(rig.node.latest(Chain::Tags).await, ahead);
    assert_eq!(rig.node.lease(&key("ada"), 1).await, LeaseReply::Granted);
}
