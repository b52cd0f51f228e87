//! A server that does not answer, and writes that it has not been told.

use larder::Tier;
use tokio::time::sleep;

use super::pausing::{Gate, Point};
use super::rig::*;

/// Within which time a read goes on without the shared tier, and a write.
const READ_BUDGET: u64 = 50;
const WRITE_DEADLINE: u64 = 500;

#[tokio::test(start_paused = true)]
async fn while_the_server_is_frozen_reads_answer_from_the_origin_within_their_budget() {
    let fleet = Fleet::new();
    let node = fleet.node().await;
    node.faults.freeze();
    let began = fleet.clock.now();
    let hit = node.hit(ADA).await;
    assert_eq!((hit.tier(), fleet.clock.now().since(began)), (Tier::Origin, ms(READ_BUDGET)));
    assert_eq!(node.hit(ADA).await.tier(), Tier::Local, "the bus says that nothing has been written");
}

#[tokio::test(start_paused = true)]
async fn a_thousand_readers_of_a_frozen_server_load_once() {
    let fleet = Fleet::new();
    let node = fleet.node().await;
    node.faults.freeze();
    let readers: Vec<_> = (0..1_000).map(|_| node.reading(ADA)).collect();
    for reader in readers {
        assert_eq!(reader.await.unwrap(), 1);
    }
    assert_eq!(fleet.database.loads(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_write_that_is_not_answered_is_deferred_in_time_and_told_after_the_thaw() {
    let fleet = Fleet::new();
    let [writer, other] = fleet.nodes().await;
    other.read(ADA).await;
    writer.faults.freeze();
    let began = fleet.clock.now();
    let receipt = writer.write(ADA).await;
    assert!(receipt.is_deferred() && receipt.tokens().is_empty());
    assert_eq!(fleet.clock.now().since(began), ms(WRITE_DEADLINE));
    assert_eq!(writer.larder.deferred(), 1);
    assert_eq!(writer.read(ADA).await, 2, "the writer at once");
    writer.faults.thaw();
    sleep(bound()).await;
    assert_eq!(writer.larder.deferred(), 0);
    assert_eq!((writer.read(ADA).await, other.read(ADA).await), (2, 2));
}

/// Lets the next invalidation fail, and stops when it is told again.
fn fail_once_and_pause(writer: &Node) -> Gate {
    writer.remote.pause(Point::BeforeInvalidate).open();
    writer.faults.fail(1);
    writer.remote.pause(Point::BeforeInvalidate)
}

#[tokio::test(start_paused = true)]
async fn what_the_server_has_under_a_pending_key_is_not_used_until_it_is_told() {
    let fleet = Fleet::new();
    let [writer, other] = fleet.nodes().await;
    other.read(ADA).await;
    let gate = fail_once_and_pause(&writer);
    assert!(writer.write(ADA).await.is_deferred());
    gate.reached().await;
    assert_eq!(fleet.shared(ADA).await, Some(1), "the server has it and answers");
    assert_eq!(writer.read(ADA).await, 2);
    gate.open();
    settle().await;
    assert_eq!(writer.read(ADA).await, 2);
    assert_eq!(other.read(ADA).await, 2);
}

#[tokio::test(start_paused = true)]
async fn what_the_server_has_under_a_pending_tag_is_not_used_until_it_is_told() {
    let fleet = Fleet::new();
    fleet.database.tag(ADA, &tag("people"));
    let [writer, other] = fleet.nodes().await;
    other.read(ADA).await;
    writer.read(ADA).await;
    let gate = fail_once_and_pause(&writer);
    assert!(writer.write_by_tag(ADA, &tag("people")).await.is_deferred());
    gate.reached().await;
    assert_eq!(writer.read(ADA).await, 2);
    gate.open();
    settle().await;
    assert_eq!((writer.read(ADA).await, other.read(ADA).await), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn what_the_server_has_of_a_pending_clear_is_not_used_until_it_is_told() {
    let fleet = Fleet::new();
    let [writer, other] = fleet.nodes().await;
    other.read(ADA).await;
    writer.read(ADA).await;
    let gate = fail_once_and_pause(&writer);
    fleet.database.commit(ADA);
    assert!(writer.users.clear().await.unwrap().is_deferred());
    gate.reached().await;
    assert_eq!(writer.read(ADA).await, 2);
    gate.open();
    settle().await;
    assert_eq!((writer.read(ADA).await, other.read(ADA).await), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn a_write_whose_answer_was_lost_is_told_again() {
    let fleet = Fleet::new();
    let [writer, other] = fleet.nodes().await;
    other.read(ADA).await;
    writer.faults.fail_after(1);
    assert!(writer.write(ADA).await.is_deferred());
    assert_eq!(writer.read(ADA).await, 2);
    settle().await;
    assert_eq!(writer.larder.deferred(), 0);
    assert_eq!(other.read(ADA).await, 2);
}

#[tokio::test(start_paused = true)]
async fn a_load_under_way_when_the_write_is_deferred_resurrects_nothing() {
    let fleet = Fleet::new();
    let [writer, other] = fleet.nodes().await;
    let slow = writer.reading_up_to(fleet.database.pause(), ADA).await;
    writer.faults.freeze();
    assert!(writer.write(ADA).await.is_deferred());
    assert_eq!(slow.end().await, 1);
    assert_eq!(writer.read(ADA).await, 2);
    writer.faults.thaw();
    sleep(2 * bound()).await;
    assert_eq!((writer.read(ADA).await, other.read(ADA).await), (2, 2));
}

/// The answer to an older step says nothing of what was written since it was taken.
#[tokio::test(start_paused = true)]
async fn a_late_answer_does_not_settle_a_later_write() {
    let fleet = Fleet::new();
    let [writer, other] = fleet.nodes().await;
    writer.faults.fail(1);
    writer.remote.pause(Point::AfterInvalidate).open();
    let gate = writer.remote.pause(Point::AfterInvalidate);
    assert!(writer.write(ADA).await.is_deferred());
    gate.reached().await;
    assert_eq!(other.read(ADA).await, 2, "it is told again by now, and the answer is on its way");
    writer.faults.fail(5);
    assert!(writer.write(ADA).await.is_deferred());
    gate.open();
    sleep(2 * bound()).await;
    assert_eq!(writer.larder.deferred(), 0);
    assert_eq!((writer.read(ADA).await, other.read(ADA).await), (3, 3));
}

#[tokio::test(start_paused = true)]
async fn a_load_that_cannot_be_stored_is_served_and_kept_here() {
    let fleet = Fleet::new();
    let [node, other] = fleet.nodes().await;
    fleet.server.faults().unwrap().fill_up();
    assert_eq!(node.read(ADA).await, 1);
    assert_eq!(node.hit(ADA).await.tier(), Tier::Local);
    let _receipt = other.write(ADA).await;
    settle().await;
    assert_eq!(node.read(ADA).await, 2, "a full server still invalidates");
}
