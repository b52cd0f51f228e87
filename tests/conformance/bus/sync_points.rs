//! Where a subscription begins.

use crate::conformance::backend::{Backend, Rig, at, chain_of, key, strangers};

use super::listener::Listener;

pub(super) async fn the_first_event_is_a_sync_point<B: Backend>() {
    let rig = Rig::<B>::new().await;
    for _ in 0..2 {
        let mut listener = Listener::subscribe(&rig.node).await;
        let first = listener.sync_point().await;
        assert_eq!(first.at, rig.node.remote.sequences().await.unwrap());
        rig.node.drop_key(&key("ada")).await;
    }
}

pub(super) async fn a_sync_point_was_asked_for_before_it_was_answered<B: Backend>() {
    let rig = Rig::<B>::new().await;
    let clock = rig.backend.clock();
    let before = clock.now();
    rig.backend.pass(std::time::Duration::from_millis(5)).await;
    let mut listener = Listener::subscribe(&rig.node).await;
    let first = listener.sync_point().await;
    let after = clock.now();
    assert!((before..=after).contains(&first.asked), "{before:?} {:?} {after:?}", first.asked);
}

pub(super) async fn nothing_is_lost_between_subscribing_and_the_first_sync_point<B: Backend>() {
    let rig = Rig::<B>::new().await;
    for _ in 0..20 {
        rig.node.drop_key(&key("ada")).await;
        let mut listener = Listener::subscribe(&rig.node).await;
        // What is announced from here on is told by the sync point, or by a notice behind it.
        let last = rig.node.drop_key(&key("ada")).await;
        let mut seen = at(&listener.sync_point().await.at, chain_of(&key("ada")));
        while seen != last.sequence {
            let heard = listener.notice().await;
            assert_eq!(heard.previous, seen);
            seen = heard.sequence;
        }
    }
}

pub(super) async fn what_was_announced_before_subscribing_is_not_heard<B: Backend>() {
    let rig = Rig::<B>::new().await;
    let [one, other] = strangers();
    rig.node.drop_key(&one).await;
    let mut listener = Listener::new(&rig.node).await;
    let told = rig.node.drop_key(&other).await;
    assert_eq!(listener.notice().await.sequence, told.sequence);
}
