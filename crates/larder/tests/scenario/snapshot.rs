//! A server that goes on from a state so old that nobody remembers all that it was told since.

use async_trait::async_trait;
use larder::memory::{MemoryBus, ServerFaults};
use larder::{Larder, Result};
use larder_core::{
    Announced, AppName, Assurance, Bus, BusEvent, Chain, Frame, Notice, Remote, Sequence, Subscription,
};
use tokio::time::sleep;

use super::pausing::Point;
use super::rig::*;

/// Has a snapshot with an old value of Ada's and a current one of Bob's, and lets time pass. Both have been written before, so
/// that their chains have begun.
async fn with_snapshot(fleet: &Fleet, writer: &Node, reader: &Node) -> ServerFaults {
    let faults = fleet.server.faults().unwrap();
    for key in [ADA, BOB] {
        let _receipt = writer.write(key).await;
        reader.read(key).await;
    }
    faults.replicate();
    let _receipt = writer.write(ADA).await;
    assert_eq!(reader.read(ADA).await, 3);
    sleep(MINUTES).await;
    faults
}

#[tokio::test(start_paused = true)]
async fn r5_what_came_back_from_long_ago_is_not_believed() {
    let fleet = Fleet::new();
    let [writer, reader] = fleet.nodes().await;
    let faults = with_snapshot(&fleet, &writer, &reader).await;
    faults.fail_over();
    settle().await;
    assert_eq!(fleet.shared(ADA).await, None, "the old value came back, and counts for nothing");
    assert_eq!((writer.read(ADA).await, reader.read(ADA).await), (3, 3));
    assert!(writer.larder.is_in_sync() && reader.larder.is_in_sync());

    // Once is enough: what is loaded from then on stays.
    assert_eq!(reader.read(BOB).await, 2);
    sleep(MINUTES).await;
    assert_eq!((fleet.shared(ADA).await, fleet.shared(BOB).await), (Some(3), Some(2)));
}

#[tokio::test(start_paused = true)]
async fn r5_a_write_does_not_hide_that_a_state_is_old() {
    let fleet = Fleet::new();
    let [writer, reader] = fleet.nodes().await;
    let faults = with_snapshot(&fleet, &writer, &reader).await;
    // Nobody hears of the new server before the chain goes on there.
    for node in [&writer, &reader] {
        node.faults.silence();
    }
    faults.fail_over();
    let _receipt = writer.write(sibling(ADA)).await;
    settle().await;
    assert_eq!(fleet.shared(ADA).await, None);
}

/// A bus that says that a server is another, and where that stands only when it has been told where it stood.
#[derive(Debug)]
struct Slow(MemoryBus);

#[derive(Debug)]
struct SlowSubscription {
    inner: Box<dyn Subscription>,
    is_other: bool,
}

#[async_trait]
impl Bus for Slow {
    fn assurance(&self) -> Assurance {
        self.0.assurance()
    }

    fn frame(&self, notice: &Notice) -> Frame {
        self.0.frame(notice)
    }

    async fn publish(&self, notice: &Notice, announced: Announced) -> Result<()> {
        self.0.publish(notice, announced).await
    }

    async fn subscribe(&self) -> Result<Box<dyn Subscription>> {
        Ok(Box::new(SlowSubscription { inner: self.0.subscribe().await?, is_other: false }))
    }
}

#[async_trait]
impl Subscription for SlowSubscription {
    async fn next(&mut self) -> Option<BusEvent> {
        let mut event = self.inner.next().await?;
        if self.is_other && matches!(event, BusEvent::SyncPoint { .. }) {
            event = self.inner.next().await?;
        }
        self.is_other = event == BusEvent::Reincarnated;
        Some(event)
    }
}

#[tokio::test(start_paused = true)]
async fn r5_who_tells_a_server_where_it_stood_does_not_hide_that_its_state_is_old() {
    let fleet = Fleet::new();
    let [writer, reader] = fleet.nodes().await;
    let faults = with_snapshot(&fleet, &writer, &reader).await;
    drop((writer, reader));
    let link = fleet.server.connect(&AppName::new("test.shop").unwrap());
    let builder = Larder::builder("test.shop").upstream(link.remote(), Slow(link.bus()));
    let _slow = builder.clock(fleet.clock.clone()).build().await.unwrap();
    // Between two questions, or the second one is answered before anything is told.
    sleep(2 * bound() + interval() / 2).await;
    faults.fail_over();
    sleep(2 * bound()).await;
    assert_eq!(fleet.shared(ADA).await, None);
}

/// Where the server is with what Ada's key belongs to.
async fn position(fleet: &Fleet) -> Sequence {
    let chain = Chain::Keys(key(ADA).hash().partition());
    let link = fleet.server.connect(&AppName::new("test.shop").unwrap());
    let all = link.remote().sequences().await.unwrap();
    all.into_iter().find(|(other, _)| *other == chain).unwrap().1
}

/// If it died in the middle, nobody else could find out.
#[tokio::test(start_paused = true)]
async fn r5_who_finds_an_old_state_tells_that_before_it_hides_it() {
    let fleet = Fleet::new();
    let [writer, reader] = fleet.nodes().await;
    let faults = with_snapshot(&fleet, &writer, &reader).await;
    let before = position(&fleet).await;
    reader.faults.silence();
    let telling = writer.remote.pause(Point::BeforeInvalidate);
    faults.fail_over();
    telling.reached().await;
    assert!(position(&fleet).await < before);
    telling.open();
    settle().await;
    assert_eq!(position(&fleet).await, before);
    assert_eq!(fleet.shared(ADA).await, None);
}

#[tokio::test(start_paused = true)]
async fn r5_a_state_of_a_moment_ago_costs_nothing() {
    let fleet = Fleet::new();
    let [writer, reader] = fleet.nodes().await;
    let faults = with_snapshot(&fleet, &writer, &reader).await;
    faults.replicate();
    let _receipt = writer.write(ADA).await;
    sleep(5 * bound()).await;
    faults.fail_over();
    sleep(bound()).await;
    assert_eq!((writer.read(ADA).await, reader.read(ADA).await), (4, 4));
    assert_eq!(fleet.shared(BOB).await, Some(2), "what nobody has written since is still there");
}

#[tokio::test(start_paused = true)]
async fn r5_an_empty_server_is_not_emptied_again() {
    let fleet = Fleet::new();
    let [writer, reader] = fleet.nodes().await;
    for key in [ADA, BOB] {
        let _receipt = writer.write(key).await;
    }
    sleep(MINUTES).await;
    fleet.server.faults().unwrap().fail_over();
    assert_eq!(reader.read(ADA).await, 2);
    sleep(MINUTES).await;
    assert_eq!(fleet.shared(ADA).await, Some(2), "what was loaded first is still there");
}

#[tokio::test(start_paused = true)]
async fn r5_who_has_just_started_knows_an_old_state_by_what_it_was_told_first() {
    let fleet = Fleet::new();
    let [writer, reader] = fleet.nodes().await;
    let faults = with_snapshot(&fleet, &writer, &reader).await;
    drop((writer, reader));
    let young = fleet.node().await;
    faults.fail_over();
    settle().await;
    assert_eq!(fleet.shared(ADA).await, None);
    assert_eq!(young.read(ADA).await, 3);
}
