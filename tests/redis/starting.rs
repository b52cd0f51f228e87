//! How a process starts: on every kind of address, and on servers that cannot be used.

use std::time::Duration;

use larder::redis::Address;
use larder::{Cache, Error, ErrorKind, Larder, Purpose};
use larder_testkit::redis::{RedisCluster, RedisSentinel, RedisServer, TlsRedisServer};
use tokio::time::{Instant, sleep};

use super::heard::Heard;
use super::world::HEALING;

fn server() -> RedisServer {
    RedisServer::start().expect("redis-server is installed")
}

async fn start<A>(address: A) -> Result<Larder, Error>
where
    A: TryInto<Address>,
    A::Error: Into<Error>,
{
    Larder::builder("test.shop").redis(address).build().await
}

async fn refusal<A>(address: A) -> Error
where
    A: TryInto<Address>,
    A::Error: Into<Error>,
{
    match start(address).await {
        Err(error) => error,
        Ok(larder) => panic!("it can be used: {}", larder.health()),
    }
}

/// Two nodes at that address share a value, and an invalidation.
async fn serves(address: Address) {
    let [one, other] = [start(address.clone()).await.unwrap(), start(address).await.unwrap()];
    assert!(one.is_in_sync() && other.is_in_sync(), "{}", one.health());
    let cache = |larder: &Larder| larder.cache::<u64, String>("user").build().unwrap();
    let (here, there): (Cache<u64, String>, _) = (cache(&one), cache(&other));
    let load = |_| async { Ok::<_, std::io::Error>("Ada".to_owned()) };
    assert_eq!(*here.get_or_load(&7_u64, load).await.unwrap(), "Ada");
    assert_eq!(*there.get(&7_u64).await.unwrap().expect("it is shared"), "Ada");
    assert!(!here.invalidate(&7_u64).await.unwrap().is_deferred());
    let began = Instant::now();
    while there.contains_local(&7_u64) {
        assert!(began.elapsed() < HEALING, "{}", other.health());
        sleep(Duration::from_millis(1)).await;
    }
    let shown = format!("{one:?} {} {:?}", one.health(), one.health());
    assert!(!shown.contains("engine"), "{shown}");
}

#[tokio::test]
async fn on_tcp() {
    let server = server();
    for scheme in ["redis", "valkey"] {
        serves(server.url().replace("redis", scheme).parse().unwrap()).await;
    }
}

#[tokio::test]
async fn on_a_unix_socket() {
    let server = server();
    serves(format!("unix://{}", server.socket().display()).parse().unwrap()).await;
}

#[tokio::test]
async fn in_another_database() {
    let server = server();
    serves(format!("{}/3", server.url()).parse().unwrap()).await;
    let keys = server.command(&["INFO", "keyspace"]).unwrap();
    assert!(keys.text().unwrap().contains("db3:") && !keys.text().unwrap().contains("db0:"));
}

#[tokio::test]
async fn with_a_name_and_a_password() {
    let server = RedisServer::secured(["ada on >engine ~larder:* &larder:* +@all"]).unwrap();
    serves(server.url_for("ada", "engine").parse().unwrap()).await;
}

#[tokio::test]
async fn encrypted() {
    let server = TlsRedisServer::start().unwrap();
    let address: Address = server.server().url().parse().unwrap();
    serves(address.root_certificate(server.ca_pem())).await;
}

#[tokio::test]
async fn by_way_of_sentinels() {
    let sentinel = RedisSentinel::start().expect("redis-sentinel is installed");
    serves(sentinel.url().parse().unwrap()).await;
}

#[tokio::test]
async fn on_a_cluster_of_which_one_node_is_named() {
    let cluster = RedisCluster::start().expect("redis-server is installed");
    let node = cluster.nodes().last().unwrap();
    serves(format!("redis+cluster://127.0.0.1:{}", node.port()).parse().unwrap()).await;
    let error = refusal(node.url().as_str()).await;
    assert!(error.kind() == ErrorKind::Refused && error.to_string().contains("redis+cluster"), "{error}");
}

