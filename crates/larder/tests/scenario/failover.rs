//! A server that has forgotten what it had acknowledged.

use std::time::Duration;

use tokio::time::sleep;

use super::pausing::Point;
use super::rig::*;

#[tokio::test(start_paused = true)]
async fn r5_writers_tell_again_what_a_failover_lost() {
    let fleet = Fleet::new();
    let [writer, other] = fleet.nodes().await;
    let faults = fleet.server.faults().unwrap();
    other.read(ADA).await;
    faults.replicate();
    assert!(!writer.write(ADA).await.is_deferred());
    settle().await;
    assert_eq!(other.read(ADA).await, 2);
    faults.fail_over();
    settle().await;
    assert_eq!(fleet.shared(ADA).await, None, "the old value came back, and was dropped again");
    assert_eq!((writer.read(ADA).await, other.read(ADA).await), (2, 2));
    assert!(writer.larder.is_in_sync() && other.larder.is_in_sync());
}

#[tokio::test(start_paused = true)]
async fn r5_tags_and_clears_are_told_again_too() {
    let fleet = Fleet::new();
    fleet.database.tag(ADA, &tag("people"));
    let [writer, other] = fleet.nodes().await;
    let faults = fleet.server.faults().unwrap();
    for key in [ADA, BOB] {
        other.read(key).await;
    }
    faults.replicate();
    let _by_tag = writer.write_by_tag(ADA, &tag("people")).await;
    fleet.database.commit(BOB);
    let _by_clear = writer.users.clear().await.unwrap();
    faults.fail_over();
    sleep(bound()).await;
    for key in [ADA, BOB] {
        assert_eq!((writer.read(key).await, other.read(key).await), (2, 2));
        assert_eq!(fleet.shared(key).await, Some(2));
    }
}

#[tokio::test(start_paused = true)]
async fn r5_a_lease_that_came_back_fills_and_is_told_again() {
    let fleet = Fleet::new();
    let [writer, other] = fleet.nodes().await;
    let faults = fleet.server.faults().unwrap();
    let slow = other.reading_up_to(fleet.database.pause(), ADA).await;
    faults.replicate();
    let _receipt = writer.write(ADA).await;
    let replay = writer.remote.pause(Point::BeforeInvalidate);
    faults.fail_over();
    replay.reached().await;
    assert_eq!(slow.end().await, 1);
    assert_eq!(fleet.shared(ADA).await, Some(1), "the lease is known again");
    assert_eq!(writer.read(ADA).await, 2, "the writer knows better");
    replay.open();
    settle().await;
    assert_eq!((writer.read(ADA).await, other.read(ADA).await), (2, 2));
}

async fn check_tells_again_after_missing_it_for(time: Duration) {
    let fleet = Fleet::new();
    let [writer, other] = fleet.nodes().await;
    let faults = fleet.server.faults().unwrap();
    other.read(ADA).await;
    faults.replicate();
    let _receipt = writer.write(ADA).await;
    writer.faults.cut();
    faults.fail_over();
    sleep(time).await;
    assert_eq!(fleet.shared(ADA).await, Some(1));
    writer.faults.mend();
    sleep(bound()).await;
    assert_eq!((writer.read(ADA).await, other.read(ADA).await), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn r5_a_writer_who_missed_the_failover_tells_again_when_it_hears() {
    check_tells_again_after_missing_it_for(2 * bound()).await;
}

#[tokio::test(start_paused = true)]
async fn r5_a_writer_who_misses_a_failover_for_minutes_has_not_forgotten() {
    check_tells_again_after_missing_it_for(MINUTES).await;
}

#[tokio::test(start_paused = true)]
async fn r5_a_failover_during_the_telling_loses_nothing() {
    let fleet = Fleet::new();
    let [writer, other] = fleet.nodes().await;
    let faults = fleet.server.faults().unwrap();
    other.read(ADA).await;
    faults.replicate();
    let _receipt = writer.write(ADA).await;
    let replay = writer.remote.pause(Point::AfterInvalidate);
    faults.fail_over();
    replay.reached().await;
    faults.fail_over();
    replay.open();
    sleep(bound()).await;
    assert_eq!((writer.read(ADA).await, other.read(ADA).await), (2, 2));
    assert!(writer.larder.is_in_sync());
}

#[tokio::test(start_paused = true)]
async fn r5_what_is_being_loaded_during_a_failover_is_not_kept() {
    let fleet = Fleet::new();
    let node = fleet.node().await;
    let faults = fleet.server.faults().unwrap();
    node.read(BOB).await;
    let slow = node.reading_up_to(fleet.database.pause(), ADA).await;
    faults.replicate();
    faults.fail_over();
    settle().await;
    assert_eq!(slow.end().await, 1);
    assert!(!node.users.contains_local(&ADA) && !node.users.contains_local(&BOB));
}

/// A new server whose clock does not run ahead of the old one's would give out numbers again.
#[tokio::test(start_paused = true)]
async fn r5_no_number_of_the_old_server_is_given_to_a_tag_again() {
    let fleet = Fleet::new();
    fleet.database.tag(ADA, &tag("people"));
    let [node, dead] = fleet.nodes().await;
    let faults = fleet.server.faults().unwrap();
    faults.replicate();
    for _ in 0..5_000 {
        let _forgotten = dead.larder.invalidate_tag(&tag("other")).await.unwrap();
    }
    settle().await;
    drop(dead);
    faults.fail_over();
    settle().await;
    assert!(node.larder.is_in_sync());
    assert_eq!(node.read(ADA).await, 1);
    let _receipt = node.write_by_tag(ADA, &tag("people")).await;
    assert_eq!(node.read(ADA).await, 2);
}
