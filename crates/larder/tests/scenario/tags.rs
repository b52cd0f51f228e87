//! Tags and clears against key writes, loads under way, and each other.

use super::rig::*;
use larder::Tier;

/// A fleet in which Ada says by herself that she is tagged, which nobody knows before she is loaded.
async fn tagged<const N: usize>() -> (Fleet, [Node; N]) {
    let fleet = Fleet::new();
    fleet.database.tag(ADA, &tag("people"));
    let nodes = fleet.nodes().await;
    (fleet, nodes)
}

#[tokio::test(start_paused = true)]
async fn r8_a_tag_that_a_value_turns_out_to_have_outdates_it() {
    let (fleet, [reader, writer]) = tagged().await;
    let slow = reader.reading_up_to(fleet.database.pause(), ADA).await;
    let _receipt = writer.write_by_tag(ADA, &tag("people")).await;
    settle().await;

    assert_eq!(slow.end().await, 1, "its caller came before the write");
    assert_eq!(fleet.shared(ADA).await, None, "what was filled is outdated for everybody");
    assert_eq!((reader.read(ADA).await, writer.read(ADA).await), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn r8_a_clear_outdates_what_is_being_loaded() {
    let fleet = Fleet::new();
    let [reader, writer] = fleet.nodes().await;
    let slow = reader.reading_up_to(fleet.database.pause(), ADA).await;
    fleet.database.commit(ADA);
    let _receipt = writer.users.clear().await.unwrap();
    settle().await;

    assert_eq!(slow.end().await, 1);
    assert_eq!(fleet.shared(ADA).await, None);
    assert_eq!((reader.read(ADA).await, writer.read(ADA).await), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn r8_a_tag_and_a_key_kill_alike_in_either_order() {
    for tag_first in [true, false] {
        let (fleet, [reader, writer]) = tagged().await;
        reader.read(ADA).await;
        writer.read(ADA).await;
        let gate = fleet.database.pause();
        let _first =
            if tag_first { writer.write_by_tag(ADA, &tag("people")).await } else { writer.write(ADA).await };
        settle().await;
        let slow = reader.reading(ADA);
        gate.reached().await;
        let _second =
            if tag_first { writer.write(ADA).await } else { writer.write_by_tag(ADA, &tag("people")).await };
        settle().await;
        gate.open();
        assert_eq!(slow.await.unwrap(), 2, "between the two");
        assert_eq!((reader.read(ADA).await, writer.read(ADA).await), (3, 3), "tag first: {tag_first}");
    }
}

#[tokio::test(start_paused = true)]
async fn r8_who_comes_after_a_clear_does_not_wait_for_a_lease_from_before() {
    let fleet = Fleet::new();
    let [reader, writer] = fleet.nodes().await;
    let slow = reader.reading_up_to(fleet.database.pause(), ADA).await;
    fleet.database.commit(ADA);
    let _receipt = writer.users.clear().await.unwrap();
    assert_eq!(writer.read(ADA).await, 2, "the lease is taken over");
    assert_eq!(slow.end().await, 1);
    assert_eq!(fleet.shared(ADA).await, Some(2), "the late fill has not replaced it");
}

#[tokio::test(start_paused = true)]
async fn r8_a_fill_that_was_born_before_its_tag_was_invalidated_is_loaded_anew() {
    let (fleet, [reader, writer]) = tagged().await;
    let slow = reader.reading_up_to(fleet.database.pause(), ADA).await;
    let _receipt = writer.write_by_tag(ADA, &tag("people")).await;
    // The server cannot know that the load under way will have the tag: this read waits for it.
    let waiting = writer.reading(ADA);
    settle().await;
    assert_eq!(slow.end().await, 1);
    assert_eq!(waiting.await.unwrap(), 2);
    assert_eq!(fleet.shared(ADA).await, Some(2));
}

#[tokio::test(start_paused = true)]
async fn r8_who_boarded_after_the_tag_was_invalidated_gets_nothing_from_before() {
    let (fleet, [node]) = tagged().await;
    let before = node.reading_up_to(fleet.database.pause(), ADA).await;
    let _receipt = node.write_by_tag(ADA, &tag("people")).await;
    let after = node.reading(ADA);
    settle().await;
    assert_eq!(before.end().await, 1);
    assert_eq!(after.await.unwrap(), 2);
}

#[tokio::test(start_paused = true)]
async fn r8_who_comes_after_a_clear_boards_no_load_from_before() {
    let fleet = Fleet::new();
    let node = fleet.node().await;
    let before = node.reading_up_to(fleet.database.pause(), ADA).await;
    fleet.database.commit(ADA);
    let _receipt = node.users.clear().await.unwrap();
    assert_eq!(node.read(ADA).await, 2);
    assert_eq!(before.end().await, 1);
    assert_eq!(node.read(ADA).await, 2);
}

#[tokio::test(start_paused = true)]
async fn a_tag_reaches_every_copy_in_both_tiers() {
    let (fleet, [one, other]) = tagged().await;
    for node in [&one, &other] {
        node.read(ADA).await;
        node.read(BOB).await;
    }
    let _receipt = one.write_by_tag(ADA, &tag("people")).await;
    assert_eq!(one.read(ADA).await, 2, "the writer at once");
    settle().await;
    assert_eq!(other.read(ADA).await, 2);
    assert_eq!(fleet.shared(ADA).await, Some(2));
    assert_eq!(other.tier(BOB).await, Some(Tier::Local), "it has no tag");
}

#[tokio::test(start_paused = true)]
async fn a_clear_reaches_every_copy_in_both_tiers() {
    let fleet = Fleet::new();
    let [one, other] = fleet.nodes().await;
    other.read(ADA).await;
    fleet.database.commit(ADA);
    let _receipt = one.users.clear().await.unwrap();
    assert_eq!(one.read(ADA).await, 2, "the writer at once");
    settle().await;
    assert_eq!(other.read(ADA).await, 2);
}
