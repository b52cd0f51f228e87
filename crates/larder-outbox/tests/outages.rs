//! What becomes of rows while something is away.

use larder_outbox::Relay;
use larder_testkit::redis::{RedisCluster, RedisServer};

use crate::homes::{Home, OnSqlite, on_both};
use crate::rig::{Node, emptied, until, write};

on_both! {
    a_row_stays_until_the_shared_tier_was_told,
}

async fn a_row_stays_until_the_shared_tier_was_told<H: Home>() {
    let (home, redis) = (H::start().await, RedisServer::start().unwrap());
    let node = Node::start(&redis).await;
    redis.kill().unwrap();
    let relay = Relay::new(home.outbox(), &node.larder).unwrap().spawn();
    for id in 0..6 {
        write(&home, home.outbox(), id).await;
    }
    until("the relay is in trouble", async || relay.stats().await.unwrap().trouble.is_some()).await;
    let stats = relay.stats().await.unwrap();
    assert_eq!((stats.backlog.pending, stats.handled), (6, 0), "{stats:?}");
    // This process forgets what it could not tell, and the next one knows nothing of it.
    relay.stop().await;
    drop(node);
    redis.restart().unwrap();
    let (ours, theirs) = (Node::start(&redis).await, Node::start(&redis).await);
    theirs.load(5).await;
    let relay = Relay::new(home.outbox(), &ours.larder).unwrap().spawn();
    theirs.forgets(5).await;
    emptied::<H>(home.outbox()).await;
    until("it has recovered", async || relay.stats().await.unwrap().trouble.is_none()).await;
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_part_of_a_cluster_cannot_be_told_does_not_hold_up_the_rest() {
    const ROWS: u64 = 40;

    let cluster = RedisCluster::with(["--cluster-require-full-coverage", "no"]).unwrap();
    let (home, node) = (OnSqlite::start().await, Node::at(&cluster.url()).await);
    let relay = Relay::new(home.outbox(), &node.larder).unwrap().spawn();
    let lost = *cluster.masters().unwrap().first().unwrap();
    cluster.replica_of(lost).unwrap().kill().unwrap();
    lost.kill().unwrap();
    for id in 0..ROWS {
        write(&home, home.outbox(), id).await;
    }
    // A third of the keys is there, more or less.
    until("the others are told", async || home.outbox().backlog().await.unwrap().pending <= ROWS * 6 / 10)
        .await;
    let stats = relay.stats().await.unwrap();
    assert!(stats.backlog.pending > 0 && stats.handled > 0, "{stats:?}");
    lost.restart().unwrap();
    emptied::<OnSqlite>(home.outbox()).await;
    until("it has counted", async || relay.stats().await.unwrap().handled == ROWS).await;
    relay.stop().await;
}
