//! Nobody who has seen a write that was acknowledged sees, on the same node, what was before.

use larder::Tier;
use tokio::task::JoinHandle;

use super::pausing::Point;
use super::rig::*;

/// A read past the local tier, which no other read shares.
fn reading_past_local(node: &Node, key: u64) -> JoinHandle<u64> {
    let (users, database) = (node.users.clone(), node.database.clone());
    tokio::spawn(async move {
        *users.reading().skip_local().get_or_load(&key, move |key| database.load(key)).await.unwrap()
    })
}

#[tokio::test(start_paused = true)]
async fn what_is_kept_nowhere_leaves_nothing_older_here() {
    let fleet = Fleet::new();
    let [reader, writer] = fleet.nodes().await;
    assert_eq!(reader.read(ADA).await, 1);
    reader.faults.hold();
    let _second = writer.write(ADA).await;
    let gate = fleet.database.pause();
    let past = reading_past_local(&reader, ADA);
    gate.reached().await;
    // It overtakes the load, so that the server refuses what comes of it.
    let _third = writer.write(ADA).await;
    gate.open();

    assert_eq!(past.await.unwrap(), 2);
    assert_eq!(reader.tier(ADA).await, None);
    assert_eq!(reader.read(ADA).await, 3);
}

#[tokio::test(start_paused = true)]
async fn what_was_on_its_way_before_a_read_that_went_past_it_is_not_kept() {
    let fleet = Fleet::new();
    let [reader, writer] = fleet.nodes().await;
    assert_eq!(writer.read(ADA).await, 1);
    let slow = reader.reading_up_to(reader.remote.pause(Point::AfterGet), ADA).await;
    reader.faults.hold();
    let _second = writer.write(ADA).await;
    assert_eq!(reading_past_local(&reader, ADA).await.unwrap(), 2);

    assert_eq!(slow.end().await, 1, "its caller came before the write");
    assert_eq!(reader.tier(ADA).await, Some(Tier::Local));
    assert_eq!(reader.read(ADA).await, 2);
}
