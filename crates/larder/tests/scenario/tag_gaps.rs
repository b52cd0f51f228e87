//! Notices of tags and clears that do not come: what was missed is asked for.

use tokio::time::sleep;

use super::pausing::Point;
use super::rig::*;
use larder::Tier;

/// A reader that has Ada, who is tagged, and Bob, who is not; and a writer.
async fn tagged() -> (Fleet, Node, Node) {
    let fleet = Fleet::new();
    fleet.database.tag(ADA, &tag("people"));
    let [reader, writer] = fleet.nodes().await;
    reader.read(ADA).await;
    reader.read(BOB).await;
    (fleet, reader, writer)
}

/// That nothing but what was concerned had to go.
async fn check_spared(reader: &Node) {
    assert_eq!(reader.tier(BOB).await, Some(Tier::Local), "it has no tag");
    let flushes = reader.ears.flushes();
    assert!(flushes.iter().all(|flush| flush.contains("Tags")), "{flushes:?}");
    assert!(reader.larder.is_in_sync());
}

#[tokio::test(start_paused = true)]
async fn a_lost_tag_shows_at_the_next_tag_and_is_asked_for() {
    let (_fleet, reader, writer) = tagged().await;
    reader.faults.lose(1);
    let _lost = writer.write_by_tag(ADA, &tag("people")).await;
    settle().await;
    assert_eq!(reader.read(ADA).await, 1, "nobody has told it yet");
    let _tells = writer.larder.invalidate_tag(&tag("other")).await.unwrap();
    settle().await;
    assert_eq!(reader.read(ADA).await, 2);
    check_spared(&reader).await;
}

#[tokio::test(start_paused = true)]
async fn a_lost_tag_shows_at_the_next_probe_and_is_asked_for() {
    let (_fleet, reader, writer) = tagged().await;
    reader.faults.lose(1);
    let _lost = writer.write_by_tag(ADA, &tag("people")).await;
    sleep(interval()).await;
    settle().await;
    assert_eq!(reader.read(ADA).await, 2);
    check_spared(&reader).await;
}

#[tokio::test(start_paused = true)]
async fn a_tag_that_follows_the_gap_does_not_close_it() {
    let (fleet, reader, writer) = tagged().await;
    reader.faults.lose(1);
    let _lost = writer.write_by_tag(ADA, &tag("people")).await;
    // Both arrive before the server can be asked what was missed.
    reader.faults.hold();
    let _tells = writer.larder.invalidate_tag(&tag("other")).await.unwrap();
    let _follows = writer.larder.invalidate_tag(&tag("third")).await.unwrap();
    reader.faults.release();
    settle().await;
    assert_eq!(reader.read(ADA).await, 2);
    assert_eq!(fleet.shared(ADA).await, Some(2));
}

#[tokio::test(start_paused = true)]
async fn between_a_gap_and_its_repair_nothing_tagged_is_served() {
    let (_fleet, reader, writer) = tagged().await;
    let gate = reader.remote.pause(Point::BeforeTags);
    reader.faults.lose(1);
    let _lost = writer.write_by_tag(ADA, &tag("people")).await;
    let _tells = writer.larder.invalidate_tag(&tag("other")).await.unwrap();
    gate.reached().await;
    assert_eq!(reader.tier(BOB).await, Some(Tier::Local));
    assert_eq!(reader.read(ADA).await, 2);
    gate.open();
    settle().await;
    assert_eq!(reader.read(ADA).await, 2);
}

#[tokio::test(start_paused = true)]
async fn a_gap_that_cannot_be_repaired_ends_trust_within_the_bound() {
    let (fleet, reader, writer) = tagged().await;
    reader.faults.lose(1);
    fleet.database.commit(BOB);
    let _lost = writer.users.clear().await.unwrap();
    reader.faults.freeze();
    sleep(bound()).await;
    sleep(ms(2)).await;
    assert!(!reader.larder.is_in_sync());
    assert_eq!(reader.read(BOB).await, 2);
    reader.faults.thaw();
    sleep(3 * bound()).await;
    assert!(reader.larder.is_in_sync());
    assert_eq!(reader.read(BOB).await, 2);
}

#[tokio::test(start_paused = true)]
async fn a_lost_clear_shows_at_the_next_probe() {
    let (fleet, reader, writer) = tagged().await;
    reader.faults.lose(1);
    fleet.database.commit(BOB);
    let _lost = writer.users.clear().await.unwrap();
    settle().await;
    assert_eq!(reader.read(BOB).await, 1, "nobody has told it yet");
    sleep(interval()).await;
    settle().await;
    assert_eq!(reader.read(BOB).await, 2);
    assert!(reader.larder.is_in_sync());
}

#[tokio::test(start_paused = true)]
async fn a_lost_clear_shows_at_the_next_tag() {
    let (fleet, reader, writer) = tagged().await;
    reader.faults.lose(1);
    fleet.database.commit(BOB);
    let _lost = writer.users.clear().await.unwrap();
    let _tells = writer.larder.invalidate_tag(&tag("other")).await.unwrap();
    settle().await;
    assert_eq!(reader.read(BOB).await, 2);
    assert!(reader.larder.is_in_sync());
}

#[tokio::test(start_paused = true)]
async fn while_out_of_sync_a_shared_value_is_judged_by_all_tags_there_are() {
    let (fleet, reader, writer) = tagged().await;
    reader.faults.cut();
    settle().await;
    let _missed = writer.write_by_tag(ADA, &tag("people")).await;
    assert_eq!(reader.read(ADA).await, 2);
    // That load began before the node had learned of the tag. The next one is good for everybody.
    assert_eq!(reader.read(ADA).await, 2);
    assert_eq!(fleet.shared(ADA).await, Some(2));
}

#[tokio::test(start_paused = true)]
async fn while_out_of_sync_what_another_node_loaded_is_judged_by_all_tags_too() {
    let (fleet, reader, writer) = tagged().await;
    let _receipt = writer.users.invalidate(&ADA).await.unwrap();
    let gate = fleet.database.pause();
    let slow = writer.reading(ADA);
    gate.reached().await;
    reader.faults.cut();
    // It has found nothing, and waits for the other node's load.
    let waiting = reader.reading(ADA);
    settle().await;
    let _missed = writer.write_by_tag(ADA, &tag("people")).await;
    sleep(2 * bound()).await;
    gate.open();

    assert_eq!((slow.await.unwrap(), waiting.await.unwrap()), (1, 2));
    assert_eq!(reader.read(ADA).await, 2);
}
