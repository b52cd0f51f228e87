//! Warm starts, on real servers.

use std::time::Duration;

use larder::redis::Address;
use larder::{Cache, Larder, Tier, WarmStart};
use larder_testkit::redis::{RedisCluster, RedisServer, Reply};

use crate::acl;

const KEYS: u64 = 2_000;
const APP: &str = "test.shop";

async fn node(address: &Address) -> Larder {
    let builder = Larder::builder(APP).redis(address.clone()).require_upstream();
    // The machine may have other work.
    let patience = Duration::from_secs(5);
    builder.read_budget(patience).write_deadline(patience).build().await.unwrap()
}

fn users(larder: &Larder) -> Cache<u64, String> {
    larder.cache("user").warm_start(WarmStart::default().deadline(Duration::from_secs(60))).build().unwrap()
}

/// An instance reads, and ends; the next one has all of it, and loads nothing.
async fn begins_warm(address: Address) {
    let old = node(&address).await;
    let cache = users(&old);
    old.ready().await;
    assert_eq!(cache.warmth().wanted, 0);
    let ids: Vec<u64> = (0..KEYS).collect();
    let load = |ids: Vec<u64>| async move {
        Ok::<_, std::io::Error>(ids.into_iter().map(|id| (id, format!("user {id}"))).collect::<Vec<_>>())
    };
    cache.get_many_or_load(&ids, load).await.unwrap();
    assert!(old.shut_down().await);

    let new = node(&address).await;
    let cache = users(&new);
    new.ready().await;
    let warmth = cache.warmth();
    assert_eq!((warmth.wanted, warmth.asked, warmth.found, warmth.kept), (KEYS, KEYS, KEYS, KEYS));
    for id in 0..KEYS {
        let hit = cache.get(&id).await.unwrap().expect("it was fetched ahead");
        assert_eq!((&**hit, hit.tier()), (&*format!("user {id}"), Tier::Local));
    }
    assert_eq!(cache.stats().loads, 0);
    // What is written from now on is heard of as of any other copy.
    let writer = node(&address).await;
    let receipt = users(&writer).invalidate(&7_u64).await.unwrap();
    assert!(cache.reading().at_least(&receipt).get(&7_u64).await.unwrap().is_none());
}

#[tokio::test]
async fn on_a_single_server_that_permits_what_the_guide_says() {
    let server = RedisServer::secured([&*acl::rule(APP)]).unwrap();
    begins_warm(server.url_for(APP, acl::PASSWORD).parse().unwrap()).await;
    let ttl = |key: &str| server.command(&["PTTL", key]).unwrap();
    let keys = ["SCAN", "0", "MATCH", "larder:*:test.shop:user~*", "COUNT", "100000"];
    let Reply::Array(found) = server.command(&keys).unwrap() else { panic!("it finds keys") };
    let Some(Reply::Array(keys)) = found.into_iter().nth(1) else { panic!("it finds keys") };
    // The last minutes, and an hour, or two if one has just begun.
    assert!(keys.len() == 2 || keys.len() == 3, "{keys:?}");
    // A place of their own, beside what everybody waits for.
    assert!(keys.iter().all(|key| !key.text().unwrap().contains("{pT}")), "{keys:?}");
    for key in &keys {
        let left = ttl(key.text().unwrap());
        assert!(matches!(left, Reply::Integer(left) if left > 0), "{key:?} {left:?}");
    }
}

#[tokio::test]
async fn on_a_cluster() {
    let cluster = RedisCluster::start().unwrap();
    begins_warm(cluster.url().parse().unwrap()).await;
}
