//! What is known to go wrong between a client and its server, and must cost nothing but time.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use larder::{Cache, Event, Larder, Observer, Purpose};
use larder_testkit::redis::{Direction, Loss, Proxy, RedisServer, SplittingProxy, Traffic};
use tokio::time::{Instant, sleep, timeout};

use super::world::{BOUND, HEALING, Node, World};

const WARM: Duration = Duration::from_millis(500);

fn server() -> RedisServer {
    RedisServer::start().expect("redis-server is installed")
}

/// How often the connection for calls has been made.
fn made(larder: &Larder) -> u64 {
    let health = larder.health();
    health
        .connections
        .iter()
        .find(|connection| connection.purpose == Purpose::Data)
        .map_or(0, |data| data.made)
}

/// Two nodes straight at a server, and one by way of a proxy.
async fn world_with_a_proxy() -> (RedisServer, Proxy, World) {
    let server = server();
    let proxy = Proxy::to(&server).unwrap();
    let world = World::of(&[&server.url(), &server.url(), &proxy.url()], BOUND).await;
    world.in_sync_within(HEALING).await;
    sleep(WARM).await;
    (server, proxy, world)
}

/// Counts what was read under one key and belongs to another.
#[derive(Debug, Default)]
struct Misplaced(Arc<AtomicU64>);

