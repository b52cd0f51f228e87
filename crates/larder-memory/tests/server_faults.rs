//! What befalls the server.

use std::time::Duration;

use larder_core::{
    Bus, BusEvent, Chain, ErrorKind, Fill, Filled, Guard, Invalidation, Key, Lease, LeaseReply, LeaseRequest,
    Notice, Put, Remote, Result, Sequence, TagHash, Ttl, Version,
};
use larder_memory::Link;

use crate::rig::{INTERVAL, LONG, Rig, drop_key, entry, get, is_sync_point, key, notices, stands, store};

async fn put(link: &Link, key: &Key, version: u64) -> Result<Put> {
    let frame = link.bus().frame(&Notice::Keys(key.hash().partition(), vec![key.hash()]));
    link.remote().put(key, Version::new(version), entry("put", version), LONG, &frame).await
}

async fn invalidate(link: &Link, what: Invalidation<'_>) -> Result<larder_core::Announced> {
    link.remote().invalidate(&what, &link.bus().frame(&Notice::Everything)).await
}

fn check_refused<T: std::fmt::Debug>(result: Result<T>) {
    assert_eq!(result.unwrap_err().kind(), ErrorKind::Refused);
}

#[tokio::test(start_paused = true)]
async fn a_failover_loses_what_was_not_replicated() {
    let rig = Rig::new();
    let (ada, bob) = (key("ada"), key("bob"));
    store(&rig.link, &ada, &entry("Ada", 0), LONG).await.unwrap();
    let replicated = drop_key(&rig.link, &bob).await.unwrap().sequence;
    rig.server_faults().replicate();
    drop_key(&rig.link, &ada).await.unwrap();
    drop_key(&rig.link, &bob).await.unwrap();
    store(&rig.link, &bob, &entry("Bob", 0), LONG).await.unwrap();
    invalidate(&rig.link, Invalidation::Tags(&[TagHash::from_bits(1)])).await.unwrap();
    for _ in 0..2 {
        rig.server_faults().fail_over();
        assert_eq!(get(&rig.link, &ada).await, Some(entry("Ada", 0)), "the old value is back");
        assert_eq!(get(&rig.link, &bob).await, None);
        let all = rig.link.remote().sequences().await.unwrap();
        assert!(all.contains(&(Chain::Keys(bob.hash().partition()), replicated)));
        let tags = rig.link.remote().invalidated_tags(Sequence::ZERO).await.unwrap();
        assert_eq!((tags.tags, tags.seen), (vec![], Sequence::ZERO));
    }
}

/// A load that was overtaken may store after all, which is why an engine has to invalidate again.
#[tokio::test(start_paused = true)]
async fn a_failover_brings_leases_back() {
    let rig = Rig::new();
    let (ada, lease) = (key("ada"), Lease::new(1));
    rig.link.remote().lease(&ada, &LeaseRequest::new(lease, LONG)).await.unwrap();
    rig.server_faults().replicate();
    drop_key(&rig.link, &ada).await.unwrap();
    rig.server_faults().fail_over();
    let filled = rig.link.remote().fill(&ada, lease, Fill::Value(entry("old", 0), LONG)).await.unwrap();
    assert_eq!(filled, Filled::Stored);
}

#[tokio::test(start_paused = true)]
async fn a_failover_without_a_replica_loses_everything() {
    let rig = Rig::new();
    store(&rig.link, &key("ada"), &entry("Ada", 0), LONG).await.unwrap();
    drop_key(&rig.link, &key("bob")).await.unwrap();
    rig.server_faults().fail_over();
    assert_eq!(get(&rig.link, &key("ada")).await, None);
    let all = rig.link.remote().sequences().await.unwrap();
    assert!(all.iter().all(|(_, latest)| *latest == Sequence::ZERO));
}

#[tokio::test(start_paused = true)]
async fn sequences_are_not_used_again_after_a_failover() {
    let rig = Rig::new();
    let before = rig.write_many(3).await;
    rig.server_faults().fail_over();
    tokio::time::sleep(Duration::from_millis(1)).await;
    assert!(rig.write(&key("ada")).await.sequence > before[2]);
}

#[tokio::test(start_paused = true)]
async fn a_failover_is_told_to_every_subscription() {
    let rig = Rig::new();
    let mut listeners = [rig.listen().await, rig.listen().await];
    let told = rig.write_many(1).await;
    rig.server_faults().fail_over();
    let after = rig.write_many(1).await;
    for listener in &mut listeners {
        let events = listener.at_once().await;
        assert_eq!(notices(&events[..1]), told);
        assert_eq!(events[1..3], [BusEvent::Lost(None), BusEvent::Reincarnated]);
        assert_eq!(stands(&events[3], &key("ada")), Sequence::ZERO);
        assert_eq!(notices(&events[4..]), after);
    }
}

