//! What keeps memory from growing.

use std::time::Duration;

use bytes::Bytes;
use larder_core::{Bus, BusEvent, Clock, ErrorKind, Invalidation, Key, Notice, Remote, Ttl, Version};
use larder_memory::{Link, MemoryServer};
use larder_testkit::ManualClock;

use crate::rig::{LONG, Listener, app, drop_key, entry, get, is_sync_point, key, notices, stands, store};

const VALUE: usize = 1_000;

fn value() -> Bytes {
    Bytes::from(vec![7; VALUE])
}

fn numbered(number: usize) -> Key {
    key(&format!("key-{number}"))
}

async fn fill(link: &Link, keys: std::ops::Range<usize>, ttl: Ttl) {
    for number in keys {
        store(link, &numbered(number), &value(), ttl).await.unwrap();
    }
}

async fn count(link: &Link, keys: std::ops::Range<usize>) -> usize {
    let keys: Vec<Key> = keys.map(numbered).collect();
    link.remote().get(&keys).await.unwrap().iter().flatten().count()
}

#[tokio::test]
async fn values_stay_within_the_capacity_and_fill_most_of_it() {
    let server = MemoryServer::new(Clock::coarse()).capacity(200_000);
    let link = server.connect(&app());
    for number in 0..1_000 {
        store(&link, &numbered(number), &value(), LONG).await.unwrap();
        assert!(server.usage().weight <= 200_000);
        assert!(get(&link, &numbered(number)).await.is_some(), "what was just stored is there");
    }
    let kept = count(&link, 0..1_000).await;
    assert!((100..200).contains(&kept), "{kept}");
    for number in 0..1_000 {
        drop_key(&link, &numbered(number)).await.unwrap();
    }
    assert_eq!(server.usage().weight, 0);
}

#[tokio::test]
async fn a_value_that_grows_or_shrinks_is_weighed_anew() {
    let server = MemoryServer::new(Clock::coarse());
    let link = server.connect(&app());
    let mut weights = Vec::new();
    for bytes in [10, 1_000, 10] {
        store(&link, &key("ada"), &Bytes::from(vec![0; bytes]), LONG).await.unwrap();
        weights.push(server.usage().weight);
    }
    assert_eq!((weights[1] - weights[0], weights[0]), (990, weights[2]));
}

#[tokio::test]
async fn what_decides_is_never_dropped_for_room() {
    let server = MemoryServer::new(Clock::coarse()).capacity(20_000);
    let link = server.connect(&app());
    let (bus, remote) = (link.bus(), link.remote());
    let ada = [key("ada")];
    let partition = ada[0].hash().partition();
    let frame = bus.frame(&Notice::Keys(partition, vec![ada[0].hash()]));
    let version = Invalidation::Version(&ada[0], Version::new(7));
    let told = remote.invalidate(&version, &frame).await.unwrap();
    fill(&link, 0..500, LONG).await;
    assert!(count(&link, 0..500).await < 20);
    let put = remote.put(&ada[0], Version::new(6), entry("Ada", 6), LONG, &frame).await.unwrap();
    assert_eq!(put, larder_core::Put::Outdated);
    assert_eq!(drop_key(&link, &ada[0]).await.unwrap().previous, told.sequence);
}

#[tokio::test]
async fn what_has_expired_makes_room_before_what_has_not() {
    let time = ManualClock::new();
    let server = MemoryServer::new(time.clock()).capacity(400_000);
    let link = server.connect(&app());
    fill(&link, 0..200, Ttl::seconds(1)).await;
    time.advance(Duration::from_secs(1));
    fill(&link, 200..350, LONG).await;
    assert_eq!(count(&link, 200..350).await, 150);
}

#[tokio::test]
async fn what_has_expired_is_swept_without_being_asked_for() {
    let time = ManualClock::new();
    let server = MemoryServer::new(time.clock());
    let link = server.connect(&app());
    fill(&link, 0..5_000, Ttl::seconds(1)).await;
    assert_eq!(server.usage().entries, 5_000);
    time.advance(Duration::from_secs(1));
    // A look at each of the partitions takes at most so many writes.
    for _ in 0..64 * 128 {
        store(&link, &key("ada"), &value(), LONG).await.unwrap();
        drop_key(&link, &key("ada")).await.unwrap();
    }
    let usage = server.usage();
    assert!(usage.entries <= 1 && usage.weight <= 2_000, "{usage:?}");
}

#[tokio::test]
async fn a_value_beyond_the_whole_capacity_is_refused_and_harms_nothing() {
    let server = MemoryServer::new(Clock::coarse()).capacity(10_000);
    let link = server.connect(&app());
    fill(&link, 0..3, LONG).await;
    let huge = Bytes::from(vec![0; 10_000]);
    let error = store(&link, &key("ada"), &huge, LONG).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused);
    assert_eq!(count(&link, 0..3).await, 3);
}

#[tokio::test]
async fn a_subscription_that_falls_behind_loses_all_and_is_told_so() {
    const MOST: usize = 65_536;
    let link = MemoryServer::new(Clock::coarse()).connect(&app());
    let mut listener = Listener::new(&link).await;
    let ada = key("ada");
    for _ in 0..MOST {
        drop_key(&link, &ada).await.unwrap();
    }
    let events = listener.at_once().await;
    assert_eq!((events.len(), notices(&events).len()), (MOST, MOST), "as many are kept");

    let mut told = Vec::new();
    for _ in 0..MOST + 2 {
        told.push(drop_key(&link, &ada).await.unwrap().sequence);
    }
    assert_eq!(listener.next().await, BusEvent::Lost(None));
    told.push(drop_key(&link, &ada).await.unwrap().sequence);
    let events = listener.at_once().await;
    // What came after the loss is still there, and the sync point stands where the loss was taken.
    assert_eq!(notices(&events[..2]), told[MOST..MOST + 2]);
    assert!(is_sync_point(&events[2]));
    assert_eq!(stands(&events[2], &ada), told[MOST + 1]);
    assert_eq!(notices(&events[3..]), told[MOST + 2..]);
}
