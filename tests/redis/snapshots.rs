//! A server that comes back with what it had on its disk.

use std::convert::Infallible;
use std::time::Duration;

use larder_testkit::redis::RedisServer;
use tokio::time::{Instant, sleep};

use super::world::{HEALING, Node};

const KEY: u64 = 7;

fn server() -> RedisServer {
    RedisServer::start().expect("redis-server is installed")
}

/// What somebody gets who asks the cache, and the database only if he must, which has `latest`.
async fn read(node: &Node, latest: u64) -> u64 {
    let load = move |_| async move { Ok::<_, Infallible>(latest) };
    *node.cache.get_or_load(&KEY, load).await.unwrap()
}

/// Has the server save what it has while `of` is in it, and then lets that be replaced by `by`, if there is one. No instance
/// remembers what it has told.
async fn save(server: &RedisServer, of: u64, by: Option<u64>) {
    let node = Node::new(&server.url()).await;
    assert!(!node.cache.invalidate(&KEY).await.unwrap().is_deferred());
    assert_eq!(read(&node, of).await, of);
    server.command(&["SAVE"]).unwrap();
    if let Some(by) = by {
        assert!(!node.cache.invalidate(&KEY).await.unwrap().is_deferred());
        assert_eq!(read(&node, by).await, by);
    }
    assert!(node.larder.shut_down().await);
}

async fn come_back(server: &RedisServer, node: &Node) {
    let losses = node.larder.stats().losses;
    server.kill().unwrap();
    server.restart().unwrap();
    let began = Instant::now();
    while node.larder.stats().losses == losses || !node.larder.is_in_sync() {
        assert!(began.elapsed() < HEALING, "{}", node.larder.health());
        sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn a_value_from_an_old_snapshot_is_not_believed() {
    let server = server();
    save(&server, 1, Some(2)).await;
    let [reader, other] = [Node::new(&server.url()).await, Node::new(&server.url()).await];
    assert_eq!(read(&reader, 2).await, 2);
    come_back(&server, &reader).await;
    assert_eq!((read(&reader, 2).await, read(&other, 2).await), (2, 2));
    let newcomer = Node::new(&server.url()).await;
    assert_eq!(newcomer.cache.get(&KEY).await.unwrap().map(|hit| *hit), Some(2));
}

#[tokio::test]
async fn a_server_that_saved_all_it_had_comes_back_warm() {
    let server = server();
    save(&server, 1, None).await;
    let reader = Node::new(&server.url()).await;
    come_back(&server, &reader).await;
    assert_eq!(read(&reader, 2).await, 1, "it has not been replaced, and nobody need load it");
}
