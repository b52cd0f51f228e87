//! Versioned writes: the newer wins, in whatever order they come and whatever is loaded meanwhile.

use larder::{Inserted, Version};
use tokio::time::sleep;

use super::pausing::Point;
use super::rig::*;

async fn insert(node: &Node, version: u64) -> Inserted {
    node.users.insert(&ADA, version, Version::new(version)).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn r6_an_older_version_never_replaces_a_newer_on_any_node() {
    let fleet = Fleet::new();
    let [one, other] = fleet.nodes().await;
    assert!(matches!(insert(&one, 5).await, Inserted::Stored(_)));
    assert_eq!(insert(&other, 4).await, Inserted::Outdated);
    settle().await;
    assert_eq!((one.read(ADA).await, other.read(ADA).await), (5, 5));
    let _receipt = one.users.invalidate(&ADA).await.unwrap();
    assert_eq!(insert(&other, 4).await, Inserted::Outdated, "what was invalidated counts too");
    assert_eq!(fleet.shared(ADA).await, None);
}

#[tokio::test(start_paused = true)]
async fn r6_a_versioned_write_reaches_every_copy_and_the_writer_at_once() {
    let fleet = Fleet::new();
    let [writer, other] = fleet.nodes().await;
    writer.faults.hold();
    for version in 2..8 {
        writer.read(ADA).await;
        other.read(ADA).await;
        assert!(matches!(insert(&writer, version).await, Inserted::Stored(_)));
        assert_eq!(writer.read(ADA).await, version);
        settle().await;
        assert_eq!(other.read(ADA).await, version);
    }
}

#[tokio::test(start_paused = true)]
async fn r6_what_is_read_during_a_versioned_write_is_dropped_after_it() {
    let fleet = Fleet::new();
    let [writer, other] = fleet.nodes().await;
    other.read(ADA).await;
    writer.faults.hold();
    let gate = writer.remote.pause(Point::BeforePut);
    let users = writer.users.clone();
    let write = tokio::spawn(async move { users.insert(&ADA, 2, Version::new(2)).await });
    gate.reached().await;
    assert_eq!(writer.read(ADA).await, 1, "the server still has it");
    gate.open();
    assert!(matches!(write.await.unwrap().unwrap(), Inserted::Stored(_)));
    assert_eq!(writer.read(ADA).await, 2);
}

#[tokio::test(start_paused = true)]
async fn r6_a_load_that_a_versioned_write_overtook_is_rejected() {
    let fleet = Fleet::new();
    let [reader, writer] = fleet.nodes().await;
    let slow = reader.reading_up_to(fleet.database.pause(), ADA).await;
    assert!(matches!(insert(&writer, 2).await, Inserted::Stored(_)));
    settle().await;
    assert_eq!(slow.end().await, 1);
    assert_eq!(fleet.shared(ADA).await, Some(2));
    assert_eq!((reader.read(ADA).await, writer.read(ADA).await), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn r6_a_versioned_write_that_is_not_answered_leaves_nothing_older_behind() {
    let fleet = Fleet::new();
    let [writer, other] = fleet.nodes().await;
    other.read(ADA).await;
    fleet.database.commit(ADA);
    writer.faults.freeze();
    let Inserted::Stored(receipt) = insert(&writer, 2).await else { panic!("it is stored somehow") };
    assert!(receipt.is_deferred());
    assert_eq!(writer.read(ADA).await, 2);
    writer.faults.thaw();
    sleep(2 * bound()).await;
    assert_eq!(writer.larder.deferred(), 0);
    assert_eq!((writer.read(ADA).await, other.read(ADA).await), (2, 2));
    assert_eq!(insert(&other, 1).await, Inserted::Outdated);
}

#[tokio::test(start_paused = true)]
async fn r6_after_a_failover_an_older_version_does_not_come_back() {
    let fleet = Fleet::new();
    let [writer, other] = fleet.nodes().await;
    let faults = fleet.server.faults().unwrap();
    assert!(matches!(insert(&writer, 1).await, Inserted::Stored(_)));
    faults.replicate();
    fleet.database.commit(ADA);
    assert!(matches!(insert(&writer, 2).await, Inserted::Stored(_)));
    faults.fail_over();
    sleep(bound()).await;
    assert_eq!((writer.read(ADA).await, other.read(ADA).await), (2, 2));
    assert_eq!(insert(&other, 1).await, Inserted::Outdated);
}
