//! What an outbox promises on either database.

use std::time::Duration;

use larder_outbox::Relay;
use larder_testkit::redis::RedisServer;
use tokio::time::sleep;

use crate::homes::{Home, OnSqlite, on_both};
use crate::rig::{APP, Node, Renamed, emptied, until, write};

on_both! {
    what_is_committed_is_told_and_then_gone,
    what_is_rolled_back_was_nothing,
    a_row_that_cannot_be_read_is_set_aside_and_in_nobodys_way,
    what_was_set_aside_is_read_by_a_leader_who_can,
    a_second_announcement_comes_after_its_delay_whoever_leads_then,
    apps_that_share_a_table_are_told_their_own,
    several_processes_can_make_the_table_at_once,
    more_rows_than_one_batch_are_all_told,
}

async fn what_is_committed_is_told_and_then_gone<H: Home>() {
    let (home, redis) = (H::start().await, RedisServer::start().unwrap());
    let (ours, theirs) = (Node::start(&redis).await, Node::start(&redis).await);
    theirs.load(7).await;
    write(&home, home.outbox(), 7).await;
    let backlog = home.outbox().backlog().await.unwrap();
    assert_eq!((backlog.pending, backlog.again, backlog.unreadable), (1, 0, 0));
    until("the lag grows", async || home.outbox().backlog().await.unwrap().lag >= Duration::from_millis(20))
        .await;
    assert!(theirs.has(7).await);

    let relay = Relay::new(home.outbox(), &ours.larder).unwrap().spawn();
    theirs.forgets(7).await;
    emptied::<H>(home.outbox()).await;
    until("it has counted", async || relay.stats().await.unwrap().handled == 1).await;
    let stats = relay.stats().await.unwrap();
    assert!(stats.is_leader && stats.repeated == 0 && stats.trouble.is_none(), "{stats:?}");
    assert_eq!(stats.backlog.lag, Duration::ZERO);
    relay.stop().await;
}

async fn what_is_rolled_back_was_nothing<H: Home>() {
    let home = H::start().await;
    let mut transaction = home.pool().begin().await.unwrap();
    home.outbox().announce(&mut transaction, &Renamed(7)).await.unwrap();
    transaction.rollback().await.unwrap();
    assert_eq!(home.outbox().backlog().await.unwrap().pending, 0);
    // A row that is committed would have counted.
    write(&home, home.outbox(), 7).await;
    assert_eq!(home.outbox().backlog().await.unwrap().pending, 1);
}

#[tokio::test]
async fn an_event_that_touches_nothing_leaves_no_row() {
    struct Nothing;

    impl larder::DomainEvent for Nothing {
        fn touches(&self, _: &mut larder::Touched) {}
    }

    let home = OnSqlite::start().await;
    let mut transaction = home.pool().begin().await.unwrap();
    home.outbox().announce(&mut transaction, &Nothing).await.unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(home.outbox().backlog().await.unwrap().pending, 0);
}

async fn a_row_that_cannot_be_read_is_set_aside_and_in_nobodys_way<H: Home>() {
    let (home, redis) = (H::start().await, RedisServer::start().unwrap());
    let node = Node::start(&redis).await;
    node.load(7).await;
    home.execute(&format!("INSERT INTO larder_outbox (app, touched) VALUES ('{APP}', 'larder 99')")).await;
    write(&home, home.outbox(), 7).await;
    let relay = Relay::new(home.outbox(), &node.larder).unwrap().spawn();
    node.forgets(7).await;
    emptied::<H>(home.outbox()).await;
    assert_eq!(home.outbox().backlog().await.unwrap().unreadable, 1);
    let unreadable = home.outbox().unreadable().await.unwrap();
    assert_eq!(unreadable.len(), 1);
    let row = unreadable.first().unwrap();
    assert_eq!(row.touched, "larder 99");
    assert!(row.reason.contains("cannot read"), "{row:?}");
    relay.stop().await;
}