#[tokio::test]
async fn what_is_no_address_is_refused() {
    let error = refusal("redis://ada:engine@:7").await;
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!(!format!("{error:?}").contains("engine"));
}

#[tokio::test]
async fn a_wrong_password_is_refused() {
    let server = RedisServer::secured(["ada on >engine ~larder:* &larder:* +@all"]).unwrap();
    let error = refusal(server.url_for("ada", "analytical").as_str()).await;
    assert_eq!(error.kind(), ErrorKind::Refused, "{error:?}");
    assert!(!format!("{error:?}").contains("analytical"), "{error:?}");
}

#[tokio::test]
async fn a_missing_permission_is_refused() {
    for rule in ["~larder:* &larder:* +@all -zadd", "~larder:* +@all", "~other:* &larder:* +@all"] {
        let server = RedisServer::secured([format!("ada on >engine resetchannels {rule}").as_str()]).unwrap();
        let error = refusal(server.url_for("ada", "engine").as_str()).await;
        assert_eq!(error.kind(), ErrorKind::Refused, "{rule}: {error:?}");
    }
}

#[tokio::test]
async fn another_authority_is_refused() {
    let (server, other) = (TlsRedisServer::start().unwrap(), TlsRedisServer::start().unwrap());
    let address: Address = server.server().url().parse().unwrap();
    let error = refusal(address.root_certificate(other.ca_pem())).await;
    assert_eq!(error.kind(), ErrorKind::Refused, "{error:?}");
}

#[tokio::test]
async fn another_layout_is_refused() {
    let server = server();
    server.command(&["SET", "larder:{pT}:test.shop~p", "1 128"]).unwrap();
    let error = refusal(server.url().as_str()).await;
    assert!(error.kind() == ErrorKind::Refused && error.to_string().contains("1 128"), "{error}");
}

#[tokio::test]
async fn a_server_that_is_down_is_waited_for_or_required() {
    let server = server();
    server.kill().unwrap();
    let larder = start(server.url().as_str()).await.unwrap();
    assert!(!larder.is_in_sync());
    let health = larder.health();
    assert!(health.connections.iter().all(|connection| !connection.is_up), "{health}");
    let required = Larder::builder("test.shop").redis(server.url()).require_upstream().build().await;
    let error = required.expect_err("nobody is there");
    assert!(matches!(error.kind(), ErrorKind::Unavailable | ErrorKind::Elapsed), "{error:?}");
}

#[tokio::test]
async fn a_process_has_one_connection_for_calls_and_one_for_the_bus() {
    let server = server();
    let larder = start(server.url().as_str()).await.unwrap();
    let purposes: Vec<_> = larder.health().connections.iter().map(|connection| connection.purpose).collect();
    assert_eq!(purposes, [Purpose::Data, Purpose::Bus]);
    // The one that was for the test of the bus ends when its driver has noticed.
    let began = Instant::now();
    let connected = || {
        let list = server.command(&["CLIENT", "LIST"]).unwrap();
        // One of them is this question.
        list.text().unwrap().lines().count() - 1
    };
    while connected() != 2 {
        assert!(began.elapsed() < HEALING, "{}", connected());
        sleep(Duration::from_millis(5)).await;
    }
    drop(larder);
    while connected() != 0 {
        assert!(began.elapsed() < HEALING * 2, "{}", connected());
        sleep(Duration::from_millis(5)).await;
    }
}

/// What it remembers of tags has no time to live, and would go with the rest.
#[tokio::test]
async fn a_server_that_evicts_what_never_expires_is_told_of() {
    let server = server();
    for (policy, is_told) in [("allkeys-lru", true), ("volatile-lru", false), ("noeviction", false)] {
        server.command(&["CONFIG", "SET", "maxmemory-policy", policy]).unwrap();
        let (heard, _guard) = Heard::begin();
        start(server.url().as_str()).await.unwrap().shut_down().await;
        let told = heard.text();
        assert_eq!(
            told.contains("may evict what it remembers") && told.contains(policy),
            is_told,
            "{policy}: {told}"
        );
    }
}
