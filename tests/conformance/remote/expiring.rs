//! Values that are marked as stale, and stay.

use bytes::Bytes;
use larder_core::{LeaseReply, Peek};

use crate::conformance::backend::{
    Backend, MOMENT, REST, Rig, SHORT, entry, expire, foreign, key, neighbours, of_any,
};

fn marked(value: &Bytes) -> Bytes {
    let mut marked = value.to_vec();
    assert!(Peek::mark_stale(&mut marked));
    marked.into()
}

pub(super) async fn an_expired_value_stays_and_is_marked<B: Backend>() {
    let rig = Rig::<B>::new().await;
    rig.node.store(&key("ada"), &entry("Ada")).await;
    for _ in 0..2 {
        rig.node.invalidate(expire(&[key("ada")])).await;
        assert_eq!(rig.node.get(&key("ada")).await, Some(marked(&entry("Ada"))));
    }
    assert_eq!(rig.node.lease(&key("ada"), 1).await, LeaseReply::Found(marked(&entry("Ada"))));
}

pub(super) async fn an_expired_value_keeps_its_time<B: Backend>() {
    let rig = Rig::<B>::new().await;
    rig.node.store_for(&key("ada"), &entry("Ada"), SHORT).await;
    rig.backend.pass(MOMENT).await;
    rig.node.invalidate(expire(&[key("ada")])).await;
    assert!(rig.node.get(&key("ada")).await.is_some());
    rig.backend.pass(REST).await;
    assert_eq!(rig.node.get(&key("ada")).await, None);
}

pub(super) async fn an_expire_marks_each_of_its_keys_and_no_other<B: Backend>() {
    let rig = Rig::<B>::new().await;
    let keys: [_; 3] = neighbours();
    for key in &keys {
        rig.node.store(key, &entry("Ada")).await;
    }
    rig.node.invalidate(expire(&keys[..2])).await;
    let [first, second, third] = [0, 1, 2].map(|index| rig.node.get(&keys[index]));
    assert_eq!(first.await, Some(marked(&entry("Ada"))));
    assert_eq!(second.await, Some(marked(&entry("Ada"))));
    assert_eq!(third.await, Some(entry("Ada")));
}

pub(super) async fn an_expire_of_nothing_leaves_nothing<B: Backend>() {
    let rig = Rig::<B>::new().await;
    rig.node.invalidate(expire(&[key("ada")])).await;
    assert_eq!(rig.node.get(&key("ada")).await, None);
}

/// They have no place for the mark, and somebody may read them as they are.
pub(super) async fn an_expire_drops_bytes_that_are_no_entry<B: Backend>() {
    let rig = Rig::<B>::new().await;
    for value in foreign() {
        rig.node.store(&key("ada"), &value).await;
        rig.node.ask(&key("ada"), &of_any(1)).await;
        rig.node.invalidate(expire(&[key("ada")])).await;
        assert_eq!(rig.node.get(&key("ada")).await, None, "{value:?}");
        // Whoever was loading is overtaken all the same.
        assert_eq!(rig.node.ask(&key("ada"), &of_any(2)).await, LeaseReply::Granted);
        rig.node.drop_key(&key("ada")).await;
    }
}