async fn what_was_set_aside_is_read_by_a_leader_who_can<H: Home>() {
    let (home, redis) = (H::start().await, RedisServer::start().unwrap());
    let node = Node::start(&redis).await;
    node.load(7).await;
    write(&home, home.outbox(), 7).await;
    home.execute("UPDATE larder_outbox SET set_aside = 'an older build led'").await;
    assert_eq!(home.outbox().backlog().await.unwrap().unreadable, 1);
    let relay = Relay::new(home.outbox(), &node.larder).unwrap().spawn();
    node.forgets(7).await;
    until("nothing is set aside", async || home.outbox().backlog().await.unwrap().unreadable == 0).await;
    relay.stop().await;
}

async fn a_second_announcement_comes_after_its_delay_whoever_leads_then<H: Home>() {
    let (home, redis) = (H::start().await, RedisServer::start().unwrap());
    let (ours, theirs) = (Node::start(&redis).await, Node::start(&redis).await);
    theirs.load(7).await;
    let delay = Duration::from_secs(4);
    let outbox = home.outbox().clone().again_after(delay);
    write(&home, &outbox, 7).await;
    let first = Relay::new(home.outbox(), &ours.larder).unwrap().spawn();
    theirs.forgets(7).await;
    until("it waits for the second", async || home.outbox().backlog().await.unwrap().again == 1).await;
    // It came from a replica that lags, and is what was before the write.
    theirs.load(7).await;
    first.stop().await;
    assert_eq!(home.outbox().backlog().await.unwrap().again, 1);

    let second = Relay::new(home.outbox(), &ours.larder).unwrap().spawn();
    sleep(Duration::from_millis(200)).await;
    assert!(theirs.has(7).await, "it was announced before its time");
    let took = theirs.forgets(7).await;
    assert!(took > Duration::from_millis(200), "it was announced before its time: {took:?}");
    emptied::<H>(home.outbox()).await;
    until("it has counted", async || second.stats().await.unwrap().repeated == 1).await;
    assert_eq!(second.stats().await.unwrap().handled, 0);
    second.stop().await;
}

async fn apps_that_share_a_table_are_told_their_own<H: Home>() {
    let (home, redis) = (H::start().await, RedisServer::start().unwrap());
    let node = Node::start(&redis).await;
    node.load(7).await;
    let other = home.outbox_of("test.bar");
    write(&home, &other, 7).await;
    write(&home, home.outbox(), 8).await;
    assert!(Relay::new(&other, &node.larder).is_err(), "nobody of that app would hear it");
    let relay = Relay::new(home.outbox(), &node.larder).unwrap().spawn();
    emptied::<H>(home.outbox()).await;
    assert_eq!(other.backlog().await.unwrap().pending, 1);
    assert!(node.has(7).await);
    relay.stop().await;
}

async fn several_processes_can_make_the_table_at_once<H: Home>() {
    let home = H::start().await;
    home.execute("DROP TABLE larder_outbox").await;
    let makers: Vec<_> = (0..4)
        .map(|_| {
            let outbox = home.outbox().clone();
            tokio::spawn(async move { outbox.migrate().await })
        })
        .collect();
    for maker in makers {
        maker.await.unwrap().unwrap();
    }
    write(&home, home.outbox(), 7).await;
}

async fn more_rows_than_one_batch_are_all_told<H: Home>() {
    let (home, redis) = (H::start().await, RedisServer::start().unwrap());
    let node = Node::start(&redis).await;
    for id in 0..600 {
        node.load(id).await;
    }
    let mut transaction = home.pool().begin().await.unwrap();
    for id in 0..600 {
        home.outbox().announce(&mut transaction, &Renamed(id)).await.unwrap();
    }
    transaction.commit().await.unwrap();
    let relay = Relay::new(home.outbox(), &node.larder).unwrap().spawn();
    for id in 0..600 {
        node.forgets(id).await;
    }
    until("it has counted", async || relay.stats().await.unwrap().handled == 600).await;
    relay.stop().await;
}
