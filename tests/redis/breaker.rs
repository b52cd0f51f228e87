//! The breaker, between nodes at work and servers that stop answering.

use std::time::Duration;

use larder::BreakerState;
use larder_testkit::redis::{RedisCluster, RedisServer};
use tokio::time::{Instant, sleep};

use super::world::{BOUND, BOUND_OF_CLUSTER, HEALING, World};

/// Longer than it takes to fill the nodes.
const WARM: Duration = Duration::from_millis(500);

/// Waits until all nodes are in that state.
async fn all_are(world: &World, state: BreakerState, patience: Duration) {
    let began = Instant::now();
    while world.nodes.iter().any(|node| node.larder.health().breaker.state != state) {
        let health: Vec<_> = world.nodes.iter().map(|node| node.larder.health().to_string()).collect();
        assert!(began.elapsed() < patience, "not {state:?} after {patience:?}: {health:?}");
        sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_frozen_server_is_left_alone_and_used_again_when_it_is_back() {
    let server = RedisServer::start().expect("redis-server is installed");
    let world = World::new(&server.url(), BOUND).await;
    world.in_sync_within(HEALING).await;
    sleep(WARM).await;
    all_are(&world, BreakerState::Closed, Duration::ZERO).await;
    server.pause().unwrap();
    all_are(&world, BreakerState::Open, Duration::from_secs(5)).await;
    let began = Instant::now();
    let receipt = world.nodes[0].cache.invalidate(&1_000_000_u64).await.unwrap();
    assert!(receipt.is_deferred());
    // Half a second is what a write waits for an answer.
    assert!(began.elapsed() < Duration::from_millis(300), "{:?}", began.elapsed());
    sleep(Duration::from_secs(2)).await;
    server.resume().unwrap();
    all_are(&world, BreakerState::Closed, HEALING).await;
    world.in_sync_within(HEALING).await;
    sleep(WARM).await;
    world.judge().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_master_of_three_does_not_take_the_other_two_along() {
    let cluster = RedisCluster::start().expect("redis-server is installed");
    let world = World::new(&cluster.url(), BOUND_OF_CLUSTER).await;
    world.in_sync_within(HEALING).await;
    sleep(WARM).await;
    let master = *cluster.masters().unwrap().first().unwrap();
    master.kill().unwrap();
    world.out_of_sync_within(BOUND_OF_CLUSTER + HEALING).await;
    sleep(Duration::from_secs(2)).await;
    for node in &world.nodes {
        let health = node.larder.health();
        assert_eq!((health.breaker.state, health.breaker.opened), (BreakerState::Closed, 0), "{health}");
    }
    cluster.fail_over(master).unwrap();
    world.in_sync_within(HEALING).await;
    sleep(WARM).await;
    world.judge_by(BOUND_OF_CLUSTER + Duration::from_secs(5)).await;
}
