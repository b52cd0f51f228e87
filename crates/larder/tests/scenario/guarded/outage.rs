//! Guarded writes of which the server cannot be told, or which it forgets.

use larder::GuardedWrite;
use tokio::time::sleep;

use super::super::pausing::{Gate, Point};
use super::super::rig::*;
use super::GUARD;

#[tokio::test(start_paused = true)]
async fn r4_a_finish_that_the_server_was_not_told_is_told_after_the_outage() {
    let fleet = Fleet::new();
    let [writer, reader] = fleet.nodes().await;
    let write = writer.begin(ADA).await;
    writer.faults.freeze();
    fleet.database.commit(ADA);
    let began = fleet.clock.now();
    assert!(write.finish().await.unwrap().is_deferred());
    assert_eq!((writer.larder.deferred(), fleet.clock.now().since(began)), (1, ms(500)));
    assert_eq!(writer.read(ADA).await, 2);
    reader.reads_and_keeps_nothing(ADA).await;
    writer.faults.thaw();
    sleep(bound()).await;
    assert_eq!(writer.larder.deferred(), 0);
    reader.reads_and_keeps(ADA).await;
}

#[tokio::test(start_paused = true)]
async fn r4_a_finish_that_cannot_be_told_leaves_the_guard_to_its_time() {
    let fleet = Fleet::new();
    let [writer, reader] = fleet.nodes().await;
    let write = writer.begin(ADA).await;
    fleet.database.commit(ADA);
    writer.faults.freeze();
    assert!(write.finish().await.unwrap().is_deferred());
    sleep(ms(GUARD - 1_000)).await;
    reader.reads_and_keeps_nothing(ADA).await;
    sleep(ms(1_000)).await;
    reader.reads_and_keeps(ADA).await;
}

#[tokio::test(start_paused = true)]
async fn r4_a_guard_that_cannot_be_set_says_so_and_is_set_when_the_server_is_back() {
    let fleet = Fleet::new();
    let [writer, reader] = fleet.nodes().await;
    reader.read(ADA).await;
    writer.faults.freeze();
    let began = fleet.clock.now();
    let write = writer.users.begin_write([&ADA, &BOB]).await.unwrap();
    assert_eq!((write.is_guarded(), fleet.clock.now().since(began)), (false, ms(500)));
    assert_eq!(writer.larder.deferred(), 2);
    fleet.database.commit(ADA);
    drop(write);
    assert_eq!(reader.read(ADA).await, 1, "nobody could be told");
    writer.faults.thaw();
    sleep(bound()).await;
    assert_eq!(writer.larder.deferred(), 0);
    reader.reads_and_keeps_nothing(ADA).await;
    sleep(ms(GUARD)).await;
    reader.reads_and_keeps(ADA).await;
}

#[tokio::test(start_paused = true)]
async fn r4_a_guard_that_could_be_set_in_part_is_none() {
    let fleet = Fleet::new();
    let writer = fleet.node().await;
    writer.faults.fail(1);
    let write = writer.users.begin_write([&ADA, &BOB]).await.unwrap();
    assert!(!write.is_guarded());
    let receipt = write.finish().await.unwrap();
    assert_eq!((receipt.is_deferred(), receipt.tokens().len()), (false, 2));
}

/// A guard that comes when its write is over would keep the key out of every cache for nothing.
#[tokio::test(start_paused = true)]
async fn r4_a_guard_that_could_not_be_set_is_not_set_once_the_write_is_finished() {
    let fleet = Fleet::new();
    let [writer, reader] = fleet.nodes().await;
    // The begin, and the two steps in which it is told again for the first time.
    writer.faults.fail(3);
    let write = writer.users.begin_write([&ADA]).await.unwrap();
    assert!(!write.is_guarded());
    settle().await;
    fleet.database.commit(ADA);
    assert!(!write.finish().await.unwrap().is_deferred());
    assert_eq!(writer.larder.deferred(), 1);
    sleep(bound()).await;
    assert_eq!(writer.larder.deferred(), 0);
    for node in [&writer, &reader] {
        node.reads_and_keeps(ADA).await;
    }
}

#[tokio::test(start_paused = true)]
async fn r4_of_a_write_of_which_the_server_was_told_nothing_no_guard_is_left() {
    let fleet = Fleet::new();
    let [writer, reader] = fleet.nodes().await;
    reader.read(ADA).await;
    writer.faults.fail(usize::MAX);
    let write = writer.users.begin_write([&ADA]).await.unwrap();
    assert!(!write.is_guarded());
    fleet.database.commit(ADA);
    assert!(write.finish().await.unwrap().is_deferred());
    writer.faults.fail(0);
    sleep(2 * bound()).await;
    assert_eq!(writer.larder.deferred(), 0);
    for node in [&writer, &reader] {
        node.reads_and_keeps(ADA).await;
    }
}

