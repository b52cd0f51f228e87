//! Two nodes on a real server, which permits what the guide says and nothing else.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use std::{fs, io};

use larder::redis::Probing;
use larder::{Answer, Cache, CacheKey, Event, Larder, LarderBuilder, Observer, Tag};
use larder_testkit::Recorder;
use larder_testkit::redis::RedisServer;
use tokio::time::{Instant, sleep};

use super::python;
use crate::acl::{self, PASSWORD};

pub(crate) const APP: &str = "test.shop";

/// As long as a message that is delivered may take.
const DELIVERY: Duration = Duration::from_secs(5);

/// So long that only what is said on the bus has an effect, and not that a machine is slow.
const PATIENCE: Duration = Duration::from_secs(10);

pub(crate) struct Fleet {
    pub(crate) server: RedisServer,
    pub(crate) nodes: [Node; 2],
}

/// One instance of the service.
pub(crate) struct Node {
    pub(crate) larder: Larder,
    pub(crate) users: Cache<u64, String>,
    pub(crate) names: Cache<String, String>,
    pub(crate) seats: Cache<(String, u32), String>,
    events: Ears,
}

/// Remembers what happens inside a node.
#[derive(Clone, Debug, Default)]
struct Ears(Arc<Recorder>);

impl Observer for Ears {
    fn observe(&self, event: &Event<'_>) {
        self.0.observe(event);
    }
}

impl Fleet {
    pub(crate) async fn new() -> Self {
        let server = RedisServer::secured([&*acl::rule(APP)]).expect("redis-server is installed");
        write_scripts(&server).expect("the server's folder can be written to");
        let nodes = [Node::on(&server).await, Node::on(&server).await];
        Self { server, nodes }
    }

    /// One more node, which has heard of nothing.
    pub(crate) async fn newcomer(&self) -> Node {
        Node::on(&self.server).await
    }

    /// Has the program in Python do something, and returns its receipt.
    pub(crate) async fn python(&self, act: &str, what: &[&str]) -> String {
        let (url, scripts) = (self.server.url_for(APP, PASSWORD), scripts_of(&self.server));
        let scripts = scripts.to_str().expect("it is a path of ours");
        let words: Vec<String> =
            [&*url, APP, scripts, act].iter().chain(what).map(|&word| word.to_owned()).collect();
        let run = move || python::run(&words.iter().map(String::as_str).collect::<Vec<_>>());
        tokio::task::spawn_blocking(run).await.expect("the program does as it is told")
    }

    /// Has both nodes, and the server, store what belongs to the key.
    pub(crate) async fn store<K>(&self, cache: impl Fn(&Node) -> &Cache<K, String>, key: &K)
    where
        K: CacheKey<Owned = K> + Clone + Send + Sync + 'static,
    {
        self.store_with(cache, key, None).await;
    }

    /// The same for a value that carries a tag.
    pub(crate) async fn store_with<K>(
        &self,
        cache: impl Fn(&Node) -> &Cache<K, String>,
        key: &K,
        tag: Option<&Tag>,
    ) where
        K: CacheKey<Owned = K> + Clone + Send + Sync + 'static,
    {
        let answer = Answer::value("Ada".to_owned()).tags(tag);
        let loaded = cache(&self.nodes[0]).get_or_load(key, |_| async { Ok::<_, io::Error>(answer) });
        assert_eq!(*loaded.await.unwrap(), "Ada");
        let shared = cache(&self.nodes[1]).get(key).await.unwrap();
        assert_eq!(*shared.expect("the first node has stored it"), "Ada");
        self.check_kept(cache, key);
    }

    pub(crate) fn check_kept<K>(&self, cache: impl Fn(&Node) -> &Cache<K, String>, key: &K)
    where
        K: CacheKey<Owned = K> + Send + Sync + 'static,
    {
        assert!(self.nodes.iter().all(|node| cache(node).contains_local(key)));
    }

    /// Waits until no node has it in its memory any more, and makes sure that nobody has: not even as a stale value.
    pub(crate) async fn check_dropped<K>(&self, cache: impl Fn(&Node) -> &Cache<K, String>, key: &K)
    where
        K: CacheKey<Owned = K> + Send + Sync + 'static,
    {
        for node in &self.nodes {
            until("it is dropped", || !cache(node).contains_local(key)).await;
        }
        for node in &self.nodes {
            let local = cache(node).reading().skip_remote().allow_stale().get(key).await.unwrap();
            assert!(local.is_none(), "a node has it");
            let shared = cache(node).reading().skip_local().allow_stale().get(key).await.unwrap();
            assert!(shared.is_none(), "the server has it");
        }
    }

    /// No node believes to have missed anything.
    pub(crate) fn check_nothing_was_missed(&self) {
        for node in &self.nodes {
            assert_eq!(node.events(), [""; 0]);
            assert!(node.larder.is_in_sync());
        }
    }
}

impl Node {
    async fn on(server: &RedisServer) -> Self {
        Self::start(Larder::builder(APP).redis(server.url_for(APP, PASSWORD)).probing(probing())).await
    }

    pub(crate) async fn start(builder: LarderBuilder) -> Self {
        let events = Ears::default();
        let builder = builder.observer(events.clone()).read_budget(DELIVERY).write_deadline(DELIVERY);
        let larder = builder.build().await.unwrap();
        until("it is in sync", || larder.is_in_sync()).await;
        let node = Self {
            users: larder.cache("user").build().unwrap(),
            names: larder.cache("name").build().unwrap(),
            seats: larder.cache("seat").build().unwrap(),
            larder,
            events,
        };
        node.events();
        node
    }

    /// What has happened since the last time.
    pub(crate) fn events(&self) -> Vec<String> {
        self.events.0.take()
    }
}

pub(crate) fn probing() -> Probing {
    Probing::default().patience(PATIENCE)
}

/// Waits until something is so, and not for ever.
pub(crate) async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let end = Instant::now() + DELIVERY;
    while !is_so() {
        assert!(Instant::now() < end, "waited in vain: {what}");
        sleep(Duration::from_millis(5)).await;
    }
}

/// Puts the scripts where the program finds them, as the build of a service would.
fn write_scripts(server: &RedisServer) -> io::Result<()> {
    let folder = scripts_of(server);
    fs::create_dir_all(&folder)?;
    larder::redis::scripts()
        .iter()
        .try_for_each(|script| fs::write(folder.join(format!("{}.lua", script.name())), script.text()))
}

/// A folder that goes with the server.
fn scripts_of(server: &RedisServer) -> PathBuf {
    server.socket().with_file_name("scripts")
}
