//! A cluster whose masters change.

use std::time::Duration;

use larder_testkit::redis::RedisCluster;
use tokio::time::sleep;

use super::world::{BOUND_OF_CLUSTER, HEALING, World};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replicas_take_over_by_consent() {
    let cluster = RedisCluster::start().expect("redis-server is installed");
    let world = World::new(&cluster.url(), BOUND_OF_CLUSTER).await;
    world.in_sync_within(HEALING).await;
    for master in cluster.masters().unwrap() {
        sleep(Duration::from_millis(300)).await;
        cluster.fail_over(master).unwrap();
        world.in_sync_within(HEALING).await;
    }
    sleep(Duration::from_millis(500)).await;
    world.judge().await;
}