impl Observer for Misplaced {
    fn observe(&self, event: &Event<'_>) {
        if let Event::Unreadable { reason: "other_key", .. } = event {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// A server that sends something that nobody asked for makes later answers belong to the question before. What a
/// reader is given must be the value of the key all the same.
#[tokio::test]
async fn h1_answers_that_are_out_of_step_are_no_ones_value() {
    let (server, misplaced) = (server(), Misplaced::default());
    let (proxy, seen) = (Proxy::to(&server).unwrap(), misplaced.0.clone());
    let larder = Larder::builder("test.shop").redis(proxy.url()).observer(misplaced).build().await.unwrap();
    let cache: Cache<u64, String> = larder.cache("name").build().unwrap();
    let read = |key: u64| {
        let cache = cache.clone();
        async move {
            let load = |key: u64| async move { Ok::<_, std::io::Error>(format!("the name of {key}")) };
            // Each time from the shared tier, where there is one.
            let hit = cache.reading().skip_local().get_or_load(&key, load).await.unwrap();
            assert_eq!(*hit, format!("the name of {key}"));
        }
    };
    for unasked in [&b">3\r\n$12\r\nsunsubscribe\r\n$5\r\nshard\r\n:0\r\n"[..], b"+OK\r\n", b"$-1\r\n"] {
        let (before, began) = (seen.load(Ordering::Relaxed), Instant::now());
        // It is out of step only if questions were open when that came.
        while seen.load(Ordering::Relaxed) == before {
            assert!(
                began.elapsed() < Duration::from_secs(20),
                "answers are out of step: {}",
                larder.health()
            );
            for key in 0..50 {
                read(key).await;
            }
            proxy.on(Traffic::Data).delay(Direction::ToClient, Duration::from_millis(20));
            let reads: Vec<_> = (0..50).map(|key| tokio::spawn(read(key))).collect();
            sleep(Duration::from_millis(10)).await;
            proxy.on(Traffic::Data).inject(Direction::ToClient, unasked);
            proxy.heal();
            for read in reads {
                read.await.unwrap();
            }
        }
    }
}

/// A connection that looks alive, and over which nothing comes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn h3_a_half_open_connection_of_the_bus_is_found_out() {
    let (_server, proxy, world) = world_with_a_proxy().await;
    for direction in [Direction::ToClient, Direction::ToServer, Direction::Both] {
        proxy.on(Traffic::Bus).swallow(direction);
        world.out_of_sync_within(BOUND + HEALING).await;
        sleep(WARM).await;
        proxy.heal();
        world.in_sync_within(HEALING).await;
        sleep(WARM).await;
    }
    world.judge().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn h3_a_half_open_connection_for_calls_is_found_out() {
    let (_server, proxy, world) = world_with_a_proxy().await;
    let node = world.nodes.last().unwrap().clone();
    for direction in [Direction::ToClient, Direction::ToServer, Direction::Both] {
        let (before, began) = (made(&node.larder), Instant::now());
        proxy.on(Traffic::Data).swallow(direction);
        // Before anybody heals it, which would end it in any case.
        while made(&node.larder) == before {
            assert!(began.elapsed() < HEALING, "{}", node.larder.health());
            sleep(Duration::from_millis(10)).await;
        }
        sleep(WARM).await;
        proxy.heal();
        let began = Instant::now();
        while node.larder.deferred() > 0 {
            assert!(began.elapsed() < HEALING, "{}", node.larder.health());
            sleep(Duration::from_millis(10)).await;
        }
        world.in_sync_within(HEALING).await;
    }
    world.judge().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_is_cut_off_altogether_comes_back() {
    let (_server, proxy, world) = world_with_a_proxy().await;
    proxy.swallow(Direction::Both);
    world.out_of_sync_within(BOUND + HEALING).await;
    sleep(WARM).await;
    proxy.heal();
    world.in_sync_within(HEALING).await;
    proxy.cut();
    proxy.refuse();
    world.out_of_sync_within(BOUND + HEALING).await;
    sleep(WARM).await;
    proxy.heal();
    world.in_sync_within(HEALING).await;
    sleep(WARM).await;
    world.judge().await;
}

/// Longer than a client that gives up after some attempts would take to give up.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn h4_a_server_that_is_away_for_long_is_found_again() {
    let server = server();
    let world = World::new(&server.url(), BOUND).await;
    world.in_sync_within(HEALING).await;
    sleep(WARM).await;
    server.kill().unwrap();
    sleep(Duration::from_secs(9)).await;
    server.restart().unwrap();
    world.in_sync_within(HEALING).await;
    sleep(WARM).await;
    world.judge().await;
}

/// A listener that does not keep up is thrown out by the server, and what was waiting for it is lost.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn h6_a_listener_that_is_thrown_out_knows_that_it_missed_something() {
    let arguments = ["--client-output-buffer-limit", "pubsub 1mb 256kb 1"];
    let server = RedisServer::with(arguments).expect("redis-server is installed");
    let proxy = Proxy::to(&server).unwrap();
    let (writer, reader) = (Node::new(&server.url()).await, Node::new(&proxy.url()).await);
    let load = |_| async { Ok::<_, std::io::Error>(1) };
    for key in 0_u64..100 {
        reader.cache.get_or_load(&key, load).await.unwrap();
    }
    proxy.on(Traffic::Bus).freeze(Direction::ToClient);
    let listening = || {
        let list = server.command(&["CLIENT", "LIST", "TYPE", "pubsub"]).unwrap();
        list.text().unwrap().lines().count()
    };
    let began = Instant::now();
    // The one behind the proxy, until it is found out by its own probe or thrown out for its backlog.
    let keys: Vec<u64> = (0..4_096).collect();
    let mut sent = 0;
    while listening() > 1 {
        assert!(began.elapsed() < Duration::from_secs(60), "{sent} notices later it is still there");
        let _receipt = writer.cache.invalidate_many(&keys).await.unwrap();
        sent += 64;
    }
    proxy.heal();
    let began = Instant::now();
    while !reader.larder.is_in_sync() {
        assert!(began.elapsed() < HEALING, "{}", reader.larder.health());
        sleep(Duration::from_millis(10)).await;
    }
    for key in 0_u64..100 {
        assert!(!reader.cache.contains_local(&key), "{key} was invalidated {sent} notices ago");
    }
}

/// Whatever number of messages is lost.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_that_are_lost_make_nothing_staler_than_the_bound() {
    let (_server, proxy, world) = world_with_a_proxy().await;
    for loss in [Loss::every(2), Loss::share(0.9, 7), Loss::every(1)] {
        proxy.reset_counts();
        proxy.lose(loss.on("larder:test.shop@0"));
        sleep(Duration::from_secs(3)).await;
        assert!(proxy.counts().lost() > 10, "{}", proxy.counts().lost());
        assert!(world.nodes.iter().all(|node| node.larder.is_in_sync()), "the probes come through");
        proxy.heal();
    }
    world.judge().await;
}

/// A proxy may send commands one way and subscriptions another. The answer to a question where the chains stand comes as a
/// message, so it stands in line with the others whatever way the question went.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn proxies_that_split_commands_and_messages_change_nothing() {
    let server = server();
    let proxy = SplittingProxy::to(&server).unwrap();
    proxy.delay_messages(Duration::from_millis(100));
    let world = World::of(&[&server.url(), &proxy.url(), &proxy.url()], BOUND).await;
    world.in_sync_within(HEALING).await;
    sleep(WARM * 6).await;
    assert!(world.nodes.iter().all(|node| node.larder.is_in_sync()));
    let verdict = world.judge().await;
    assert!(verdict.stalest < BOUND, "{verdict:?}");
}

/// What a bus that is silently off looks like: everything works, and nothing is heard.
#[tokio::test]
async fn a_server_on_which_nothing_is_heard_is_refused_at_the_start() {
    let server = server();
    let proxy = Proxy::to(&server).unwrap();
    proxy.lose(Loss::every(1));
    let probing = larder::redis::Probing::default().patience(Duration::from_millis(200));
    let built = Larder::builder("test.shop").redis(proxy.url()).probing(probing).build();
    let error = timeout(HEALING * 2, built).await.unwrap().expect_err("it is silent");
    assert_eq!(error.kind(), larder::ErrorKind::Refused, "{error:?}");
    assert!(error.to_string().contains("not heard"), "{error}");
}
