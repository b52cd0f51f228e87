//! What is published of an outbox.

// The same as for a cache.
#[path = "../../larder/tests/behavior/metrics/recorder.rs"]
#[expect(clippy::panic, reason = "what is not published that way fails a test by its name")]
mod recorder;

use std::time::Duration;

use larder_outbox::Relay;
use larder_testkit::redis::RedisServer;
use metrics::set_default_local_recorder;

use crate::homes::{Home, OnSqlite};
use crate::rig::{Node, emptied, until, write};
use recorder::Published;

#[tokio::test]
async fn what_is_to_be_watched_is_published() {
    let (home, redis) = (OnSqlite::start().await, RedisServer::start().unwrap());
    let node = Node::start(&redis).await;
    write(&home, home.outbox(), 7).await;
    let published = Published::default();
    let _guard = set_default_local_recorder(&published);
    let relay = Relay::new(home.outbox(), &node.larder).unwrap().spawn();
    relay.publish_metrics().await.unwrap();
    // Not when, for it may have told already.
    assert!(published.value("larder_outbox_lag_seconds{app=test.shop}").is_some());
    published.forget();
    emptied::<OnSqlite>(home.outbox()).await;
    until("it has counted", async || relay.stats().await.unwrap().handled == 1).await;

    relay.publish_metrics().await.unwrap();
    for (name, value) in [
        ("lag_seconds{app=test.shop}", 0.0),
        ("rows{app=test.shop,state=pending}", 0.0),
        ("rows{app=test.shop,state=again}", 0.0),
        ("rows{app=test.shop,state=unreadable}", 0.0),
        ("leads{app=test.shop}", 1.0),
        ("told_total{app=test.shop}", 1.0),
        ("repeated_total{app=test.shop}", 0.0),
    ] {
        assert_eq!(published.value(&format!("larder_outbox_{name}")), Some(value), "{name}");
    }
    assert_eq!(published.names().len(), 7);
    relay.stop().await;
}

#[tokio::test]
async fn a_relay_publishes_by_itself_if_it_is_told_to() {
    let (home, redis) = (OnSqlite::start().await, RedisServer::start().unwrap());
    let node = Node::start(&redis).await;
    let published = Published::default();
    let _guard = set_default_local_recorder(&published);
    let relay = Relay::new(home.outbox(), &node.larder).unwrap();
    let relay = relay.metrics_every(Duration::from_hours(1)).spawn();
    until("it publishes", async || published.value("larder_outbox_lag_seconds{app=test.shop}").is_some())
        .await;
    // It ends all the same.
    relay.stop().await;
}
