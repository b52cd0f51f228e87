//! What becomes of rows while something is away.

use larder_outbox::Relay;
use larder_testkit::redis::RedisServer;

use crate::homes::{Home, on_both};
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
