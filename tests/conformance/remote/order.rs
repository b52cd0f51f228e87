//! What stands in the way of a lease, and in which order.

use larder_core::{Filled, Lease, LeaseMode, LeaseReply, LeaseRequest};

use crate::conformance::backend::{
    Backend, Draft, LONG, Rig, entry, expire, foreign, is_busy, key, of_any, request, seq,
};

/// A request to replace a value that was read.
fn replacing(name: u128, read: &bytes::Bytes) -> LeaseRequest {
    let mut request = request(name);
    request.mode = LeaseMode::replace(read);
    request
}

/// A request for what was born at or after `need_birth`, by a load that is born at `birth`.
fn born(name: u128, birth: u64, need_birth: u64) -> LeaseRequest {
    let mut request = request(name);
    (request.birth, request.need_birth) = (seq(birth), seq(need_birth));
    request
}

pub(super) async fn a_value_that_was_stored_meanwhile_is_found<B: Backend>() {
    let rig = Rig::<B>::new().await;
    rig.node.store(&key("ada"), &entry("Ada")).await;
    assert_eq!(rig.node.lease(&key("ada"), 1).await, LeaseReply::Found(entry("Ada")));
    assert_eq!(rig.node.fill(&key("ada"), 1, &entry("Eve")).await, Filled::Overtaken);
}

pub(super) async fn the_value_that_is_to_be_replaced_is_not_found<B: Backend>() {
    let rig = Rig::<B>::new().await;
    rig.node.store(&key("ada"), &entry("Ada")).await;
    let request = replacing(1, &entry("Ada"));
    assert_eq!(rig.node.ask(&key("ada"), &request).await, LeaseReply::Granted);
    assert_eq!(rig.node.get(&key("ada")).await, Some(entry("Ada")), "it stays until then");
    assert_eq!(rig.node.ask(&key("bob"), &request).await, LeaseReply::Granted, "none is there");
}

pub(super) async fn another_value_than_the_one_to_be_replaced_is_found<B: Backend>() {
    let rig = Rig::<B>::new().await;
    rig.node.store(&key("ada"), &entry("Ada")).await;
    // The last differs from the entry in its magic only, which is no part of an identity.
    let foreign = foreign().into_iter().take(5);
    for read in [entry("Eve"), Draft::new("Ada").version(1).seal()].into_iter().chain(foreign) {
        let reply = rig.node.ask(&key("ada"), &replacing(1, &read)).await;
        assert_eq!(reply, LeaseReply::Found(entry("Ada")), "{read:?}");
    }
}

pub(super) async fn a_stale_mark_does_not_make_it_another_value<B: Backend>() {
    let rig = Rig::<B>::new().await;
    rig.node.store(&key("ada"), &entry("Ada")).await;
    rig.node.invalidate(expire(&[key("ada")])).await;
    assert_eq!(rig.node.ask(&key("ada"), &replacing(1, &entry("Ada"))).await, LeaseReply::Granted);
}

pub(super) async fn a_request_that_replaces_any_value_finds_none<B: Backend>() {
    let rig = Rig::<B>::new().await;
    rig.node.store(&key("ada"), &entry("Ada")).await;
    assert_eq!(rig.node.ask(&key("ada"), &of_any(1)).await, LeaseReply::Granted);
    assert!(
        is_busy(&rig.node.ask(&key("ada"), &of_any(2)).await),
        "a lease is in its way like in any other's"
    );
}

pub(super) async fn a_value_is_found_whoever_holds_the_lease<B: Backend>() {
    let rig = Rig::<B>::new().await;
    rig.node.store(&key("ada"), &entry("Ada")).await;
    assert_eq!(rig.node.ask(&key("ada"), &of_any(1)).await, LeaseReply::Granted);
    for name in [1, 2] {
        assert_eq!(rig.node.lease(&key("ada"), name).await, LeaseReply::Found(entry("Ada")), "{name}");
    }
}

pub(super) async fn a_value_that_was_born_too_early_is_not_found<B: Backend>() {
    let rig = Rig::<B>::new().await;
    let value = Draft::new("Ada").birth(1 << 52).seal();
    rig.node.store(&key("ada"), &value).await;
    for need_birth in [0, 1, (1 << 52) - 1, 1 << 52] {
        let reply = rig.node.ask(&key("ada"), &born(1, 0, need_birth)).await;
        assert_eq!(reply, LeaseReply::Found(value.clone()), "{need_birth}");
    }
    assert_eq!(rig.node.ask(&key("ada"), &born(1, 0, (1 << 52) + 1)).await, LeaseReply::Granted);
}

