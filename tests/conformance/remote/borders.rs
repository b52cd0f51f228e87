//! What is kept apart.

use larder_core::{
    AppName, ErrorKind, Fill, Guard, Invalidation, Key, Lease, LeaseReply, Partition, Put, Result, Sequence,
    TagDelta, Version,
};

use crate::conformance::backend::{
    Backend, Draft, LONG, Node, Rig, app, chain_of, entry, is_stored, key, key_of, of_any, request,
    strangers, tag,
};

fn other_app() -> AppName {
    AppName::new("test.stock").unwrap()
}

fn check_invalid<T: std::fmt::Debug>(result: Result<T>) {
    assert_eq!(result.unwrap_err().kind(), ErrorKind::Invalid);
}

pub(super) async fn apps_do_not_see_each_other<B: Backend>() {
    let rig = Rig::<B>::new().await;
    let other = rig.backend.connect(&other_app()).await;
    let (own, twin) = (key("ada"), key_of(&other_app(), "user", "ada"));
    rig.node.store(&own, &entry("Ada")).await;
    rig.node.ask(&own, &of_any(1)).await;
    assert_eq!(other.get(&twin).await, None);
    assert_eq!(other.lease(&twin, 2).await, LeaseReply::Granted);
    other.invalidate(Invalidation::Version(&twin, Version::new(9))).await;
    other.invalidate(Invalidation::Tags(&[tag(1)])).await;
    other.invalidate(Invalidation::Everything).await;
    for (chain, latest) in rig.node.remote.sequences().await.unwrap() {
        assert_eq!(latest, Sequence::ZERO, "{chain}");
    }
    let told = rig.node.remote.invalidated_tags(Sequence::ZERO).await.unwrap();
    assert_eq!(told, TagDelta::default());
    assert_eq!(rig.node.get(&own).await, Some(entry("Ada")));
    assert!(is_stored(rig.node.put(&own, 1).await));
}

pub(super) async fn caches_do_not_see_each_other<B: Backend>() {
    let rig = Rig::<B>::new().await;
    let (user, admin) = (key("ada"), key_of(&app(), "admin", "ada"));
    rig.node.store(&user, &entry("Ada")).await;
    assert_eq!(rig.node.get(&admin).await, None);
    rig.node.store(&admin, &entry("Root")).await;
    rig.node.drop_key(&admin).await;
    assert_eq!(rig.node.get(&user).await, Some(entry("Ada")));
}

pub(super) async fn a_key_of_another_app_is_invalid<B: Backend>() {
    let rig = Rig::<B>::new().await;
    let Node { remote, .. } = &rig.node;
    let ours = key("ada");
    let theirs = key_of(&other_app(), "user", "ada");
    let lease = Lease::new(1);
    check_invalid(remote.get(&[ours.clone(), theirs.clone()]).await);
    check_invalid(remote.get_and_tags(&[ours, theirs.clone()]).await);
    check_invalid(remote.lease(&theirs, &request(1)).await);
    check_invalid(remote.renew(&theirs, lease, LONG).await);
    check_invalid(remote.release(&theirs, lease).await);
    check_invalid(remote.fill(&theirs, lease, Fill::Value(entry("Ada"), LONG)).await);
    check_invalid(remote.fill(&theirs, lease, Fill::Header(entry("Ada"), LONG)).await);
    check_invalid::<Put>(rig.node.try_put(&theirs, 1, &Draft::new("Ada").version(1).seal(), LONG).await);
    for what in every_kind(theirs.hash().partition(), &[theirs]) {
        check_invalid(rig.node.try_invalidate(what).await);
    }
}

pub(super) async fn a_key_of_another_partition_is_invalid_and_nothing_is_done<B: Backend>() {
    let rig = Rig::<B>::new().await;
    let both = strangers();
    for key in &both {
        rig.node.store(key, &entry("Ada")).await;
    }
    for what in every_kind(both[0].hash().partition(), &both).into_iter().take(3) {
        check_invalid(rig.node.try_invalidate(what).await);
    }
    for key in &both {
        assert_eq!(rig.node.get(key).await, Some(entry("Ada")));
        assert_eq!(rig.node.latest(chain_of(key)).await, Sequence::ZERO);
        assert_eq!(rig.node.ask(key, &of_any(1)).await, LeaseReply::Granted);
    }
}

/// Each invalidation that names keys; the last names one only, and no partition.
fn every_kind(partition: Partition, keys: &[Key]) -> [Invalidation<'_>; 4] {
    [
        Invalidation::Keys(partition, keys, None),
        Invalidation::Expire(partition, keys),
        Invalidation::Guard(partition, keys, Guard::new(1), LONG),
        Invalidation::Version(&keys[0], Version::new(1)),
    ]
}
