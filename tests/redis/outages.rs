//! A single server that goes away, freezes, or forgets.

use std::time::Duration;

use larder_testkit::redis::RedisServer;
use tokio::time::{Instant, sleep};

use super::world::{BOUND, HEALING, Node, World};

/// Longer than it takes to fill the nodes.
const WARM: Duration = Duration::from_millis(500);

fn server() -> RedisServer {
    RedisServer::start().expect("redis-server is installed")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_nothing_is_broken_nothing_is_stale() {
    let server = server();
    let world = World::new(&server.url(), BOUND).await;
    world.in_sync_within(HEALING).await;
    sleep(WARM * 4).await;
    let verdict = world.judge().await;
    // A message needs less than a millisecond; the rest is for a machine that has much else to do.
    assert!(verdict.stalest < Duration::from_secs(1), "{verdict:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fleet_starts_without_its_server() {
    let server = server();
    server.kill().unwrap();
    let began = Instant::now();
    let world = World::new(&server.url(), BOUND).await;
    assert!(began.elapsed() < Duration::from_secs(15), "a start waits half a second and not for ever");
    assert!(world.nodes.iter().all(|node| !node.larder.is_in_sync()));
    sleep(WARM).await;
    server.restart().unwrap();
    world.in_sync_within(HEALING).await;
    sleep(WARM).await;
    world.judge().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_is_killed_and_comes_back_empty() {
    let server = server();
    let world = World::new(&server.url(), BOUND).await;
    world.in_sync_within(HEALING).await;
    sleep(WARM).await;
    server.kill().unwrap();
    world.out_of_sync_within(BOUND + HEALING).await;
    sleep(WARM).await;
    server.restart().unwrap();
    world.in_sync_within(HEALING).await;
    sleep(WARM).await;
    world.judge().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_freezes_for_ten_seconds() {
    let server = server();
    let world = World::new(&server.url(), BOUND).await;
    world.in_sync_within(HEALING).await;
    sleep(WARM).await;
    server.pause().unwrap();
    world.out_of_sync_within(BOUND + HEALING).await;
    sleep(Duration::from_secs(10)).await;
    server.resume().unwrap();
    world.in_sync_within(HEALING).await;
    sleep(WARM).await;
    world.judge().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_connections_of_the_bus_are_killed() {
    let server = server();
    let world = World::new(&server.url(), BOUND).await;
    world.in_sync_within(HEALING).await;
    for _ in 0..5 {
        sleep(WARM).await;
        server.command(&["CLIENT", "KILL", "TYPE", "pubsub"]).unwrap();
        world.in_sync_within(HEALING).await;
    }
    world.judge().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_connections_are_killed() {
    let server = server();
    let world = World::new(&server.url(), BOUND).await;
    world.in_sync_within(HEALING).await;
    for _ in 0..5 {
        sleep(WARM).await;
        server.command(&["CLIENT", "KILL", "TYPE", "normal"]).unwrap();
        server.command(&["CLIENT", "KILL", "TYPE", "pubsub"]).unwrap();
        world.in_sync_within(HEALING).await;
    }
    world.judge().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_forgets_everything_it_knew() {
    let server = server();
    let world = World::new(&server.url(), BOUND).await;
    world.in_sync_within(HEALING).await;
    for _ in 0..3 {
        sleep(WARM).await;
        server.forget().unwrap();
        world.in_sync_within(HEALING).await;
    }
    sleep(WARM).await;
    world.judge().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_forgets_the_scripts() {
    let server = server();
    let world = World::new(&server.url(), BOUND).await;
    world.in_sync_within(HEALING).await;
    for _ in 0..10 {
        sleep(WARM / 5).await;
        server.command(&["SCRIPT", "FLUSH"]).unwrap();
    }
    // It is a matter of one more question, which no node needs to lose its place for.
    assert!(world.nodes.iter().all(|node| node.larder.is_in_sync() && node.larder.deferred() == 0));
    world.judge().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn none_of_ten_thousand_invalidations_is_lost_while_the_server_is_away() {
    let server = server();
    let (writer, reader) = (Node::new(&server.url()).await, Node::new(&server.url()).await);
    let value = |version: u64| move |_| async move { Ok::<_, std::io::Error>(version) };
    for key in 0_u64..10_000 {
        reader.cache.get_or_load(&key, value(1)).await.unwrap();
    }
    server.pause().unwrap();
    let keys: Vec<u64> = (0..10_000).collect();
    let receipt = writer.cache.invalidate_many(&keys).await.unwrap();
    assert!(receipt.is_deferred());
    assert_eq!(writer.larder.deferred(), 10_000);
    server.resume().unwrap();
    let began = Instant::now();
    while writer.larder.deferred() > 0 || !reader.larder.is_in_sync() {
        assert!(began.elapsed() < HEALING * 3, "{:?}", writer.larder);
        sleep(Duration::from_millis(10)).await;
    }
    sleep(BOUND).await;
    for node in [&writer, &reader] {
        for key in 0_u64..10_000 {
            let found = node.cache.get(&key).await.unwrap();
            assert!(found.is_none(), "{key}");
        }
    }
}
