//! A read that shows a receipt sees the write behind it, on whatever node.

use super::rig::*;
use larder::Receipt;

/// A reader that has Ada and hears nothing from now on, and a writer.
async fn deaf_reader() -> (Fleet, Node, Node) {
    let fleet = Fleet::new();
    fleet.database.tag(ADA, &tag("people"));
    let [reader, writer] = fleet.nodes().await;
    reader.read(ADA).await;
    reader.faults.hold();
    (fleet, reader, writer)
}

async fn check(reader: &Node, receipt: &Receipt) {
    let receipt: Receipt = receipt.to_string().parse().unwrap();
    assert_eq!(reader.read(ADA).await, 1, "it has not heard");
    assert_eq!(reader.read_at_least(&receipt, ADA).await, 2);
    assert_eq!(reader.read(ADA).await, 2, "what was old is gone");
}

#[tokio::test(start_paused = true)]
async fn the_receipt_for_a_key_is_seen_before_its_notice() {
    let (_fleet, reader, writer) = deaf_reader().await;
    check(&reader, &writer.write(ADA).await).await;
}

#[tokio::test(start_paused = true)]
async fn the_receipt_for_a_tag_is_seen_before_its_notice() {
    let (_fleet, reader, writer) = deaf_reader().await;
    check(&reader, &writer.write_by_tag(ADA, &tag("people")).await).await;
}

#[tokio::test(start_paused = true)]
async fn the_receipt_for_a_clear_is_seen_before_its_notice() {
    let (fleet, reader, writer) = deaf_reader().await;
    fleet.database.commit(ADA);
    check(&reader, &writer.users.clear().await.unwrap()).await;
}

#[tokio::test(start_paused = true)]
async fn the_receipt_for_everything_is_seen_before_its_notice() {
    let (fleet, reader, writer) = deaf_reader().await;
    fleet.database.commit(ADA);
    check(&reader, &writer.larder.clear_all().await.unwrap()).await;
}

#[tokio::test(start_paused = true)]
async fn who_shows_a_receipt_boards_no_load_from_before_it() {
    let fleet = Fleet::new();
    let [reader, writer] = fleet.nodes().await;
    reader.faults.hold();
    let slow = reader.reading_up_to(fleet.database.pause(), ADA).await;
    let receipt = writer.write(ADA).await;
    assert_eq!(reader.read_at_least(&receipt, ADA).await, 2, "it does not wait for the other");
    assert_eq!(slow.end().await, 1);
    assert_eq!(reader.read(ADA).await, 2);
}

#[tokio::test(start_paused = true)]
async fn the_receipt_for_a_tag_is_seen_though_the_server_cannot_be_asked() {
    let (_fleet, reader, writer) = deaf_reader().await;
    let receipt = writer.write_by_tag(ADA, &tag("people")).await;
    // Not this question, but the next one is answered.
    reader.faults.fail(1);
    assert_eq!(reader.read_at_least(&receipt, ADA).await, 2);
}

#[tokio::test(start_paused = true)]
async fn a_receipt_that_has_been_heard_of_costs_nothing() {
    let fleet = Fleet::new();
    let [reader, writer] = fleet.nodes().await;
    let receipt = writer.write(ADA).await.and(writer.larder.invalidate_tag(&tag("people")).await.unwrap());
    settle().await;
    reader.read(ADA).await;
    let loads = fleet.database.loads();
    assert_eq!(reader.read_at_least(&receipt, ADA).await, 2);
    assert_eq!(fleet.database.loads(), loads);
    assert!(reader.users.contains_local(&ADA));
}
