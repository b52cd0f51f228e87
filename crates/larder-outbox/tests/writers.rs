//! Writers who tell the fleet themselves, right after COMMIT.

use larder::{DomainEvent, ErrorKind, Touched};
use larder_testkit::redis::RedisServer;

use crate::homes::{Home, OnSqlite, on_both};
use crate::rig::{Node, Renamed, until};

on_both! {
    who_commits_and_tells_has_a_receipt_and_sees_the_write_at_once,
    who_cannot_reach_the_shared_tier_has_a_deferred_receipt_and_a_row,
}

async fn who_commits_and_tells_has_a_receipt_and_sees_the_write_at_once<H: Home>() {
    let (home, redis) = (H::start().await, RedisServer::start().unwrap());
    let (ours, theirs) = (Node::start(&redis).await, Node::start(&redis).await);
    ours.load(7).await;
    theirs.load(7).await;
    let transaction = home.pool().begin().await.unwrap();
    let receipt = home.outbox().commit(transaction, &ours.larder, &Renamed(7)).await.unwrap().unwrap();
    assert!(!receipt.is_deferred() && !receipt.tokens().is_empty());
    assert!(!ours.has(7).await);
    assert!(theirs.users.reading().at_least(&receipt).get(&7_u64).await.unwrap().is_none());
    // It stays for the relay, for nobody knows that this process lived so long.
    assert_eq!(home.outbox().backlog().await.unwrap().pending, 1);
}

async fn who_cannot_reach_the_shared_tier_has_a_deferred_receipt_and_a_row<H: Home>() {
    let (home, redis) = (H::start().await, RedisServer::start().unwrap());
    let node = Node::start(&redis).await;
    redis.kill().unwrap();
    let transaction = home.pool().begin().await.unwrap();
    let receipt = home.outbox().commit(transaction, &node.larder, &Renamed(7)).await.unwrap();
    assert!(receipt.is_some_and(|receipt| receipt.is_deferred()));
    assert_eq!(home.outbox().backlog().await.unwrap().pending, 1);
}

#[tokio::test]
async fn who_was_shut_down_has_no_receipt_and_a_row() {
    let (home, redis) = (OnSqlite::start().await, RedisServer::start().unwrap());
    let node = Node::start(&redis).await;
    node.larder.shut_down().await;
    let transaction = home.pool().begin().await.unwrap();
    let receipt = home.outbox().commit(transaction, &node.larder, &Renamed(7)).await.unwrap();
    assert_eq!(receipt, None);
    assert_eq!(home.outbox().backlog().await.unwrap().pending, 1);
    // A relay that nobody hears ends by itself, and leaves the row to another.
    let relay = larder_outbox::Relay::new(home.outbox(), &node.larder).unwrap();
    relay.run().await;
    assert_eq!(home.outbox().backlog().await.unwrap().pending, 1);
}

#[tokio::test]
async fn an_event_without_proper_names_is_not_committed() {
    struct Nameless;

    impl DomainEvent for Nameless {
        fn touches(&self, touched: &mut Touched) {
            touched.key("No Name", &7);
        }
    }

    let (home, redis) = (OnSqlite::start().await, RedisServer::start().unwrap());
    let node = Node::start(&redis).await;
    let mut transaction = home.pool().begin().await.unwrap();
    home.outbox().announce(&mut transaction, &Renamed(7)).await.unwrap();
    let error = home.outbox().commit(transaction, &node.larder, &Nameless).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    until("it is rolled back", async || home.outbox().backlog().await.unwrap().pending == 0).await;
}
