//! Who hears what.

use std::time::Duration;

use larder_core::{AppName, CacheName, Invalidation, Key, Notice, Put, Version};
use tokio::time::{sleep, timeout};

use crate::conformance::backend::{
    Backend, LONG, Rig, expire, guard, key, key_of, keys, keys_of_write, neighbours, notice_of, partition_of,
    strangers, tag,
};

use super::listener::Listener;

pub(super) async fn every_node_hears_the_writer_too<B: Backend>() {
    let rig = Rig::<B>::new().await;
    let others = [rig.another().await, rig.another().await];
    let mut listeners = vec![Listener::new(&rig.node).await];
    for node in &others {
        listeners.push(Listener::new(node).await);
    }
    let told = rig.node.drop_key(&key("ada")).await;
    for listener in &mut listeners {
        let heard = listener.notice().await;
        assert_eq!((heard.previous, heard.sequence), (told.previous, told.sequence));
    }
}

pub(super) async fn every_subscription_of_a_node_hears<B: Backend>() {
    let rig = Rig::<B>::new().await;
    let mut listeners = [Listener::new(&rig.node).await, Listener::new(&rig.node).await];
    let told = rig.another().await.drop_key(&key("ada")).await;
    for listener in &mut listeners {
        assert_eq!(listener.notice().await.sequence, told.sequence);
    }
}

pub(super) async fn each_kind_of_notice_is_heard_as_it_was_written<B: Backend>() {
    let rig = Rig::<B>::new().await;
    let mut listener = Listener::new(&rig.another().await).await;
    let ada = [key("ada")];
    let users = CacheName::new("user.profile").unwrap();
    let kinds = [
        keys(&ada),
        keys_of_write(&ada, 1),
        expire(&ada),
        guard(&ada, 1, LONG),
        Invalidation::Version(&ada[0], Version::new(1)),
        Invalidation::Tags(&[tag(0), tag(u64::MAX)]),
        Invalidation::Cache(&users),
        Invalidation::Everything,
    ];
    for what in kinds {
        let told = rig.node.invalidate(what.clone()).await;
        let heard = listener.notice().await;
        assert_eq!(heard.notice, notice_of(&what));
        assert_eq!((heard.previous, heard.sequence), (told.previous, told.sequence), "{what:?}");
    }
}

pub(super) async fn many_keys_are_one_notice<B: Backend>() {
    let rig = Rig::<B>::new().await;
    let mut listener = Listener::new(&rig.node).await;
    let many: [Key; 100] = neighbours();
    let first = rig.node.invalidate(keys(&many)).await;
    let second = rig.node.invalidate(keys(&many[..1])).await;
    let heard = listener.notice().await;
    assert_eq!(heard.notice, Notice::Keys(partition_of(&many), many.iter().map(Key::hash).collect()));
    assert_eq!(heard.sequence, first.sequence);
    assert_eq!(listener.notice().await.sequence, second.sequence);
}

pub(super) async fn a_put_is_heard<B: Backend>() {
    let rig = Rig::<B>::new().await;
    let mut listener = Listener::new(&rig.another().await).await;
    let Put::Stored(told) = rig.node.put(&key("ada"), 1).await else {
        panic!("nothing is in the way");
    };
    let heard = listener.notice().await;
    assert_eq!(heard.notice, notice_of(&keys(&[key("ada")])));
    assert_eq!((heard.previous, heard.sequence), (told.previous, told.sequence));
}

pub(super) async fn what_was_refused_is_not_heard<B: Backend>() {
    let rig = Rig::<B>::new().await;
    let both = strangers();
    let _stored = rig.node.put(&both[0], 2).await;
    let mut listener = Listener::new(&rig.node).await;
    assert_eq!(rig.node.put(&both[0], 1).await, Put::Outdated);
    rig.node.try_invalidate(keys(&both)).await.unwrap_err();
    let told = rig.node.drop_key(&both[1]).await;
    assert_eq!(listener.notice().await.sequence, told.sequence);
}

pub(super) async fn apps_do_not_hear_each_other<B: Backend>() {
    let rig = Rig::<B>::new().await;
    // One whose name begins like ours, too.
    let apps = ["test.stock", "test.shop2", "test.shop.user"].map(|name| AppName::new(name).unwrap());
    let mut listener = Listener::new(&rig.node).await;
    for app in apps {
        let other = rig.backend.connect(&app).await;
        other.drop_key(&key_of(&app, "user", "ada")).await;
        other.invalidate(Invalidation::Everything).await;
    }
    let told = rig.node.drop_key(&key("ada")).await;
    assert_eq!(listener.notice().await.sequence, told.sequence);
}

pub(super) async fn a_subscription_that_is_gone_keeps_nobody_from_hearing<B: Backend>() {
    let rig = Rig::<B>::new().await;
    let gone = Listener::new(&rig.node).await;
    let node = rig.another().await;
    let also_gone = Listener::new(&node).await;
    let mut listener = Listener::new(&rig.node).await;
    drop((gone, node, also_gone));
    let told = rig.node.drop_key(&key("ada")).await;
    assert_eq!(listener.notice().await.sequence, told.sequence);
}

pub(super) async fn no_event_is_lost_with_a_dropped_future<B: Backend>() {
    let rig = Rig::<B>::new().await;
    let mut listener = Listener::new(&rig.node).await;
    let mut told = Vec::new();
    let mut heard = Vec::new();
    for round in 0..50 {
        told.push(rig.node.drop_key(&key("ada")).await.sequence);
        // At times too short to hear anything, at times long enough.
        let wait = Duration::from_micros(200 * (round % 5));
        if let Ok(event) = timeout(wait, listener.subscription().next()).await
            && let Some(larder_core::BusEvent::Noticed { sequence, .. }) = event
        {
            heard.push(sequence);
        }
    }
    while heard.len() < told.len() {
        heard.push(listener.notice().await.sequence);
    }
    assert_eq!(heard, told);
}

pub(super) async fn whoever_waits_is_woken<B: Backend>() {
    let rig = Rig::<B>::new().await;
    let mut listener = Listener::new(&rig.another().await).await;
    let write = async {
        sleep(Duration::from_millis(5)).await;
        rig.node.drop_key(&key("ada")).await
    };
    let (heard, told) = tokio::join!(listener.notice(), write);
    assert_eq!(heard.sequence, told.sequence);
}
