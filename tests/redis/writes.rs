//! Writes that know more than a key: guards, receipts and versions, on real servers.

use std::time::Duration;

use larder::{Inserted, Receipt, Tier, Version};
use larder_testkit::redis::{RedisCluster, RedisServer};
use tokio::time::{Instant, sleep};

use super::world::{HEALING, Node};

const FIRST: u64 = 0;
const ADA: u64 = 7;

fn load(version: u64) -> impl Fn(u64) -> std::future::Ready<Result<u64, std::io::Error>> {
    move |_| std::future::ready(Ok(version))
}

/// A writer that dies between COMMIT and invalidate leaves nothing behind, on any node or in the shared tier.
async fn a_guarded_write_leaves_nothing_stale(url: &str) {
    let (writer, reader) = (Node::new(url).await, Node::new(url).await);
    let keys: Vec<u64> = (0..20).collect();
    for key in &keys {
        reader.cache.get_or_load(key, load(1)).await.unwrap();
    }
    let write = writer.cache.begin_write_within(Duration::from_secs(2), &keys).await.unwrap();
    assert!(write.is_guarded());
    let began = Instant::now();
    while keys.iter().any(|key| reader.cache.contains_local(key)) {
        assert!(began.elapsed() < HEALING);
        sleep(Duration::from_millis(1)).await;
    }
    // The COMMIT. And then nothing more is heard of the writer.
    drop(write);
    for key in &keys {
        let hit = reader.cache.get_or_load(key, load(2)).await.unwrap();
        assert_eq!((*hit, hit.tier()), (2, Tier::Origin));
        assert!(!reader.cache.contains_local(key) || began.elapsed() > Duration::from_secs(2));
    }
    while !reader.cache.contains_local(&FIRST) {
        assert!(began.elapsed() < HEALING * 2, "the guard ends by itself");
        assert_eq!(*reader.cache.get_or_load(&FIRST, load(2)).await.unwrap(), 2);
        sleep(Duration::from_millis(20)).await;
    }
    let write = writer.cache.begin_write(&keys).await.unwrap();
    assert!(write.is_guarded());
    let began = Instant::now();
    while reader.cache.contains_local(&FIRST) {
        assert!(began.elapsed() < HEALING);
        sleep(Duration::from_millis(1)).await;
    }
    assert!(!write.finish().await.unwrap().is_deferred());
    // A load that its notice overtakes is not kept; the next one is.
    while !reader.cache.contains_local(&FIRST) {
        assert!(began.elapsed() < HEALING, "it ends with its write");
        assert_eq!(*reader.cache.get_or_load(&FIRST, load(3)).await.unwrap(), 3);
        sleep(Duration::from_millis(1)).await;
    }
}

/// Who shows the receipt of a write sees that write, however late the notice comes.
async fn a_receipt_is_good_on_every_node(url: &str) {
    let (writer, reader) = (Node::new(url).await, Node::new(url).await);
    for round in 0..50 {
        reader.cache.get_or_load(&ADA, load(round)).await.unwrap();
        let receipt = writer.cache.invalidate(&ADA).await.unwrap();
        // It travels as text.
        let receipt: Receipt = receipt.to_string().parse().unwrap();
        let hit = reader.cache.reading().at_least(&receipt).get_or_load(&ADA, load(round + 1)).await.unwrap();
        assert_eq!(*hit, round + 1);
    }
}

/// The newer version wins, in whatever order they come.
async fn the_newer_version_wins_everywhere(url: &str) {
    let (one, other) = (Node::new(url).await, Node::new(url).await);
    assert!(matches!(one.cache.insert(&ADA, 20_u64, Version::new(20)).await.unwrap(), Inserted::Stored(_)));
    assert!(matches!(other.cache.insert(&ADA, 10_u64, Version::new(10)).await.unwrap(), Inserted::Outdated));
    for node in [&one, &other] {
        assert_eq!(*node.cache.get(&ADA).await.unwrap().expect("it is stored"), 20);
    }
    let receipt = other.cache.invalidate_version(&ADA, Version::new(30)).await.unwrap();
    assert!(matches!(one.cache.insert(&ADA, 25_u64, Version::new(25)).await.unwrap(), Inserted::Outdated));
    assert!(one.cache.reading().at_least(&receipt).get(&ADA).await.unwrap().is_none());
}

async fn all(url: &str) {
    a_guarded_write_leaves_nothing_stale(url).await;
    a_receipt_is_good_on_every_node(url).await;
    the_newer_version_wins_everywhere(url).await;
}

#[tokio::test]
async fn on_one_server() {
    all(&RedisServer::start().expect("redis-server is installed").url()).await;
}

#[tokio::test]
async fn on_a_cluster() {
    all(&RedisCluster::start().expect("redis-server is installed").url()).await;
}

#[tokio::test]
async fn a_guard_that_the_server_did_not_take_in_time_does_not_outlast_its_write() {
    let server = RedisServer::start().expect("redis-server is installed");
    let (writer, reader) = (Node::new(&server.url()).await, Node::new(&server.url()).await);
    server.pause().unwrap();
    let hour = Duration::from_secs(3_600);
    let write = writer.cache.begin_write_within(hour, [&ADA]).await.unwrap();
    assert!(!write.is_guarded());
    server.resume().unwrap();
    let _receipt = write.finish().await.unwrap();
    let began = Instant::now();
    while !reader.cache.contains_local(&ADA) {
        assert!(began.elapsed() < HEALING * 2, "it is still guarded");
        assert_eq!(*reader.cache.get_or_load(&ADA, load(2)).await.unwrap(), 2);
        sleep(Duration::from_millis(10)).await;
    }
}
