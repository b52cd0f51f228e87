//! A server that takes no writes, until somebody sees to it.

use std::io;
use std::time::Duration;

use larder_testkit::redis::RedisServer;
use tokio::time::{Instant, sleep};

use super::world::{BOUND, HEALING, Node, World};

/// Longer than it takes to fill the nodes.
const WARM: Duration = Duration::from_millis(500);
/// How long it takes none: longer than the bound, and than the breaker rests for the first time.
const LONG: Duration = Duration::from_secs(4);
/// Ten times what a write may wait for an answer, and more than the rest needs.
const PROMPT: Duration = Duration::from_secs(6);

/// A key that the world at work leaves alone.
const ADA: u64 = 1_000_000;

/// A way to have a server take no writes, the way back, and what it answers in between.
struct Refusal {
    begin: &'static [&'static str],
    end: &'static [&'static str],
    code: &'static str,
}

fn load(value: u64) -> impl Fn(u64) -> std::future::Ready<Result<u64, io::Error>> {
    move |_| std::future::ready(Ok(value))
}

async fn until(awaited: &str, node: &Node, patience: Duration, look: impl Fn() -> bool) {
    let began = Instant::now();
    while !look() {
        assert!(began.elapsed() < patience, "waited in vain: {awaited}: {}", node.larder.health());
        sleep(Duration::from_millis(5)).await;
    }
}

/// A server that reads and does not write costs its readers nothing but time, and its writers nothing but a receipt that
/// says so.
async fn is_lived_with(refusal: Refusal) {
    let server = RedisServer::start().expect("redis-server is installed");
    let world = World::new(&server.url(), BOUND).await;
    world.in_sync_within(HEALING).await;
    let (writer, reader) = (&world.nodes[0], &world.nodes[1]);
    assert_eq!(*reader.cache.get_or_load(&ADA, load(1)).await.unwrap(), 1);
    sleep(WARM).await;

    server.command(refusal.begin).unwrap();
    let refused = Instant::now();
    while refused.elapsed() < LONG {
        let asked = Instant::now();
        let receipt = writer.cache.invalidate(&ADA).await.unwrap();
        assert!(receipt.is_deferred(), "{}", writer.larder.health());
        // Its own process knows, and the others are served whatever there is.
        assert_eq!(*writer.cache.get_or_load(&ADA, load(2)).await.unwrap(), 2);
        assert!([1, 2].contains(&*reader.cache.get_or_load(&ADA, load(2)).await.unwrap()));
        assert!(asked.elapsed() < PROMPT, "{:?}", asked.elapsed());
        sleep(WARM / 10).await;
    }
    let health = writer.larder.health();
    assert!(health.deferred > 0, "{health}");
    assert!(health.to_string().contains(refusal.code), "{health}");

    server.command(refusal.end).unwrap();
    until("the breaker is closed and all is told", writer, HEALING * 4, || writer.larder.deferred() == 0)
        .await;
    world.in_sync_within(HEALING).await;
    sleep(BOUND).await;
    assert_eq!(*reader.cache.get_or_load(&ADA, load(3)).await.unwrap(), 3);
    world.judge().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replica_without_a_master_is_read_and_told_when_it_is_a_master() {
    let begin = &["REPLICAOF", "127.0.0.1", "1"];
    is_lived_with(Refusal { begin, end: &["REPLICAOF", "NO", "ONE"], code: "READONLY" }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_master_without_its_replicas_is_read_and_told_when_it_may_write() {
    let begin = &["CONFIG", "SET", "min-replicas-to-write", "1"];
    let end = &["CONFIG", "SET", "min-replicas-to-write", "0"];
    is_lived_with(Refusal { begin, end, code: "NOREPLICAS" }).await;
}
