//! What is Postgres's own: transactions side by side, notifications, a server that goes away.

use std::time::Duration;

use larder_outbox::{Outbox, Relay};
use larder_testkit::redis::RedisServer;
use sqlx::postgres::PgListener;

use crate::homes::{Home, OnPostgres};
use crate::rig::{APP, Node, Renamed, emptied, until, write};

const HOUR: Duration = Duration::from_hours(1);

/// Where writers that are not silent say so.
const CHANNEL: &str = "larder_outbox";

/// Its number is below that of a row that is gone when it appears.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transaction_that_commits_late_is_told_all_the_same() {
    let (home, redis) = (OnPostgres::start().await, RedisServer::start().unwrap());
    let node = Node::start(&redis).await;
    node.load(1).await;
    node.load(2).await;
    let relay = Relay::new(home.outbox(), &node.larder).unwrap().spawn();
    let mut late = home.pool().begin().await.unwrap();
    home.outbox().announce(&mut late, &Renamed(1)).await.unwrap();
    write(&home, home.outbox(), 2).await;
    node.forgets(2).await;
    emptied::<OnPostgres>(home.outbox()).await;
    assert!(node.has(1).await);
    late.commit().await.unwrap();
    node.forgets(1).await;
    emptied::<OnPostgres>(home.outbox()).await;
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relay_is_told_of_a_row_and_need_not_look() {
    let (home, redis) = (OnPostgres::start().await, RedisServer::start().unwrap());
    let node = Node::start(&redis).await;
    let relay = Relay::new(home.outbox(), &node.larder).unwrap().look_every(HOUR).spawn();
    until("it leads", async || relay.is_leader()).await;
    for id in 0..5 {
        node.load(id).await;
        write(&home, home.outbox(), id).await;
        node.forgets(id).await;
    }
    relay.stop().await;
}

/// Postgres delivers in the order of commits: whatever the silent row had said would come before the end.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_silent_row_is_told_to_nobody() {
    let home = OnPostgres::start().await;
    let mut listener = PgListener::connect_with(home.pool()).await.unwrap();
    listener.listen(CHANNEL).await.unwrap();
    write(&home, home.outbox(), 1).await;
    write(&home, &home.outbox().clone().silent(), 2).await;
    home.execute("NOTIFY larder_outbox, 'the end'").await;
    assert_eq!(listener.recv().await.unwrap().payload(), "larder_outbox");
    assert_eq!(listener.recv().await.unwrap().payload(), "the end");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_silent_row_is_found_at_the_next_look() {
    let (home, redis) = (OnPostgres::start().await, RedisServer::start().unwrap());
    let node = Node::start(&redis).await;
    let silent = home.outbox().clone().silent();
    let relay =
        Relay::new(home.outbox(), &node.larder).unwrap().look_every(Duration::from_millis(50)).spawn();
    until("it leads", async || relay.is_leader()).await;
    for id in 0..3 {
        node.load(id).await;
        write(&home, &silent, id).await;
        node.forgets(id).await;
    }
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relay_comes_back_with_its_database() {
    let (home, redis) = (OnPostgres::start().await, RedisServer::start().unwrap());
    let node = Node::start(&redis).await;
    node.load(7).await;
    let relay = Relay::new(home.outbox(), &node.larder).unwrap().spawn();
    until("it leads", async || relay.is_leader()).await;
    home.server.crash().unwrap();
    until("it leads no more", async || !relay.is_leader()).await;
    assert!(relay.stats().await.is_err());
    home.server.restart().unwrap();
    // The connections of the pool are broken, and it takes as many errors to find out.
    let (pool, outbox) = OnPostgres::find(&home.server.url()).await;
    let mut transaction = pool.begin().await.unwrap();
    outbox.announce(&mut transaction, &Renamed(7)).await.unwrap();
    transaction.commit().await.unwrap();
    node.forgets(7).await;
    until("it leads again", async || relay.is_leader()).await;
    relay.stop().await;
}

/// Rows in a schema of its own, by a name that is a word of the language.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_table_can_be_named_as_one_likes() {
    let (home, redis) = (OnPostgres::start().await, RedisServer::start().unwrap());
    let node = Node::start(&redis).await;
    home.execute("CREATE SCHEMA billing").await;
    let outbox = Outbox::postgres_table(home.pool.clone(), APP, "billing.order").unwrap();
    outbox.migrate().await.unwrap();
    let relay = Relay::new(&outbox, &node.larder).unwrap().look_every(HOUR).spawn();
    until("it leads", async || relay.is_leader()).await;
    node.load(7).await;
    write(&home, &outbox, 7).await;
    node.forgets(7).await;
    relay.stop().await;
}
