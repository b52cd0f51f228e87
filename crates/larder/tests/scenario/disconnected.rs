//! What the local tier is good for while nothing is heard.

use larder::{Tier, WhileDisconnected};
use tokio::time::sleep;

use super::rig::*;

/// A reader that has Ada and is then cut off the bus, and a writer.
async fn cut_off(what: WhileDisconnected) -> (Fleet, Node, Node) {
    let fleet = Fleet::new();
    let reader = fleet.node_with(|users| users.while_disconnected(what)).await;
    let writer = fleet.node().await;
    reader.read(ADA).await;
    reader.faults.cut();
    settle().await;
    assert!(!reader.larder.is_in_sync());
    (fleet, reader, writer)
}

#[tokio::test(start_paused = true)]
async fn bounded_keeps_what_it_reads_for_the_bound_and_no_longer() {
    let (fleet, reader, writer) = cut_off(WhileDisconnected::Bounded).await;
    assert_eq!(reader.hit(ADA).await.tier(), Tier::Remote, "what it had is suspect");
    assert_eq!(reader.hit(ADA).await.tier(), Tier::Local);
    let _unheard = writer.write(ADA).await;
    sleep(bound().saturating_sub(ms(1))).await;
    assert_eq!(*reader.hit(ADA).await, 1);
    sleep(ms(1)).await;
    assert_eq!(*reader.hit(ADA).await, 2);
    assert_eq!(fleet.database.loads(), 2);
}

#[tokio::test(start_paused = true)]
async fn bounded_counts_from_the_question_and_not_from_the_answer() {
    let fleet = Fleet::new();
    let [reader, writer] = fleet.nodes().await;
    reader.faults.cut();
    settle().await;
    fleet.database.set_latency(bound().saturating_sub(ms(100)));
    assert_eq!(reader.read(ADA).await, 1);
    let _unheard = writer.write(ADA).await;
    fleet.database.set_latency(ms(0));
    assert_eq!(reader.hit(ADA).await.tier(), Tier::Local);
    sleep(ms(100)).await;
    assert_eq!(reader.read(ADA).await, 2);
}

#[tokio::test(start_paused = true)]
async fn bounded_asks_the_origin_once_in_the_bound_if_there_is_no_shared_tier_either() {
    let (fleet, reader, _writer) = cut_off(WhileDisconnected::Bounded).await;
    reader.faults.freeze();
    let loads = fleet.database.loads();
    for _ in 0..40 {
        reader.read(ADA).await;
        sleep(bound() / 10).await;
    }
    assert_eq!(fleet.database.loads() - loads, 4);
}

#[tokio::test(start_paused = true)]
async fn bypass_keeps_nothing() {
    let (fleet, reader, writer) = cut_off(WhileDisconnected::Bypass).await;
    for version in 1..5 {
        assert_eq!(reader.read(ADA).await, version);
        assert_eq!(reader.hit(ADA).await.tier(), Tier::Remote);
        let _unheard = writer.write(ADA).await;
    }
    assert_eq!(reader.read(ADA).await, 5);
    assert!(!reader.users.contains_local(&ADA));
    assert_eq!(fleet.database.loads(), 5);
}

#[tokio::test(start_paused = true)]
async fn serve_serves_what_is_there_and_says_so() {
    let (_fleet, reader, writer) = cut_off(WhileDisconnected::Serve).await;
    let _unheard = writer.write(ADA).await;
    let hit = reader.hit(ADA).await;
    assert!((*hit, hit.tier(), hit.is_stale()) == (1, Tier::Local, true), "{hit:?}");
    reader.faults.mend();
    settle().await;
    let hit = reader.hit(ADA).await;
    assert!((*hit, hit.is_stale()) == (2, false), "{hit:?}");
}

#[tokio::test(start_paused = true)]
async fn what_is_written_here_is_seen_here_while_cut_off() {
    for what in [WhileDisconnected::Bounded, WhileDisconnected::Bypass, WhileDisconnected::Serve] {
        let (_fleet, reader, _writer) = cut_off(what).await;
        for version in 2..5 {
            let _receipt = reader.write(ADA).await;
            assert_eq!(reader.read(ADA).await, version, "{what:?}");
            assert_eq!(reader.read(ADA).await, version, "{what:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn after_a_reconnect_values_are_revalidated_and_not_loaded_anew() {
    let (fleet, reader, _writer) = cut_off(WhileDisconnected::Bounded).await;
    reader.faults.mend();
    settle().await;
    assert!(reader.larder.is_in_sync());
    let loads = fleet.database.loads();
    assert_eq!(reader.hit(ADA).await.tier(), Tier::Remote);
    assert_eq!(reader.hit(ADA).await.tier(), Tier::Local);
    sleep(10 * bound()).await;
    assert_eq!(reader.hit(ADA).await.tier(), Tier::Local, "it is kept as long as ever");
    assert_eq!(fleet.database.loads(), loads);
}

#[tokio::test(start_paused = true)]
async fn a_load_that_began_while_cut_off_is_not_trusted_after_the_reconnect() {
    let (fleet, reader, writer) = cut_off(WhileDisconnected::Bounded).await;
    let _unheard = writer.write(ADA).await;
    reader.faults.fail(1);
    let slow = reader.reading_up_to(fleet.database.pause(), ADA).await;
    let _unheard = writer.write(ADA).await;
    reader.faults.mend();
    settle().await;
    assert!(reader.larder.is_in_sync());
    assert_eq!(slow.end().await, 2);
    assert_eq!(reader.read(ADA).await, 3);
}

/// It is not known whether it has been overtaken.
#[tokio::test(start_paused = true)]
async fn nobody_waits_while_cut_off_for_a_load_that_began_before_the_bound() {
    let fleet = Fleet::new();
    let [node, other] = fleet.nodes().await;
    node.faults.cut();
    sleep(2 * bound()).await;
    let slow = node.reading_up_to(fleet.database.pause(), ADA).await;
    let _receipt = other.write(ADA).await;
    sleep(bound() + ms(1)).await;
    assert_eq!(node.read(ADA).await, 2);
    assert_eq!(slow.end().await, 1);
}
