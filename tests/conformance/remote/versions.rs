//! Values whose writers count them.

use bytes::Bytes;
use larder_core::{ErrorKind, Filled, Invalidation, Key, LeaseReply, Peek, Put, Version};

use crate::conformance::backend::{
    Backend, Draft, LONG, LONGER, Node, Rig, SHORT, chain_of, entry, foreign, is_stored, key, of_any,
};

async fn version(node: &Node, key: &Key) -> Option<u64> {
    node.get(key).await.map(|stored| Peek::into(&stored).expect("it is an entry").version.get())
}

async fn name(node: &Node, version: u64) {
    node.invalidate(Invalidation::Version(&key("ada"), Version::new(version))).await;
}

async fn put_value(node: &Node, version: u64, value: &Bytes) -> Put {
    node.try_put(&key("ada"), version, value, LONG).await.unwrap()
}

pub(super) async fn a_version_is_stored_and_read<B: Backend>() {
    let rig = Rig::<B>::new().await;
    let value = Draft::new("Ada").version(7).seal();
    let before = rig.node.latest(chain_of(&key("ada"))).await;
    let Put::Stored(told) = put_value(&rig.node, 7, &value).await else {
        panic!("nothing is in the way");
    };
    assert_eq!(rig.another().await.get(&key("ada")).await, Some(value));
    assert_eq!(told.previous, before);
    assert_eq!(told.sequence, rig.node.latest(chain_of(&key("ada"))).await);
    assert!(told.sent && told.sequence > before);
}

pub(super) async fn an_older_version_is_outdated_and_the_newer_stays<B: Backend>() {
    let rig = Rig::<B>::new().await;
    for newest in [2, 3, 9] {
        assert!(is_stored(rig.node.put(&key("ada"), newest).await));
        assert_eq!(rig.node.put(&key("ada"), newest - 1).await, Put::Outdated);
        assert_eq!(version(&rig.node, &key("ada")).await, Some(newest));
    }
    assert!(is_stored(rig.node.put(&key("bob"), 1).await), "another key is not concerned");
}

pub(super) async fn the_same_version_again_is_stored<B: Backend>() {
    let rig = Rig::<B>::new().await;
    assert!(is_stored(rig.node.put(&key("ada"), 7).await));
    let again = Draft::new("again").version(7).seal();
    assert!(is_stored(put_value(&rig.node, 7, &again).await));
    assert_eq!(rig.node.get(&key("ada")).await, Some(again));
}

pub(super) async fn a_version_is_remembered_beyond_an_invalidation<B: Backend>() {
    let rig = Rig::<B>::new().await;
    let _stored = rig.node.put(&key("ada"), 2).await;
    rig.node.drop_key(&key("ada")).await;
    assert_eq!(rig.node.put(&key("ada"), 1).await, Put::Outdated);
    assert_eq!(rig.node.get(&key("ada")).await, None);
    assert!(is_stored(rig.node.put(&key("ada"), 2).await));
}

pub(super) async fn a_version_that_was_named_refuses_those_below<B: Backend>() {
    let rig = Rig::<B>::new().await;
    name(&rig.node, 5).await;
    assert_eq!(rig.node.put(&key("ada"), 4).await, Put::Outdated);
    rig.backend.pass(LONGER.as_duration()).await;
    assert_eq!(rig.node.put(&key("ada"), 4).await, Put::Outdated);
    assert!(is_stored(rig.node.put(&key("ada"), 5).await));
}

pub(super) async fn a_version_that_is_named_drops_value_and_lease<B: Backend>() {
    let rig = Rig::<B>::new().await;
    // Whatever its version.
    let _stored = rig.node.put(&key("ada"), 9).await;
    rig.node.ask(&key("ada"), &of_any(1)).await;
    name(&rig.node, 5).await;
    assert_eq!(rig.node.get(&key("ada")).await, None);
    assert_eq!(rig.node.lease(&key("ada"), 2).await, LeaseReply::Granted);
}

pub(super) async fn what_is_remembered_is_never_lowered<B: Backend>() {
    let rig = Rig::<B>::new().await;
    name(&rig.node, 5).await;
    name(&rig.node, 3).await;
    name(&rig.node, 0).await;
    assert_eq!(rig.node.put(&key("ada"), 4).await, Put::Outdated);
    let _stored = rig.node.put(&key("bob"), 9).await;
    rig.node.invalidate(Invalidation::Version(&key("bob"), Version::new(5))).await;
    assert_eq!(rig.node.put(&key("bob"), 8).await, Put::Outdated);
}

pub(super) async fn a_version_is_remembered_for_its_time_and_no_longer<B: Backend>() {
    let rig = Rig::<B>::new().await;
    let _stored = rig.node.put_for(&key("ada"), 2, SHORT).await;
    rig.node.drop_key(&key("ada")).await;
    rig.backend.pass(SHORT.as_duration()).await;
    assert!(is_stored(rig.node.put(&key("ada"), 1).await));
}

pub(super) async fn a_version_is_remembered_for_the_longest_of_its_times<B: Backend>() {
    let rig = Rig::<B>::new().await;
    let _stored = rig.node.put_for(&key("ada"), 2, LONGER).await;
    let _stored = rig.node.put_for(&key("ada"), 3, SHORT).await;
    rig.backend.pass(SHORT.as_duration()).await;
    assert_eq!(rig.node.get(&key("ada")).await, None);
    assert_eq!(rig.node.put(&key("ada"), 2).await, Put::Outdated);
}

