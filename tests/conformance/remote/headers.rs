//! A load that found the value unchanged.

use bytes::Bytes;
use larder_core::{Fill, Filled, Lease, LeaseReply, Peek, Ttl};

use crate::conformance::backend::{
    Backend, Draft, LONG, LONGER, Node, Rig, SHORT, entry, expire, foreign, key, of_any,
};

/// Takes a lease on whatever is there, and fills a header.
async fn refresh(node: &Node, header: &Bytes, ttl: Ttl) -> Filled {
    assert_eq!(node.ask(&key("ada"), &of_any(1)).await, LeaseReply::Granted);
    let content = Fill::Header(header.clone(), ttl);
    node.remote.fill(&key("ada"), Lease::new(1), content).await.unwrap()
}

async fn is_free(node: &Node) -> bool {
    node.ask(&key("ada"), &of_any(2)).await == LeaseReply::Granted
}

pub(super) async fn a_header_takes_the_place_of_as_many_bytes<B: Backend>() {
    let rig = Rig::<B>::new().await;
    let (old, new) = (Draft::new("Ada").seal(), Draft::new("Ada").birth(7).version(9).seal());
    rig.node.store(&key("ada"), &old).await;
    let payload = old.slice(64..);
    assert_eq!(refresh(&rig.node, &new.slice(..64), LONG).await, Filled::Stored);
    let stored = rig.node.get(&key("ada")).await.unwrap();
    assert_eq!(stored.slice(..64), new.slice(..64));
    assert_eq!(stored.slice(64..), payload);
    assert!(is_free(&rig.node).await);
}

pub(super) async fn a_header_gives_the_value_a_new_time<B: Backend>() {
    let rig = Rig::<B>::new().await;
    let (value, header) = (entry("Ada"), entry("Ada").slice(..64));
    rig.node.store_for(&key("ada"), &value, SHORT).await;
    assert_eq!(refresh(&rig.node, &header, LONGER).await, Filled::Stored);
    rig.backend.pass(SHORT.as_duration()).await;
    assert_eq!(rig.node.get(&key("ada")).await, Some(value));
    assert_eq!(refresh(&rig.node, &header, SHORT).await, Filled::Stored);
    rig.backend.pass(SHORT.as_duration()).await;
    assert_eq!(rig.node.get(&key("ada")).await, None);
}

pub(super) async fn a_header_takes_the_stale_mark_away<B: Backend>() {
    let rig = Rig::<B>::new().await;
    rig.node.store(&key("ada"), &entry("Ada")).await;
    rig.node.invalidate(expire(&[key("ada")])).await;
    assert_ne!(rig.node.get(&key("ada")).await, Some(entry("Ada")));
    assert_eq!(refresh(&rig.node, &entry("Ada").slice(..64), LONG).await, Filled::Stored);
    assert_eq!(rig.node.get(&key("ada")).await, Some(entry("Ada")));
}

pub(super) async fn a_header_as_long_as_the_value_is_all_of_it<B: Backend>() {
    let rig = Rig::<B>::new().await;
    rig.node.store(&key("ada"), &entry("Ada")).await;
    assert_eq!(refresh(&rig.node, &entry("Eve"), LONG).await, Filled::Stored);
    assert_eq!(rig.node.get(&key("ada")).await, Some(entry("Eve")));
}

pub(super) async fn a_header_for_no_value_stores_nothing_and_ends_the_lease<B: Backend>() {
    let rig = Rig::<B>::new().await;
    assert_eq!(refresh(&rig.node, &entry("Ada").slice(..64), LONG).await, Filled::Vanished);
    assert_eq!(rig.node.get(&key("ada")).await, None);
    assert!(is_free(&rig.node).await);
}

pub(super) async fn a_header_longer_than_the_value_stores_nothing_and_ends_the_lease<B: Backend>() {
    let rig = Rig::<B>::new().await;
    let header = entry("Ada").slice(..64);
    for value in [Bytes::new(), Bytes::from_static(b"7 bytes"), header.slice(..63)] {
        rig.node.store(&key("ada"), &value).await;
        assert_eq!(refresh(&rig.node, &header, LONG).await, Filled::Vanished);
        assert_eq!(rig.node.get(&key("ada")).await, Some(value));
        assert!(is_free(&rig.node).await);
        rig.node.remote.release(&key("ada"), Lease::new(2)).await.unwrap();
    }
}

/// What lies behind it there is no payload.
pub(super) async fn a_header_for_what_is_no_entry_stores_nothing<B: Backend>() {
    let rig = Rig::<B>::new().await;
    let header = entry("Ada").slice(..64);
    for value in foreign() {
        rig.node.store(&key("ada"), &value).await;
        assert_eq!(refresh(&rig.node, &header, LONG).await, Filled::Vanished, "{value:?}");
        assert_eq!(rig.node.get(&key("ada")).await, Some(value));
    }
}

pub(super) async fn a_header_without_a_lease_stores_nothing<B: Backend>() {
    let rig = Rig::<B>::new().await;
    rig.node.store(&key("ada"), &entry("Ada")).await;
    let newer = Draft::new("Ada").version(9).seal();
    let content = Fill::Header(newer.slice(..64), LONG);
    let filled = rig.node.remote.fill(&key("ada"), Lease::new(1), content).await.unwrap();
    assert_eq!(filled, Filled::Overtaken);
    let stored = rig.node.get(&key("ada")).await.unwrap();
    assert!(Peek::into(&stored).unwrap().version.is_none());
}
