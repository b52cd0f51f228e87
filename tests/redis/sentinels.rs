//! A master that is replaced.

use std::time::Duration;

use larder_testkit::redis::RedisSentinel;
use tokio::time::sleep;

use super::world::{BOUND, HEALING, World};

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