pub(super) async fn another_value_that_was_born_too_early_is_not_found_either<B: Backend>() {
    let rig = Rig::<B>::new().await;
    let value = Draft::new("Ada").birth(7).seal();
    rig.node.store(&key("ada"), &value).await;
    let mut request = replacing(1, &entry("Eve"));
    request.need_birth = seq(7);
    assert_eq!(rig.node.ask(&key("ada"), &request).await, LeaseReply::Found(value));
    request.need_birth = seq(8);
    assert_eq!(rig.node.ask(&key("ada"), &request).await, LeaseReply::Granted);
}

pub(super) async fn a_lease_that_was_born_too_early_is_taken_over<B: Backend>() {
    let rig = Rig::<B>::new().await;
    rig.node.ask(&key("ada"), &born(1, 7, 0)).await;
    assert!(is_busy(&rig.node.ask(&key("ada"), &born(2, 9, 7)).await));
    assert_eq!(rig.node.ask(&key("ada"), &born(2, 9, 8)).await, LeaseReply::Granted);
    assert!(is_busy(&rig.node.ask(&key("ada"), &born(3, 9, 9)).await));
}

pub(super) async fn a_lease_is_as_old_as_its_load_and_not_as_what_it_needs<B: Backend>() {
    let rig = Rig::<B>::new().await;
    rig.node.ask(&key("ada"), &born(1, 9, 0)).await;
    assert!(is_busy(&rig.node.ask(&key("ada"), &born(2, 0, 9)).await));
    rig.node.drop_key(&key("ada")).await;
    rig.node.ask(&key("ada"), &born(1, 0, 9)).await;
    assert_eq!(rig.node.ask(&key("ada"), &born(2, 0, 9)).await, LeaseReply::Granted);
}

pub(super) async fn an_own_lease_is_granted_again_however_early_it_was_born<B: Backend>() {
    let rig = Rig::<B>::new().await;
    rig.node.ask(&key("ada"), &born(1, 7, 0)).await;
    assert_eq!(rig.node.ask(&key("ada"), &born(1, 7, 8)).await, LeaseReply::Granted);
    // It has not grown younger by that.
    assert_eq!(rig.node.ask(&key("ada"), &born(2, 9, 8)).await, LeaseReply::Granted);
}

pub(super) async fn whoever_lost_a_lease_to_another_can_do_nothing_with_it<B: Backend>() {
    let rig = Rig::<B>::new().await;
    rig.node.ask(&key("ada"), &born(1, 7, 0)).await;
    rig.node.ask(&key("ada"), &born(2, 9, 8)).await;
    assert_eq!(rig.node.fill(&key("ada"), 1, &entry("old")).await, Filled::Overtaken);
    assert!(!rig.node.remote.renew(&key("ada"), Lease::new(1), LONG).await.unwrap());
    rig.node.remote.release(&key("ada"), Lease::new(1)).await.unwrap();
    assert_eq!(rig.node.fill(&key("ada"), 2, &entry("new")).await, Filled::Stored);
    assert_eq!(rig.node.get(&key("ada")).await, Some(entry("new")));
}

pub(super) async fn bytes_that_are_no_entry_are_never_found<B: Backend>() {
    let rig = Rig::<B>::new().await;
    for value in foreign() {
        for request in [request(1), replacing(1, &entry("Ada")), replacing(1, &value), of_any(1)] {
            rig.node.store(&key("ada"), &value).await;
            let reply = rig.node.ask(&key("ada"), &request).await;
            assert_eq!(reply, LeaseReply::Granted, "{request:?} {value:?}");
            rig.node.remote.release(&key("ada"), Lease::new(1)).await.unwrap();
        }
    }
}

pub(super) async fn bytes_that_are_no_entry_are_replaced_by_a_load<B: Backend>() {
    let rig = Rig::<B>::new().await;
    for value in foreign() {
        rig.node.store(&key("ada"), &value).await;
        rig.node.lease(&key("ada"), 1).await;
        assert_eq!(rig.node.fill(&key("ada"), 1, &entry("Ada")).await, Filled::Stored);
        assert_eq!(rig.node.get(&key("ada")).await, Some(entry("Ada")));
    }
}
