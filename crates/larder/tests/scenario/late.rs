//! Loads and reads that an invalidation overtakes.

use larder::Tier;
use larder_core::{Frame, Guard, Invalidation, Notice, Remote, Ttl};

use super::pausing::Point;
use super::rig::*;

#[tokio::test(start_paused = true)]
async fn r1_a_fill_that_an_invalidation_overtook_is_rejected_everywhere() {
    let fleet = Fleet::new();
    let [reader, writer] = fleet.nodes().await;
    let slow = reader.reading_up_to(fleet.database.pause(), ADA).await;
    let _receipt = writer.write(ADA).await;
    settle().await;

    assert_eq!(slow.end().await, 1, "its caller came before the write");
    assert_eq!(fleet.shared(ADA).await, None);
    assert_eq!((reader.tier(ADA).await, writer.tier(ADA).await), (None, None));
    assert_eq!((reader.read(ADA).await, writer.read(ADA).await), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn r1_a_refused_fill_leaves_nothing_here_though_the_notice_is_late() {
    let fleet = Fleet::new();
    let [reader, writer] = fleet.nodes().await;
    let slow = reader.reading_up_to(fleet.database.pause(), ADA).await;
    reader.faults.hold();
    let _receipt = writer.write(ADA).await;

    assert_eq!(slow.end().await, 1);
    assert_eq!(reader.tier(ADA).await, None);
    assert_eq!(reader.read(ADA).await, 2);
}

#[tokio::test(start_paused = true)]
async fn r1_a_load_without_a_lease_is_not_kept_either() {
    let fleet = Fleet::new();
    let [reader, writer] = fleet.nodes().await;
    reader.faults.fail(1);
    let slow = reader.reading_up_to(fleet.database.pause(), ADA).await;
    let _receipt = writer.write(ADA).await;
    settle().await;

    assert_eq!(slow.end().await, 1);
    assert_eq!(reader.read(ADA).await, 2);
}

#[tokio::test(start_paused = true)]
async fn r1_an_expire_fences_as_an_invalidation_does() {
    let fleet = Fleet::new();
    let [reader, writer] = fleet.nodes().await;
    let slow = reader.reading_up_to(fleet.database.pause(), ADA).await;
    fleet.database.commit(ADA);
    let _receipt = writer.users.expire(&ADA).await.unwrap();
    settle().await;

    assert_eq!(slow.end().await, 1);
    assert_eq!(fleet.shared(ADA).await, None);
    assert_eq!(reader.read(ADA).await, 2);
}

#[tokio::test(start_paused = true)]
async fn r1_a_fill_on_its_way_is_overtaken_as_a_load_is() {
    let fleet = Fleet::new();
    let [reader, writer] = fleet.nodes().await;
    let slow = reader.reading_up_to(reader.remote.pause(Point::BeforeFill), ADA).await;
    let _receipt = writer.write(ADA).await;

    assert_eq!(slow.end().await, 1);
    assert_eq!(fleet.shared(ADA).await, None);
    assert_eq!(reader.read(ADA).await, 2);
}

#[tokio::test(start_paused = true)]
async fn r1_a_fill_whose_answer_is_overtaken_is_dropped_again() {
    let fleet = Fleet::new();
    let [reader, writer] = fleet.nodes().await;
    let slow = reader.reading_up_to(reader.remote.pause(Point::AfterFill), ADA).await;
    let _receipt = writer.write(ADA).await;
    settle().await;

    assert_eq!(slow.end().await, 1);
    assert_eq!(fleet.shared(ADA).await, None);
    assert_eq!(reader.read(ADA).await, 2);
}

#[tokio::test(start_paused = true)]
async fn r2_a_shared_hit_that_a_notice_overtook_is_not_kept() {
    let fleet = Fleet::new();
    let [reader, writer] = fleet.nodes().await;
    writer.read(ADA).await;
    let slow = reader.reading_up_to(reader.remote.pause(Point::AfterGet), ADA).await;
    let _receipt = writer.write(ADA).await;
    settle().await;

    assert_eq!(slow.end().await, 1, "its caller came before the write");
    assert_eq!(reader.read(ADA).await, 2);
}

#[tokio::test(start_paused = true)]
async fn r2_a_shared_hit_that_a_flush_overtook_is_not_kept() {
    let fleet = Fleet::new();
    let [reader, writer] = fleet.nodes().await;
    writer.read(ADA).await;
    let slow = reader.reading_up_to(reader.remote.pause(Point::AfterGet), ADA).await;
    reader.faults.lose(1);
    let _lost = writer.write(ADA).await;
    let _tells = writer.users.invalidate(&sibling(ADA)).await.unwrap();
    settle().await;

    assert_eq!(slow.end().await, 1);
    assert_eq!(reader.read(ADA).await, 2);
}

#[tokio::test(start_paused = true)]
async fn r2_a_shared_hit_without_a_race_is_kept() {
    let fleet = Fleet::new();
    let [reader, writer] = fleet.nodes().await;
    writer.read(ADA).await;
    let slow = reader.reading_up_to(reader.remote.pause(Point::AfterGet), ADA).await;
    let _elsewhere = writer.write(BOB).await;
    settle().await;

    assert_eq!(slow.end().await, 1);
    assert_eq!(reader.tier(ADA).await, Some(Tier::Local));
    assert_eq!(fleet.database.loads(), 1);
}

#[tokio::test(start_paused = true)]
async fn r4_what_is_loaded_under_a_guarded_write_is_kept_nowhere() {
    let fleet = Fleet::new();
    let node = fleet.node().await;
    let (ada, guard) = (key(ADA), Guard::new(1));
    let partition = ada.hash().partition();
    let frame = Frame::Plain(Notice::Keys(partition, vec![ada.hash()]));
    let begins = Invalidation::Guard(partition, std::slice::from_ref(&ada), guard, Ttl::seconds(30));
    node.remote.invalidate(&begins, &frame).await.unwrap();
    settle().await;
    assert_eq!(node.read(ADA).await, 1);
    assert_eq!((node.tier(ADA).await, fleet.shared(ADA).await), (None, None));

    fleet.database.commit(ADA);
    let ends = Invalidation::Keys(partition, std::slice::from_ref(&ada), Some(guard));
    node.remote.invalidate(&ends, &frame).await.unwrap();
    settle().await;
    assert_eq!(node.read(ADA).await, 2);
    assert_eq!(node.tier(ADA).await, Some(Tier::Local));
}