/// A begin that fails, and the two steps in which it is told again, each at a gate.
async fn begin_and_fail(writer: &Node) -> (GuardedWrite, [Gate; 2]) {
    writer.remote.pause(Point::BeforeInvalidate).open();
    writer.faults.fail(1);
    let again = [(); 2].map(|()| writer.remote.pause(Point::BeforeInvalidate));
    let write = writer.users.begin_write([&ADA]).await.unwrap();
    assert!(!write.is_guarded());
    for gate in &again {
        gate.reached().await;
    }
    (write, again)
}

#[tokio::test(start_paused = true)]
async fn r4_a_guard_being_set_again_when_its_write_is_finished_is_not_tried_once_more() {
    let fleet = Fleet::new();
    let [writer, reader] = fleet.nodes().await;
    let (write, again) = begin_and_fail(&writer).await;
    fleet.database.commit(ADA);
    assert!(!write.finish().await.unwrap().is_deferred());
    writer.faults.fail(again.len());
    again.iter().for_each(Gate::open);
    sleep(2 * bound()).await;
    assert_eq!(writer.larder.deferred(), 0);
    reader.reads_and_keeps(ADA).await;
}

#[tokio::test(start_paused = true)]
async fn r4_what_the_server_has_under_an_unguarded_key_is_not_used_by_its_writer() {
    let fleet = Fleet::new();
    let [writer, reader] = fleet.nodes().await;
    reader.read(ADA).await;
    let (write, again) = begin_and_fail(&writer).await;
    fleet.database.commit(ADA);
    assert_eq!(fleet.shared(ADA).await, Some(1));
    assert_eq!(writer.read(ADA).await, 2);
    again.iter().for_each(Gate::open);
    settle().await;
    writer.reads_and_keeps_nothing(ADA).await;
    let _receipt = write.finish().await.unwrap();
    writer.reads_and_keeps(ADA).await;
}

#[tokio::test(start_paused = true)]
async fn r4_a_guard_that_comes_too_late_still_removes_what_it_was_to_keep_away() {
    let fleet = Fleet::new();
    let [writer, reader] = fleet.nodes().await;
    reader.read(ADA).await;
    writer.faults.freeze();
    let write = writer.users.begin_write([&ADA]).await.unwrap();
    fleet.database.commit(ADA);
    drop(write);
    sleep(ms(2 * GUARD)).await;
    writer.faults.thaw();
    sleep(2 * bound()).await;
    assert_eq!(writer.larder.deferred(), 0);
    reader.reads_and_keeps(ADA).await;
}

#[tokio::test(start_paused = true)]
async fn r4_a_failover_ends_no_guard_and_brings_back_none() {
    let fleet = Fleet::new();
    let [writer, reader] = fleet.nodes().await;
    let faults = fleet.server.faults().unwrap();
    reader.read(ADA).await;
    faults.replicate();
    let write = writer.begin(ADA).await;
    faults.fail_over();
    sleep(bound()).await;
    assert_eq!(fleet.shared(ADA).await, None, "the old value came back, and was dropped again");
    reader.reads_and_keeps_nothing(ADA).await;
    faults.replicate();
    fleet.database.commit(ADA);
    let _receipt = write.finish().await.unwrap();
    faults.fail_over();
    sleep(bound()).await;
    for node in [&writer, &reader] {
        node.reads_and_keeps(ADA).await;
    }
}

#[tokio::test(start_paused = true)]
async fn r4_a_failover_ends_no_guard_that_has_held_for_long() {
    let fleet = Fleet::new();
    let [writer, reader] = fleet.nodes().await;
    let faults = fleet.server.faults().unwrap();
    faults.replicate();
    let _write = writer.users.begin_write_within(ms(600_000), [&ADA]).await.unwrap();
    sleep(ms(300_000)).await;
    let _other = writer.write(BOB).await;
    faults.fail_over();
    sleep(bound()).await;
    reader.reads_and_keeps_nothing(ADA).await;
    sleep(ms(300_000)).await;
    reader.reads_and_keeps(ADA).await;
}

#[tokio::test(start_paused = true)]
async fn r4_a_failover_brings_back_no_guard_of_a_write_that_was_finished_long_ago() {
    let fleet = Fleet::new();
    let [writer, reader] = fleet.nodes().await;
    let write = writer.users.begin_write_within(ms(600_000), [&ADA]).await.unwrap();
    let _receipt = write.finish().await.unwrap();
    fleet.server.faults().unwrap().replicate();
    sleep(ms(300_000)).await;
    let _other = writer.write(BOB).await;
    fleet.server.faults().unwrap().fail_over();
    sleep(bound()).await;
    reader.reads_and_keeps(ADA).await;
}
