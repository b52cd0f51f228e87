//! What a load may store, and what overtakes it.

use larder_core::{CacheName, Filled, Invalidation, Lease, LeaseReply, LeaseRequest, Version};

use crate::conformance::backend::{
    Backend, LONG, LONGER, Rig, SHORT, entry, expire, guard, key, keys, keys_of_write, neighbours, of_any,
    tag,
};

pub(super) async fn a_fill_without_a_lease_stores_nothing<B: Backend>() {
    let rig = Rig::<B>::new().await;
    assert_eq!(rig.node.fill(&key("ada"), 1, &entry("Ada")).await, Filled::Overtaken);
    assert_eq!(rig.node.get(&key("ada")).await, None);
}

pub(super) async fn a_fill_under_another_name_stores_nothing<B: Backend>() {
    let rig = Rig::<B>::new().await;
    rig.node.lease(&key("ada"), u128::MAX).await;
    // Names that begin, end or are written alike are others.
    for name in [0, 1, u128::from(u64::MAX), u128::MAX - 1, u128::MAX >> 1] {
        assert_eq!(rig.node.fill(&key("ada"), name, &entry("Eve")).await, Filled::Overtaken, "{name:x}");
    }
    assert_eq!(rig.node.get(&key("ada")).await, None);
    assert_eq!(rig.node.fill(&key("ada"), u128::MAX, &entry("Ada")).await, Filled::Stored);
}

pub(super) async fn a_fill_ends_its_lease<B: Backend>() {
    let rig = Rig::<B>::new().await;
    rig.node.lease(&key("ada"), 1).await;
    assert_eq!(rig.node.fill(&key("ada"), 1, &entry("Ada")).await, Filled::Stored);
    assert_eq!(rig.node.ask(&key("ada"), &of_any(2)).await, LeaseReply::Granted);
}

pub(super) async fn a_fill_replaces_the_value_and_its_time<B: Backend>() {
    let rig = Rig::<B>::new().await;
    rig.node.store_for(&key("ada"), &entry("a long first value"), LONG).await;
    rig.node.store_for(&key("ada"), &entry("Ada"), SHORT).await;
    assert_eq!(rig.node.get(&key("ada")).await, Some(entry("Ada")));
    rig.backend.pass(SHORT.as_duration()).await;
    assert_eq!(rig.node.get(&key("ada")).await, None);
    rig.node.store_for(&key("ada"), &entry("Ada"), SHORT).await;
    rig.node.store_for(&key("ada"), &entry("Ada"), LONGER).await;
    rig.backend.pass(SHORT.as_duration()).await;
    assert_eq!(rig.node.get(&key("ada")).await, Some(entry("Ada")));
}

pub(super) async fn a_load_that_took_too_long_stores_nothing<B: Backend>() {
    let rig = Rig::<B>::new().await;
    rig.node.ask(&key("ada"), &LeaseRequest::new(Lease::new(1), SHORT)).await;
    rig.backend.pass(SHORT.as_duration()).await;
    assert_eq!(rig.node.fill(&key("ada"), 1, &entry("Ada")).await, Filled::Overtaken);
    assert_eq!(rig.node.get(&key("ada")).await, None);
}

pub(super) async fn a_load_overtaken_by_an_invalidation_stores_nothing<B: Backend>() {
    let rig = Rig::<B>::new().await;
    let ada = [key("ada")];
    let kinds: [Invalidation<'_>; 5] = [
        keys(&ada),
        keys_of_write(&ada, 1),
        expire(&ada),
        Invalidation::Version(&ada[0], Version::new(1)),
        // Last, for it lets nobody load.
        guard(&ada, 1, LONG),
    ];
    for what in kinds {
        assert_eq!(rig.node.lease(&ada[0], 1).await, LeaseReply::Granted);
        rig.another().await.invalidate(what.clone()).await;
        assert_eq!(rig.node.fill(&ada[0], 1, &entry("old")).await, Filled::Overtaken, "{what:?}");
        assert_eq!(rig.node.get(&ada[0]).await, None, "{what:?}");
    }
}

pub(super) async fn a_load_overtaken_by_a_put_stores_nothing<B: Backend>() {
    let rig = Rig::<B>::new().await;
    rig.node.lease(&key("ada"), 1).await;
    assert!(crate::conformance::backend::is_stored(rig.node.put(&key("ada"), 1).await));
    let put = rig.node.get(&key("ada")).await;
    assert_eq!(rig.node.fill(&key("ada"), 1, &entry("old")).await, Filled::Overtaken);
    assert_eq!(rig.node.get(&key("ada")).await, put);
}

pub(super) async fn a_load_that_began_after_the_invalidation_is_stored<B: Backend>() {
    let rig = Rig::<B>::new().await;
    rig.node.lease(&key("ada"), 1).await;
    rig.node.drop_key(&key("ada")).await;
    assert_eq!(rig.node.lease(&key("ada"), 2).await, LeaseReply::Granted);
    assert_eq!(rig.node.fill(&key("ada"), 1, &entry("old")).await, Filled::Overtaken);
    assert_eq!(rig.node.fill(&key("ada"), 2, &entry("new")).await, Filled::Stored);
    assert_eq!(rig.node.get(&key("ada")).await, Some(entry("new")));
}

pub(super) async fn an_invalidation_of_a_neighbour_overtakes_nothing<B: Backend>() {
    let rig = Rig::<B>::new().await;
    let [ada, bob] = neighbours();
    rig.node.lease(&ada, 1).await;
    rig.node.drop_key(&bob).await;
    let bob = [bob];
    rig.node.invalidate(expire(&bob)).await;
    rig.node.invalidate(guard(&bob, 1, LONG)).await;
    assert_eq!(rig.node.fill(&ada, 1, &entry("Ada")).await, Filled::Stored);
}

pub(super) async fn invalidations_of_tags_and_caches_leave_values_and_leases_alone<B: Backend>() {
    let rig = Rig::<B>::new().await;
    rig.node.store(&key("ada"), &entry("Ada")).await;
    rig.node.lease(&key("bob"), 1).await;
    rig.node.invalidate(Invalidation::Tags(&[tag(1)])).await;
    rig.node.invalidate(Invalidation::Cache(&CacheName::new("user").unwrap())).await;
    rig.node.invalidate(Invalidation::Everything).await;
    assert_eq!(rig.node.get(&key("ada")).await, Some(entry("Ada")));
    assert_eq!(rig.node.fill(&key("bob"), 1, &entry("Bob")).await, Filled::Stored);
}