pub(super) async fn the_version_of_a_loaded_value_counts_while_it_is_there<B: Backend>() {
    let rig = Rig::<B>::new().await;
    rig.node.store(&key("ada"), &Draft::new("Ada").version(9).seal()).await;
    assert_eq!(rig.node.put(&key("ada"), 8).await, Put::Outdated);
    rig.node.invalidate(crate::conformance::backend::expire(&[key("ada")])).await;
    assert_eq!(rig.node.put(&key("ada"), 8).await, Put::Outdated);
    assert!(is_stored(rig.node.put(&key("ada"), 9).await));
    rig.node.store(&key("bob"), &Draft::new("Bob").version(9).seal()).await;
    rig.node.drop_key(&key("bob")).await;
    assert!(is_stored(rig.node.put(&key("bob"), 8).await));
}

/// A version may be any 64 bits: beyond 2⁵³, and in the upper half, which a signed number takes for negative.
pub(super) async fn versions_are_compared_to_the_last_bit<B: Backend>() {
    let rig = Rig::<B>::new().await;
    for highest in [256, 1 << 16, (1 << 53) + 1, 1 << 63, u64::MAX] {
        assert!(is_stored(rig.node.put(&key("ada"), highest).await), "{highest}");
        assert_eq!(rig.node.put(&key("ada"), highest - 1).await, Put::Outdated, "{highest}");
        rig.node.drop_key(&key("ada")).await;
        assert_eq!(rig.node.put(&key("ada"), highest - 1).await, Put::Outdated, "{highest}");
    }
}

pub(super) async fn an_entry_of_a_newer_build_stays<B: Backend>() {
    let rig = Rig::<B>::new().await;
    let mut newer_layout = Draft::new("newer").seal().to_vec();
    newer_layout[2] += 1;
    let newer_schema = Draft::new("newer").version(9).schema(3).seal();
    for newer in [Bytes::from(newer_layout), newer_schema] {
        rig.node.store(&key("ada"), &newer).await;
        // That of a higher version as well as that of a lower one.
        for version in [1, 99] {
            let older = Draft::new("older").version(version).schema(2).seal();
            assert_eq!(put_value(&rig.node, version, &older).await, Put::Foreign);
            assert_eq!(rig.node.get(&key("ada")).await, Some(newer.clone()));
        }
    }
}

pub(super) async fn an_entry_of_an_older_build_and_no_entry_are_replaced<B: Backend>() {
    let rig = Rig::<B>::new().await;
    let older = Draft::new("older").schema(1).seal();
    let newer = Draft::new("newer").version(1).schema(2).seal();
    for there in foreign().into_iter().chain([older]) {
        rig.node.store(&key("ada"), &there).await;
        assert!(is_stored(put_value(&rig.node, 1, &newer).await), "{there:?}");
        assert_eq!(rig.node.get(&key("ada")).await, Some(newer.clone()));
    }
}

pub(super) async fn a_put_that_is_refused_is_no_link<B: Backend>() {
    let rig = Rig::<B>::new().await;
    let chain = chain_of(&key("ada"));
    let _stored = rig.node.put(&key("ada"), 2).await;
    rig.node.ask(&key("ada"), &of_any(1)).await;
    let before = rig.node.latest(chain).await;
    assert_eq!(rig.node.put(&key("ada"), 1).await, Put::Outdated);
    assert_eq!(rig.node.latest(chain).await, before);
    // Nor does it overtake anybody.
    assert_eq!(rig.node.fill(&key("ada"), 1, &Draft::new("newer").schema(9).seal()).await, Filled::Stored);
    assert_eq!(rig.node.put(&key("ada"), 3).await, Put::Foreign);
    assert_eq!(rig.node.latest(chain).await, before);
}

pub(super) async fn what_has_no_version_or_is_no_entry_cannot_be_put<B: Backend>() {
    let rig = Rig::<B>::new().await;
    let unversioned = rig.node.try_put(&key("ada"), 0, &entry("Ada"), LONG).await;
    assert_eq!(unversioned.unwrap_err().kind(), ErrorKind::Invalid);
    for value in foreign() {
        let refused = rig.node.try_put(&key("ada"), 1, &value, LONG).await;
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::Invalid, "{value:?}");
    }
    assert_eq!(rig.node.get(&key("ada")).await, None);
}

pub(super) async fn an_older_version_is_not_filled<B: Backend>() {
    let rig = Rig::<B>::new().await;
    assert!(is_stored(rig.node.put(&key("ada"), 9).await));
    let older = Draft::new("older").version(8).seal();
    assert_eq!(rig.node.ask(&key("ada"), &of_any(1)).await, LeaseReply::Granted);
    assert_eq!(rig.node.fill(&key("ada"), 1, &older).await, Filled::Outdated);
    assert_eq!(version(&rig.node, &key("ada")).await, Some(9));

    // The lease has been given back, and what is remembered counts too.
    rig.node.drop_key(&key("ada")).await;
    assert_eq!(rig.node.lease(&key("ada"), 2).await, LeaseReply::Granted);
    assert_eq!(rig.node.fill(&key("ada"), 2, &older).await, Filled::Outdated);
    assert_eq!(rig.node.lease(&key("ada"), 3).await, LeaseReply::Granted);
    let same = Draft::new("same").version(9).seal();
    assert_eq!(rig.node.fill(&key("ada"), 3, &same).await, Filled::Stored);
}

pub(super) async fn a_value_without_a_version_is_filled_whatever_was_there<B: Backend>() {
    let rig = Rig::<B>::new().await;
    assert!(is_stored(rig.node.put(&key("ada"), 9).await));
    rig.node.drop_key(&key("ada")).await;
    assert_eq!(rig.node.lease(&key("ada"), 1).await, LeaseReply::Granted);
    assert_eq!(rig.node.fill(&key("ada"), 1, &entry("loaded")).await, Filled::Stored);
}