#[tokio::test(start_paused = true)]
async fn a_failover_that_a_broken_connection_hides_is_told_when_it_is_mended() {
    for breakage in [larder_memory::Faults::cut, larder_memory::Faults::silence] {
        let rig = Rig::new();
        let mut listener = rig.listen().await;
        breakage(&rig.faults());
        listener.at_once().await;
        rig.server_faults().fail_over();
        assert_eq!(listener.within(INTERVAL * 2).await, []);
        rig.faults().mend();
        let events = listener.at_once().await;
        assert_eq!(events[..2], [BusEvent::Lost(None), BusEvent::Reincarnated]);
        assert!(is_sync_point(&events[2]));
        assert_eq!(events.len(), 3);
    }
}

#[tokio::test(start_paused = true)]
async fn a_failover_breaks_what_was_on_its_way() {
    let rig = Rig::new();
    let mut listener = rig.listen().await;
    rig.faults().hold();
    rig.write_many(3).await;
    rig.server_faults().fail_over();
    rig.faults().release();
    let events = listener.at_once().await;
    assert_eq!(events[..2], [BusEvent::Lost(None), BusEvent::Reincarnated]);
    assert_eq!(events.len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_full_server_stores_nothing() {
    let rig = Rig::new();
    let (ada, bob, lease) = (key("ada"), key("bob"), Lease::new(1));
    let remote = rig.link.remote();
    remote.lease(&bob, &LeaseRequest::new(lease, LONG)).await.unwrap();
    rig.server_faults().fill_up();
    check_refused(remote.lease(&ada, &LeaseRequest::new(lease, LONG)).await);
    check_refused(remote.fill(&bob, lease, Fill::Value(entry("Bob", 0), LONG)).await);
    check_refused(put(&rig.link, &ada, 1).await);
    assert_eq!((get(&rig.link, &ada).await, get(&rig.link, &bob).await), (None, None));
    rig.server_faults().make_room();
    let filled = remote.fill(&bob, lease, Fill::Value(entry("Bob", 0), LONG)).await.unwrap();
    assert_eq!(filled, Filled::Stored);
    assert!(matches!(put(&rig.link, &ada, 1).await, Ok(Put::Stored(_))));
}

#[tokio::test(start_paused = true)]
async fn a_full_server_answers_what_it_need_not_store() {
    let rig = Rig::new();
    let (ada, bob, remote) = (key("ada"), key("bob"), rig.link.remote());
    assert!(matches!(put(&rig.link, &ada, 2).await, Ok(Put::Stored(_))));
    remote.lease(&bob, &LeaseRequest::new(Lease::new(1), LONG)).await.unwrap();
    rig.server_faults().fill_up();
    let asked = |key, name| {
        let remote = &remote;
        async move { remote.lease(key, &LeaseRequest::new(Lease::new(name), LONG)).await.unwrap() }
    };
    assert_eq!(asked(&ada, 2).await, LeaseReply::Found(entry("put", 2)));
    assert!(matches!(asked(&bob, 2).await, LeaseReply::Busy(_)));
    assert_eq!(asked(&bob, 1).await, LeaseReply::Granted);
    assert_eq!(put(&rig.link, &ada, 1).await.unwrap(), Put::Outdated);
    let overtaken = remote.fill(&ada, Lease::new(9), Fill::Value(entry("x", 0), LONG)).await.unwrap();
    assert_eq!(overtaken, Filled::Overtaken);
    assert!(remote.renew(&bob, Lease::new(1), LONG).await.unwrap());
    remote.release(&bob, Lease::new(1)).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_full_server_takes_every_invalidation() {
    let rig = Rig::new();
    let ada = [key("ada")];
    let partition = ada[0].hash().partition();
    store(&rig.link, &ada[0], &entry("Ada", 0), LONG).await.unwrap();
    rig.server_faults().fill_up();
    let cache = larder_core::CacheName::new("user").unwrap();
    let kinds = [
        Invalidation::Expire(partition, &ada),
        Invalidation::Keys(partition, &ada, None),
        Invalidation::Version(&ada[0], Version::new(3)),
        Invalidation::Guard(partition, &ada, Guard::new(1), LONG),
        Invalidation::Tags(&[TagHash::from_bits(1)]),
        Invalidation::Cache(&cache),
        Invalidation::Everything,
    ];
    for what in kinds {
        invalidate(&rig.link, what).await.unwrap();
    }
    let chain = Chain::Keys(partition);
    rig.link.remote().raise(chain, Sequence::new(u64::from(Ttl::MAX.as_millis()))).await.unwrap();
    assert_eq!(get(&rig.link, &ada[0]).await, None);
    let request = LeaseRequest::new(Lease::new(1), LONG);
    let reply = rig.link.remote().lease(&ada[0], &request).await.unwrap();
    assert_eq!(reply, LeaseReply::Quarantined);
}
