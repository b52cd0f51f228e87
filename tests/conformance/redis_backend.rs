//! Real servers. A single one starts in no time, so each test has its own; a cluster and sentinels take seconds, so all
//! claims share one, each after everything from the one before was removed.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use larder_bus::{Probing, RedisBus};
use larder_core::{AppName, Bus, Clock, Frame, Notice, Remote};
use larder_redis::RedisRemote;
use larder_testkit::redis::{RedisCluster, RedisSentinel, RedisServer, Reply};

use super::backend::{Backend, Node};
use crate::acl;

/// Those that the claims are about. Each has a user of its own.
const APPS: [&str; 4] = ["test.shop", "test.shop.user", "test.shop2", "test.stock"];

/// A single server, which permits what the guide says and nothing else.
pub(super) struct Standalone(RedisServer);

/// The master that sentinels name.
pub(super) struct Sentinel(&'static RedisSentinel);

/// Three masters.
pub(super) struct Cluster(&'static RedisCluster);

impl Backend for Standalone {
    async fn new() -> Self {
        let rules = APPS.map(acl::rule);
        let rules = rules.iter().map(String::as_str);
        Self(RedisServer::secured(rules).expect("redis-server is installed"))
    }

    async fn connect(&self, app: &AppName) -> Node {
        connect(&self.0.url_for(app.as_str(), acl::PASSWORD), app).await
    }

    async fn pass(&self, time: Duration) {
        pass(time).await;
    }

    fn clock(&self) -> Clock {
        Clock::precise()
    }

    async fn micros(&self) -> u64 {
        micros(&self.0)
    }

    fn strange_frame(&self) -> Frame {
        Frame::Plain(Notice::Everything)
    }
}

impl Backend for Sentinel {
    async fn new() -> Self {
        static SENTINEL: OnceLock<RedisSentinel> = OnceLock::new();
        let sentinel = SENTINEL.get_or_init(|| RedisSentinel::start().expect("redis-sentinel is installed"));
        clear(sentinel.master().expect("there is a master"));
        Self(sentinel)
    }

    async fn connect(&self, app: &AppName) -> Node {
        connect(&self.0.url(), app).await
    }

    async fn pass(&self, time: Duration) {
        pass(time).await;
    }

    fn clock(&self) -> Clock {
        Clock::precise()
    }

    async fn micros(&self) -> u64 {
        micros(self.0.master().expect("there is a master"))
    }

    fn strange_frame(&self) -> Frame {
        Frame::Plain(Notice::Everything)
    }
}

impl Backend for Cluster {
    async fn new() -> Self {
        static CLUSTER: OnceLock<RedisCluster> = OnceLock::new();
        let cluster = CLUSTER.get_or_init(|| RedisCluster::start().expect("redis-server is installed"));
        cluster.masters().expect("there are masters").into_iter().for_each(clear);
        Self(cluster)
    }

    async fn connect(&self, app: &AppName) -> Node {
        connect(&self.0.url(), app).await
    }

    async fn pass(&self, time: Duration) {
        pass(time).await;
    }

    fn clock(&self) -> Clock {
        Clock::precise()
    }

    async fn micros(&self) -> u64 {
        micros(self.0.nodes().first().expect("there are six"))
    }

    fn strange_frame(&self) -> Frame {
        Frame::Plain(Notice::Everything)
    }
}

async fn connect(url: &str, app: &AppName) -> Node {
    let address = url.parse().expect("it is an address");
    let remote = RedisRemote::open(address, app.clone());
    remote.check().await.expect("the server can be used");
    let bus = RedisBus::new(remote.link().clone(), app.clone(), Clock::precise());
    let often = Probing::default().every(Duration::from_millis(50)).grace(Duration::from_millis(50));
    let bus = bus.probing(often).expect("it can work");
    bus.check().await.expect("what is sent is heard");
    Node { remote: Arc::new(remote), bus: Arc::new(bus) }
}

async fn pass(time: Duration) {
    // A server's milliseconds begin when they like.
    tokio::time::sleep(time + Duration::from_millis(2)).await;
}

fn micros(server: &RedisServer) -> u64 {
    let Ok(Reply::Array(time)) = server.command(&["TIME"]) else { panic!("it tells the time") };
    let number = |reply: &Reply| match reply {
        Reply::Bulk(digits) => String::from_utf8_lossy(digits).parse::<u64>().expect("it is a number"),
        other => panic!("{other:?}"),
    };
    number(&time[0]) * 1_000_000 + number(&time[1])
}

/// Removes everything from a server that belongs to the tests alone.
fn clear(server: &RedisServer) {
    server.forget().expect("it is up");
}
