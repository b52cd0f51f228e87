//! A cluster whose masters change.

use std::time::Duration;

use larder_core::Chain;
use larder_link::slot_of;
use larder_testkit::redis::{RedisCluster, RedisServer};
use tokio::time::sleep;

use super::world::{BOUND_OF_CLUSTER, HEALING, World};

fn cluster() -> RedisCluster {
    RedisCluster::start().expect("redis-server is installed")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replicas_take_over_by_consent() {
    let cluster = cluster();
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

/// What the dead master had acknowledged and not passed on is told again by who wrote it, once that has found its replica.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_master_dies_and_its_replica_takes_over() {
    let cluster = cluster();
    let world = World::new(&cluster.url(), BOUND_OF_CLUSTER).await;
    world.in_sync_within(HEALING).await;
    sleep(Duration::from_millis(300)).await;
    let master = *cluster.masters().unwrap().first().unwrap();
    master.kill().unwrap();
    world.out_of_sync_within(BOUND_OF_CLUSTER + HEALING).await;
    cluster.fail_over(master).unwrap();
    world.in_sync_within(HEALING).await;
    sleep(Duration::from_millis(500)).await;
    world.judge_by(BOUND_OF_CLUSTER + Duration::from_secs(5)).await;
}

/// The partitions of the first master go to the second one by one, keys and all, and that of the tags to the third.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slots_are_moved_under_load() {
    let cluster = cluster();
    let world = World::new(&cluster.url(), BOUND_OF_CLUSTER).await;
    world.in_sync_within(HEALING).await;
    sleep(Duration::from_millis(300)).await;
    let masters = cluster.masters().unwrap();
    let slots: Vec<u16> = larder_core::Partition::all()
        .map(Chain::Keys)
        .map(|chain| slot_of(chain).index())
        .filter(|slot| usize::from(*slot) < 16_384 / 3)
        .collect();
    assert!(slots.len() > 20);
    for slot in slots {
        move_slot(masters[0], masters[1], &masters, slot).await;
    }
    let tags = slot_of(Chain::Tags).index();
    let owner = usize::from(tags) * 3 / 16_384;
    move_slot(masters[owner], masters[(owner + 1) % 3], &masters, tags).await;
    world.in_sync_within(HEALING).await;
    sleep(Duration::from_millis(500)).await;
    world.judge().await;
}

/// As an operator's tool does it: both sides are told, the keys go a few at a time, and then everybody is told.
async fn move_slot(from: &RedisServer, to: &RedisServer, all: &[&RedisServer], slot: u16) {
    let slot = slot.to_string();
    let id = |server: &RedisServer| server.command(&["CLUSTER", "MYID"]).unwrap().text().unwrap().to_owned();
    let (source, target) = (id(from), id(to));
    to.command(&["CLUSTER", "SETSLOT", &slot, "IMPORTING", &source]).unwrap();
    from.command(&["CLUSTER", "SETSLOT", &slot, "MIGRATING", &target]).unwrap();
    let port = to.port().to_string();
    loop {
        let keys = from.command(&["CLUSTER", "GETKEYSINSLOT", &slot, "10"]).unwrap();
        let keys: Vec<&str> = keys.items().iter().filter_map(|key| key.text()).collect();
        if keys.is_empty() {
            break;
        }
        // So that calls meet a slot of which each side has some.
        sleep(Duration::from_millis(5)).await;
        for key in keys {
            from.command(&["MIGRATE", "127.0.0.1", &port, key, "0", "5000", "REPLACE"]).unwrap();
        }
    }
    for server in [to, from].into_iter().chain(all.iter().copied()) {
        server.command(&["CLUSTER", "SETSLOT", &slot, "NODE", &target]).unwrap();
    }
}
