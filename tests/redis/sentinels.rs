//! A master that is replaced.

use std::time::Duration;

use larder_testkit::redis::{RedisSentinel, Reply};
use tokio::time::{sleep, timeout};

use super::world::{BOUND, HEALING, Node, World};

/// Until the last writer has told the new master what the old one took with it: when the replacement has been found,
/// connected to, and told. Five seconds and a half were seen on a machine that had much else to do.
const REPLAYED: Duration = Duration::from_secs(10);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sentinels_replace_the_master_in_order() {
    let sentinel = RedisSentinel::start().expect("redis-sentinel is installed");
    let world = World::new(&sentinel.url(), BOUND).await;
    world.in_sync_within(HEALING).await;
    sleep(Duration::from_millis(500)).await;
    sentinel.fail_over().unwrap();
    world.in_sync_within(HEALING).await;
    sleep(Duration::from_millis(500)).await;
    world.judge_by(BOUND + REPLAYED).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_master_dies_and_its_replica_takes_over() {
    let sentinel = RedisSentinel::start().expect("redis-sentinel is installed");
    let world = World::new(&sentinel.url(), BOUND).await;
    world.in_sync_within(HEALING).await;
    sleep(Duration::from_millis(500)).await;
    let dead = sentinel.kill_master().unwrap();
    world.out_of_sync_within(BOUND + HEALING).await;
    sentinel.promoted(dead).unwrap();
    world.in_sync_within(HEALING).await;
    sleep(Duration::from_millis(500)).await;
    world.judge_by(BOUND + REPLAYED).await;
}

#[tokio::test]
async fn of_sentinels_that_differ_those_are_believed_that_know_the_latest_decision() {
    let [behind, ahead] = [(); 2].map(|()| RedisSentinel::start().expect("redis-sentinel is installed"));
    let master = ahead.fail_over().unwrap().port().to_string();
    let places = [places(&behind), places(&ahead)].join(",");
    let url = format!("redis+sentinel://{places}/{}", ahead.master_name());
    for _ in 0..10 {
        let node = Node::new(&url).await;
        assert!(leads_to(&node, &master), "the master is {master}: {}", node.larder.health());
        node.larder.shut_down().await;
    }
}

/// Only after eight seconds and more the sentinels make a replica of a master that they have replaced. It would show all
/// nodes out; until then they have to find out.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn callers_who_give_up_keep_nobody_with_a_master_that_is_replaced() {
    let sentinel = RedisSentinel::start().expect("redis-sentinel is installed");
    let node = Node::new(&sentinel.url()).await;
    let hasty = tokio::spawn({
        let cache = node.cache.clone();
        async move {
            loop {
                let _ = timeout(Duration::ZERO, cache.reading().skip_local().get(&1_u64)).await;
                sleep(Duration::from_millis(5)).await;
            }
        }
    });
    let replaced = sentinel.master().unwrap();
    let master = sentinel.fail_over().unwrap().port().to_string();
    while !leads_to(&node, &master) {
        sleep(Duration::from_millis(10)).await;
    }
    let role = replaced.command(&["ROLE"]).unwrap();
    assert_eq!(role.items().first().and_then(Reply::text), Some("master"), "it was shown out");
    hasty.abort();
    node.larder.shut_down().await;
}

fn leads_to(node: &Node, port: &str) -> bool {
    let connections = node.larder.health().connections;
    connections.iter().all(|connection| connection.is_up && connection.server.ends_with(port))
}

fn places(group: &RedisSentinel) -> String {
    let urls = group.sentinel_urls();
    let places: Vec<&str> =
        urls.iter().map(|url| url.trim_start_matches("redis://").trim_end_matches('/')).collect();
    places.join(",")
}
