//! One loads at a time.

use larder_core::{Filled, Lease, LeaseReply, LeaseRequest, Ttl};

use crate::conformance::backend::{
    Backend, LONG, LONGER, MOMENT, Node, REST, Rig, SHORT, entry, is_busy, key, request,
};

fn request_for(name: u128, hold: Ttl) -> LeaseRequest {
    LeaseRequest::new(Lease::new(name), hold)
}

async fn renew(node: &Node, name: u128, hold: Ttl) -> bool {
    node.remote.renew(&key("ada"), Lease::new(name), hold).await.unwrap()
}

pub(super) async fn a_lease_on_an_absent_key_is_granted<B: Backend>() {
    let rig = Rig::<B>::new().await;
    assert_eq!(rig.node.lease(&key("ada"), 1).await, LeaseReply::Granted);
    assert_eq!(rig.node.get(&key("ada")).await, None);
}

pub(super) async fn while_a_lease_lasts_others_are_told_how_long<B: Backend>() {
    let rig = Rig::<B>::new().await;
    rig.node.ask(&key("ada"), &request_for(1, LONG)).await;
    rig.backend.pass(MOMENT).await;
    for node in [&rig.node, &rig.another().await] {
        let LeaseReply::Busy(rest) = node.lease(&key("ada"), 2).await else {
            panic!("there is a lease");
        };
        let (rest, whole) = (rest.as_duration(), LONG.as_duration());
        assert!(rest + MOMENT <= whole && rest > whole / 2, "{rest:?}");
    }
}

pub(super) async fn leases_on_different_keys_do_not_meet<B: Backend>() {
    let rig = Rig::<B>::new().await;
    assert_eq!(rig.node.lease(&key("ada"), 1).await, LeaseReply::Granted);
    assert_eq!(rig.node.lease(&key("bob"), 2).await, LeaseReply::Granted);
    assert_eq!(rig.node.fill(&key("bob"), 1, &entry("Bob")).await, Filled::Overtaken);
    assert_eq!(rig.node.fill(&key("bob"), 2, &entry("Bob")).await, Filled::Stored);
}

pub(super) async fn a_lease_ends_by_itself<B: Backend>() {
    let rig = Rig::<B>::new().await;
    rig.node.ask(&key("ada"), &request_for(1, SHORT)).await;
    rig.backend.pass(MOMENT).await;
    assert!(is_busy(&rig.node.lease(&key("ada"), 2).await));
    rig.backend.pass(REST).await;
    assert_eq!(rig.node.lease(&key("ada"), 2).await, LeaseReply::Granted);
}

pub(super) async fn a_lease_that_was_given_back_is_free<B: Backend>() {
    let rig = Rig::<B>::new().await;
    rig.node.lease(&key("ada"), 1).await;
    rig.node.remote.release(&key("ada"), Lease::new(1)).await.unwrap();
    assert_eq!(rig.node.lease(&key("ada"), 2).await, LeaseReply::Granted);
}

pub(super) async fn a_lease_is_given_back_by_its_holder_only<B: Backend>() {
    let rig = Rig::<B>::new().await;
    rig.node.lease(&key("ada"), 1).await;
    rig.node.remote.release(&key("ada"), Lease::new(2)).await.unwrap();
    assert!(is_busy(&rig.node.lease(&key("ada"), 3).await));
    assert_eq!(rig.node.fill(&key("ada"), 1, &entry("Ada")).await, Filled::Stored);
}

pub(super) async fn a_renewed_lease_lasts_from_then_on<B: Backend>() {
    let rig = Rig::<B>::new().await;
    rig.node.ask(&key("ada"), &request_for(1, SHORT)).await;
    rig.backend.pass(MOMENT).await;
    assert!(renew(&rig.node, 1, LONGER).await);
    rig.backend.pass(SHORT.as_duration()).await;
    assert!(is_busy(&rig.node.lease(&key("ada"), 2).await));
    rig.backend.pass(LONGER.as_duration()).await;
    assert_eq!(rig.node.lease(&key("ada"), 2).await, LeaseReply::Granted);
}

pub(super) async fn a_lease_that_is_gone_is_not_renewed<B: Backend>() {
    let rig = Rig::<B>::new().await;
    assert!(!renew(&rig.node, 1, LONG).await, "it was never there");
    rig.node.lease(&key("ada"), 1).await;
    assert!(!renew(&rig.node, 2, LONG).await, "it is another's");
    rig.node.drop_key(&key("ada")).await;
    assert!(!renew(&rig.node, 1, LONG).await, "it was taken away");
    rig.node.ask(&key("ada"), &request_for(1, SHORT)).await;
    rig.backend.pass(SHORT.as_duration()).await;
    assert!(!renew(&rig.node, 1, LONG).await, "it has ended");
    assert_eq!(rig.node.lease(&key("ada"), 3).await, LeaseReply::Granted);
}

pub(super) async fn a_lease_that_is_asked_for_again_is_granted_again<B: Backend>() {
    let rig = Rig::<B>::new().await;
    rig.node.lease(&key("ada"), 1).await;
    assert_eq!(rig.another().await.ask(&key("ada"), &request(1)).await, LeaseReply::Granted);
    assert!(is_busy(&rig.node.lease(&key("ada"), 2).await));
    assert_eq!(rig.node.fill(&key("ada"), 1, &entry("Ada")).await, Filled::Stored);
}

pub(super) async fn a_lease_that_is_granted_again_lasts_from_then_on<B: Backend>() {
    let rig = Rig::<B>::new().await;
    rig.node.ask(&key("ada"), &request_for(1, SHORT)).await;
    rig.node.ask(&key("ada"), &request_for(1, LONGER)).await;
    rig.backend.pass(SHORT.as_duration()).await;
    assert!(is_busy(&rig.node.lease(&key("ada"), 2).await));
}

pub(super) async fn a_lease_that_is_granted_again_is_never_cut_short<B: Backend>() {
    let rig = Rig::<B>::new().await;
    rig.node.ask(&key("ada"), &request_for(1, LONGER)).await;
    rig.node.ask(&key("ada"), &request_for(1, SHORT)).await;
    rig.backend.pass(SHORT.as_duration()).await;
    assert!(is_busy(&rig.node.lease(&key("ada"), 2).await));
}
