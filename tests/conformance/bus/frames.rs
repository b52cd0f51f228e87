//! How a notice gets from its bus to the remote that sends it.

use larder_core::{Invalidation, Put};

use crate::conformance::backend::{
    Backend, Draft, LONG, Rig, chain_of, entry, key, keys, notice_of, strangers,
};

use super::listener::Listener;

pub(super) async fn what_was_sent_says_so<B: Backend>() {
    let rig = Rig::<B>::new().await;
    assert!(rig.node.drop_key(&key("ada")).await.sent);
    assert!(rig.node.invalidate(Invalidation::Everything).await.sent);
    let Put::Stored(told) = rig.node.put(&key("ada"), 1).await else {
        panic!("nothing is in the way");
    };
    assert!(told.sent);
}

pub(super) async fn a_frame_of_another_kind_is_not_sent_and_says_so<B: Backend>() {
    let rig = Rig::<B>::new().await;
    let [one, other] = strangers();
    let mut listener = Listener::new(&rig.node).await;
    rig.node.store(&one, &entry("Ada")).await;
    let frame = rig.backend.strange_frame();
    let told = rig.node.remote.invalidate(&keys(std::slice::from_ref(&one)), &frame).await.unwrap();
    assert!(!told.sent);
    assert_eq!(rig.node.get(&one).await, None);
    assert_eq!(rig.node.latest(chain_of(&one)).await, told.sequence);
    let (version, value) = (larder_core::Version::new(1), Draft::new("Ada").version(1).seal());
    let put = rig.node.remote.put(&one, version, value.clone(), LONG, &frame).await.unwrap();
    assert!(matches!(put, Put::Stored(told) if !told.sent), "{put:?}");
    assert_eq!(rig.node.get(&one).await, Some(value));
    let heard = rig.node.drop_key(&other).await;
    assert_eq!(listener.notice().await.sequence, heard.sequence);
}

/// So that whoever hears the next one knows.
pub(super) async fn what_could_not_be_sent_leaves_a_gap<B: Backend>() {
    let rig = Rig::<B>::new().await;
    let mut listener = Listener::new(&rig.node).await;
    let first = rig.node.drop_key(&key("ada")).await;
    let frame = rig.backend.strange_frame();
    let silent = rig.node.remote.invalidate(&keys(&[key("ada")]), &frame).await.unwrap();
    rig.node.drop_key(&key("ada")).await;
    assert_eq!(silent.previous, first.sequence);
    assert_eq!(listener.notice().await.sequence, first.sequence);
    assert_eq!(listener.notice().await.previous, silent.sequence);
}

pub(super) async fn what_is_published_is_heard_like_any_other<B: Backend>() {
    let rig = Rig::<B>::new().await;
    let other = rig.another().await;
    let mut listeners = [Listener::new(&rig.node).await, Listener::new(&other).await];
    let ada = [key("ada")];
    for what in [keys(&ada), Invalidation::Everything] {
        let frame = rig.backend.strange_frame();
        let told = rig.node.remote.invalidate(&what, &frame).await.unwrap();
        rig.node.bus.publish(&notice_of(&what), told).await.unwrap();
        for listener in &mut listeners {
            let heard = listener.notice().await;
            assert_eq!(heard.notice, notice_of(&what));
            assert_eq!((heard.previous, heard.sequence), (told.previous, told.sequence));
        }
    }
}
