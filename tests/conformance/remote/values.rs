//! What is read.

use bytes::Bytes;
use larder_core::{Chain, Invalidation, Sequence};

use crate::conformance::backend::{
    Backend, MOMENT, REST, Rig, SHORT, entry, foreign, key, neighbours, strangers, tag,
};

pub(super) async fn what_was_filled_is_read_on_every_node<B: Backend>() {
    let rig = Rig::<B>::new().await;
    rig.node.store(&key("ada"), &entry("Ada")).await;
    assert_eq!(rig.node.get(&key("ada")).await, Some(entry("Ada")));
    assert_eq!(rig.another().await.get(&key("ada")).await, Some(entry("Ada")));
}

pub(super) async fn a_key_that_was_never_filled_is_absent<B: Backend>() {
    let rig = Rig::<B>::new().await;
    assert_eq!(rig.node.get(&key("ada")).await, None);
    assert_eq!(rig.node.remote.get(&[]).await.unwrap(), Vec::<Option<Bytes>>::new());
}

pub(super) async fn values_come_in_the_order_of_their_keys<B: Backend>() {
    let rig = Rig::<B>::new().await;
    let [ada, bob] = strangers();
    let [_, eve, absent] = neighbours();
    for (key, text) in [(&ada, "Ada"), (&bob, "Bob"), (&eve, "Eve")] {
        rig.node.store(key, &entry(text)).await;
    }
    let values = rig.node.remote.get(&[bob.clone(), absent, eve, ada, bob]).await.unwrap();
    let [ada, bob, eve] = ["Ada", "Bob", "Eve"].map(|text| Some(entry(text)));
    assert_eq!(values, [bob.clone(), None, eve, ada, bob]);
}

pub(super) async fn a_value_lives_for_its_time_and_no_longer<B: Backend>() {
    let rig = Rig::<B>::new().await;
    rig.node.store_for(&key("ada"), &entry("Ada"), SHORT).await;
    rig.backend.pass(MOMENT).await;
    assert_eq!(rig.node.get(&key("ada")).await, Some(entry("Ada")));
    rig.backend.pass(REST).await;
    assert_eq!(rig.node.get(&key("ada")).await, None);
}

pub(super) async fn bytes_of_any_kind_come_back_as_they_are<B: Backend>() {
    let rig = Rig::<B>::new().await;
    let large = Bytes::from(vec![0; 1 << 20]);
    let every_byte = (0..=u8::MAX).collect();
    for value in foreign().into_iter().chain([large, every_byte]) {
        rig.node.store(&key("ada"), &value).await;
        assert_eq!(rig.node.get(&key("ada")).await, Some(value));
    }
}

pub(super) async fn values_come_with_the_latest_sequence_of_the_tags<B: Backend>() {
    let rig = Rig::<B>::new().await;
    let keys = [key("ada"), key("bob")];
    assert_eq!(rig.node.remote.get_and_tags(&keys).await.unwrap(), (vec![None, None], Sequence::ZERO));
    rig.node.store(&keys[1], &entry("Bob")).await;
    let told = rig.node.invalidate(Invalidation::Tags(&[tag(1)])).await;
    rig.node.drop_key(&key("eve")).await;
    let expected = (vec![None, Some(entry("Bob"))], told.sequence);
    assert_eq!(rig.node.remote.get_and_tags(&keys).await.unwrap(), expected);
    assert_eq!(rig.node.latest(Chain::Tags).await, told.sequence);
}
