//! The writer's own view: its writes come back, and it reads them at once.

use tokio::time::sleep;

use super::pausing::Point;
use super::rig::*;
use larder::Tier;

#[tokio::test(start_paused = true)]
async fn r7_own_notices_keep_the_chain_whole_and_flush_nothing() {
    let fleet = Fleet::new();
    let [node, _other] = fleet.nodes().await;
    node.read(BOB).await;
    let spared = sibling(ADA);
    fleet.database.commit(spared);
    node.read(spared).await;
    for _ in 0..10 {
        let _receipt = node.write(ADA).await;
        let _tag = node.larder.invalidate_tag(&tag("any")).await.unwrap();
    }
    let _other_cache = node.larder.announce(&Cleared("else")).await.unwrap();
    sleep(3 * interval()).await;
    assert!(node.larder.is_in_sync());
    assert!(node.ears.flushes().is_empty());
    assert_eq!(node.tier(BOB).await, Some(Tier::Local));
    assert_eq!(node.tier(spared).await, Some(Tier::Local));
}

struct Cleared(&'static str);

impl larder::DomainEvent for Cleared {
    fn touches(&self, touched: &mut larder::Touched) {
        touched.cache(self.0);
    }
}

#[tokio::test(start_paused = true)]
async fn r7_the_own_clear_that_comes_back_leaves_the_chain_whole() {
    let fleet = Fleet::new();
    let [node, _other] = fleet.nodes().await;
    let _receipt = node.users.clear().await.unwrap();
    let _receipt = node.larder.invalidate_tag(&tag("any")).await.unwrap();
    sleep(2 * interval()).await;
    assert!(node.ears.flushes().is_empty());
}

#[tokio::test(start_paused = true)]
async fn r7_what_was_loaded_since_the_own_clear_does_not_go_when_that_comes_back() {
    let fleet = Fleet::new();
    let node = fleet.node().await;
    node.faults.hold();
    let _receipt = node.users.clear().await.unwrap();
    node.read(ADA).await;
    node.faults.release();
    settle().await;
    assert_eq!(node.tier(ADA).await, Some(Tier::Local));
}

#[tokio::test(start_paused = true)]
async fn a_writer_reads_its_write_at_once_though_the_bus_is_slow() {
    let fleet = Fleet::new();
    let [writer, other] = fleet.nodes().await;
    writer.faults.hold();
    for version in 2..10 {
        other.read(ADA).await;
        writer.read(ADA).await;
        let _receipt = writer.write(ADA).await;
        assert_eq!(writer.read(ADA).await, version);
        settle().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_writer_reads_what_it_dropped_by_tag_at_once_though_the_bus_is_slow() {
    let fleet = Fleet::new();
    fleet.database.tag(ADA, &tag("people"));
    let writer = fleet.node().await;
    writer.faults.hold();
    for version in 2..10 {
        writer.read(ADA).await;
        let _receipt = writer.write_by_tag(ADA, &tag("people")).await;
        assert_eq!(writer.read(ADA).await, version);
    }
}

#[tokio::test(start_paused = true)]
async fn a_writer_does_not_board_a_load_from_before_its_write() {
    let fleet = Fleet::new();
    let writer = fleet.node().await;
    writer.faults.hold();
    let slow = writer.reading_up_to(fleet.database.pause(), ADA).await;
    let _receipt = writer.write(ADA).await;
    assert_eq!(writer.read(ADA).await, 2, "it does not wait for the other");
    assert_eq!(slow.end().await, 1);
    assert_eq!(writer.read(ADA).await, 2);
}

#[tokio::test(start_paused = true)]
async fn what_is_read_during_the_step_on_the_server_is_dropped_after_it() {
    let fleet = Fleet::new();
    let [writer, other] = fleet.nodes().await;
    other.read(ADA).await;
    writer.faults.hold();
    fleet.database.commit(ADA);
    let gate = writer.remote.pause(Point::BeforeInvalidate);
    let users = writer.users.clone();
    let write = tokio::spawn(async move { users.invalidate(&ADA).await });
    gate.reached().await;
    assert_eq!(writer.read(ADA).await, 1, "the server still has it");
    gate.open();
    let _receipt = write.await.unwrap().unwrap();
    assert_eq!(writer.read(ADA).await, 2);
}

#[tokio::test(start_paused = true)]
async fn a_shared_read_under_way_during_the_write_is_fenced() {
    let fleet = Fleet::new();
    let [writer, other] = fleet.nodes().await;
    other.read(ADA).await;
    writer.faults.hold();
    let slow = writer.reading_up_to(writer.remote.pause(Point::AfterGet), ADA).await;
    let _receipt = writer.write(ADA).await;
    assert_eq!(slow.end().await, 1);
    assert_eq!(writer.read(ADA).await, 2);
}

#[tokio::test(start_paused = true)]
async fn the_copy_is_gone_before_the_server_is_asked() {
    let fleet = Fleet::new();
    let writer = fleet.node().await;
    writer.read(ADA).await;
    let gate = writer.remote.pause(Point::BeforeInvalidate);
    let users = writer.users.clone();
    let write = tokio::spawn(async move { users.invalidate(&ADA).await });
    gate.reached().await;
    assert!(!writer.users.contains_local(&ADA));
    gate.open();
    let _receipt = write.await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_writer_who_is_cancelled_has_written_all_the_same() {
    let fleet = Fleet::new();
    let [writer, other] = fleet.nodes().await;
    other.read(ADA).await;
    fleet.database.commit(ADA);
    let gate = writer.remote.pause(Point::BeforeInvalidate);
    let users = writer.users.clone();
    let write = tokio::spawn(async move { users.invalidate(&ADA).await });
    gate.reached().await;
    write.abort();
    gate.open();
    settle().await;
    assert_eq!((writer.read(ADA).await, other.read(ADA).await), (2, 2));
}
