//! Domain events, from whoever announces them to whoever has what they touch.

use std::time::Duration;

use larder::{Answer, Cache, DomainEvent, Larder, Tag, Touched};
use larder_testkit::redis::{RedisCluster, RedisServer};
use tokio::time::{Instant, sleep};

use super::world::HEALING;

/// Mapped once, for all services.
struct TenantMoved {
    tenant: u32,
    owner: u64,
}

impl DomainEvent for TenantMoved {
    fn touches(&self, touched: &mut Touched) {
        touched.key("owner", &self.owner).tag("tenant", &self.tenant).cache("report");
    }
}

struct Node {
    owners: Cache<u64, String>,
    members: Cache<u64, String>,
    reports: Cache<String, String>,
    _larder: Larder,
}

impl Node {
    async fn new(url: &str) -> Self {
        let larder = Larder::builder("test.shop").redis(url).build().await.unwrap();
        assert!(larder.is_in_sync(), "{}", larder.health());
        Self {
            owners: larder.cache("owner").build().unwrap(),
            members: larder.cache("member").build().unwrap(),
            reports: larder.cache("report").build().unwrap(),
            _larder: larder,
        }
    }

    async fn read(&self, version: &'static str) -> Vec<String> {
        // The tag comes of the value, as it does where a row says whose it is.
        let member = move |id: u64| async move {
            let tag = Tag::of("tenant", &u32::try_from(id % 2).unwrap()).unwrap();
            Ok::<_, std::io::Error>(Answer::value(version.to_owned()).tag(&tag))
        };
        let load = move |_| async move { Ok::<_, std::io::Error>(version.to_owned()) };
        let report = move |_| async move { Ok::<_, std::io::Error>(version.to_owned()) };
        vec![
            (*self.owners.get_or_load(&1_u64, load).await.unwrap()).clone(),
            (*self.owners.get_or_load(&2_u64, load).await.unwrap()).clone(),
            (*self.members.get_or_load(&10_u64, member).await.unwrap()).clone(),
            (*self.members.get_or_load(&11_u64, member).await.unwrap()).clone(),
            (*self.reports.get_or_load("monthly", report).await.unwrap()).clone(),
        ]
    }
}

async fn an_event_reaches_everything_it_touches(url: &str) {
    let nodes = [Node::new(url).await, Node::new(url).await];
    let publisher = Larder::builder("test.shop").redis(url).publisher().await.unwrap();
    for node in &nodes {
        assert_eq!(node.read("old").await, ["old"; 5]);
    }
    let receipt = publisher.announce(&TenantMoved { tenant: 1, owner: 2 }).await.unwrap();
    assert!(!receipt.is_deferred());
    let expected = ["old", "new", "old", "new", "new"];
    for node in &nodes {
        let began = Instant::now();
        while node.read("new").await != expected {
            assert!(began.elapsed() < HEALING, "{:?}", node.read("new").await);
            sleep(Duration::from_millis(1)).await;
        }
    }
    assert!(publisher.shut_down().await);
}

#[tokio::test]
async fn on_one_server() {
    let server = RedisServer::start().expect("redis-server is installed");
    an_event_reaches_everything_it_touches(&server.url()).await;
}

/// Its keys, its tag and its cache lie on different masters.
#[tokio::test]
async fn on_a_cluster() {
    let cluster = RedisCluster::start().expect("redis-server is installed");
    an_event_reaches_everything_it_touches(&cluster.url()).await;
}

#[tokio::test]
async fn what_is_announced_while_the_server_is_away_is_told_when_it_is_back() {
    let server = RedisServer::start().expect("redis-server is installed");
    let publisher = Larder::builder("test.shop").redis(server.url()).publisher().await.unwrap();
    server.pause().unwrap();
    let receipt = publisher.announce(&TenantMoved { tenant: 1, owner: 2 }).await.unwrap();
    assert!(receipt.is_deferred() && publisher.deferred() == 3);
    server.resume().unwrap();
    let began = Instant::now();
    while publisher.deferred() > 0 {
        assert!(began.elapsed() < HEALING * 2, "{}", publisher.health());
        sleep(Duration::from_millis(10)).await;
    }
}
