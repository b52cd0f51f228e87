//! Writes that are guarded from their beginning.

use larder_core::{Filled, Invalidation, Key, LeaseMode, LeaseReply, Put};

use crate::conformance::backend::{
    Backend, LONG, LONGER, MOMENT, Node, REST, Rig, SHORT, entry, expire, guard, is_stored, key, keys,
    keys_of_write, neighbours, of_any, request,
};

async fn is_guarded(node: &Node, key: &Key) -> bool {
    let reply = node.ask(key, &of_any(0xF00)).await;
    node.remote.release(key, larder_core::Lease::new(0xF00)).await.unwrap();
    assert!(matches!(reply, LeaseReply::Quarantined | LeaseReply::Granted), "{reply:?}");
    reply == LeaseReply::Quarantined
}

pub(super) async fn a_guarded_key_is_quarantined_for_every_request<B: Backend>() {
    let rig = Rig::<B>::new().await;
    rig.node.invalidate(guard(&[key("ada")], 1, LONG)).await;
    for mode in [LeaseMode::Miss, LeaseMode::Any, LeaseMode::replace(&entry("Ada"))] {
        let mut request = request(1);
        request.mode = mode;
        assert_eq!(rig.another().await.ask(&key("ada"), &request).await, LeaseReply::Quarantined);
    }
    assert_eq!(rig.node.fill(&key("ada"), 1, &entry("Ada")).await, Filled::Overtaken);
}

pub(super) async fn a_guard_drops_value_and_lease<B: Backend>() {
    let rig = Rig::<B>::new().await;
    rig.node.store(&key("ada"), &entry("Ada")).await;
    rig.node.ask(&key("ada"), &of_any(1)).await;
    rig.node.invalidate(guard(&[key("ada")], 1, SHORT)).await;
    assert_eq!(rig.node.get(&key("ada")).await, None);
    rig.backend.pass(SHORT.as_duration()).await;
    assert_eq!(rig.node.fill(&key("ada"), 1, &entry("old")).await, Filled::Overtaken);
}

pub(super) async fn a_guard_ends_with_its_write<B: Backend>() {
    let rig = Rig::<B>::new().await;
    rig.node.invalidate(guard(&[key("ada")], 1, LONG)).await;
    rig.another().await.invalidate(keys_of_write(&[key("ada")], 1)).await;
    assert_eq!(rig.node.lease(&key("ada"), 1).await, LeaseReply::Granted);
    assert_eq!(rig.node.fill(&key("ada"), 1, &entry("new")).await, Filled::Stored);
}

pub(super) async fn a_guard_ends_by_itself<B: Backend>() {
    let rig = Rig::<B>::new().await;
    rig.node.invalidate(guard(&[key("ada")], 1, SHORT)).await;
    rig.backend.pass(MOMENT).await;
    assert!(is_guarded(&rig.node, &key("ada")).await);
    rig.backend.pass(REST).await;
    assert!(!is_guarded(&rig.node, &key("ada")).await);
}

pub(super) async fn a_guard_is_ended_by_its_own_write_only<B: Backend>() {
    let rig = Rig::<B>::new().await;
    let ada = [key("ada")];
    rig.node.invalidate(guard(&ada, 1, LONG)).await;
    let others = [
        keys(&ada),
        keys_of_write(&ada, 2),
        expire(&ada),
        Invalidation::Version(&ada[0], larder_core::Version::new(1)),
    ];
    for what in others {
        rig.node.invalidate(what.clone()).await;
        assert!(is_guarded(&rig.node, &ada[0]).await, "{what:?}");
    }
}

pub(super) async fn two_guards_must_both_end<B: Backend>() {
    let rig = Rig::<B>::new().await;
    let ada = [key("ada")];
    rig.node.invalidate(guard(&ada, 1, LONG)).await;
    rig.node.invalidate(guard(&ada, 2, SHORT)).await;
    rig.node.invalidate(keys_of_write(&ada, 1)).await;
    assert!(is_guarded(&rig.node, &ada[0]).await);
    rig.backend.pass(SHORT.as_duration()).await;
    assert!(!is_guarded(&rig.node, &ada[0]).await);
    // The other way about: the shorter one ends first.
    rig.node.invalidate(guard(&ada, 1, LONG)).await;
    rig.node.invalidate(guard(&ada, 2, SHORT)).await;
    rig.backend.pass(SHORT.as_duration()).await;
    assert!(is_guarded(&rig.node, &ada[0]).await);
    rig.node.invalidate(keys_of_write(&ada, 1)).await;
    assert!(!is_guarded(&rig.node, &ada[0]).await);
}

pub(super) async fn a_guard_that_is_begun_again_ends_once_and_later<B: Backend>() {
    let rig = Rig::<B>::new().await;
    let ada = [key("ada")];
    rig.node.invalidate(guard(&ada, 1, SHORT)).await;
    rig.node.invalidate(guard(&ada, 1, LONGER)).await;
    rig.backend.pass(SHORT.as_duration()).await;
    assert!(is_guarded(&rig.node, &ada[0]).await);
    rig.node.invalidate(keys_of_write(&ada, 1)).await;
    assert!(!is_guarded(&rig.node, &ada[0]).await);
}

pub(super) async fn a_guard_covers_each_of_its_keys_and_no_other<B: Backend>() {
    let rig = Rig::<B>::new().await;
    let all: [_; 3] = neighbours();
    rig.node.invalidate(guard(&all[..2], 1, LONG)).await;
    assert!(is_guarded(&rig.node, &all[0]).await);
    assert!(is_guarded(&rig.node, &all[1]).await);
    assert!(!is_guarded(&rig.node, &all[2]).await);
    rig.node.invalidate(keys_of_write(&all[..1], 1)).await;
    assert!(!is_guarded(&rig.node, &all[0]).await);
    assert!(is_guarded(&rig.node, &all[1]).await);
}

/// Whoever guards is about to write something newer, and may die before saying so. What was put would then stay.
pub(super) async fn a_put_under_a_guard_is_not_stored_and_is_remembered<B: Backend>() {
    let rig = Rig::<B>::new().await;
    let chain = crate::conformance::backend::chain_of(&key("ada"));
    rig.node.invalidate(guard(&[key("ada")], 1, SHORT)).await;
    let before = rig.node.latest(chain).await;
    assert_eq!(rig.node.put(&key("ada"), 7).await, Put::Outdated);
    assert_eq!(rig.node.get(&key("ada")).await, None);
    assert_eq!(rig.node.latest(chain).await, before);
    rig.backend.pass(SHORT.as_duration()).await;
    assert_eq!(rig.node.put(&key("ada"), 6).await, Put::Outdated);
    assert!(is_stored(rig.node.put(&key("ada"), 7).await));
}
