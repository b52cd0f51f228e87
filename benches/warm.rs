//! How long does it take to fetch ahead what a new instance will be asked for?
//!
//! Ours is a list of 50,000 keys, primed on a cache that holds nothing. The reference is what one would write: as many MGETs of
//! as many keys under way at a time, the format, an insert into moka each. Beside it, a whole warm start: the question for what
//! the fleet reads, the prediction, and the same.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use larder::{Cache, CacheBuilder, Larder, WarmStart};
use larder_testkit::redis::RedisServer;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

use crate::by_hand::ByHand;
use crate::codecs::User;
use crate::hits::ROOM;
use crate::measure::{Comparison, Effort, in_turns, now};
use crate::report::Line;
use crate::server;

const KEYS: u64 = 50_000;
const LIFE: Duration = Duration::from_secs(3_600);

/// As much as fits into memory.
const MOST_ROUNDS: usize = 9;

/// The same for both: as many keys at once, and as many questions at a time, as is usual.
const BATCH: usize = 500;
const ABREAST: usize = 4;

/// Every line about warm starts.
pub(crate) fn lines(effort: Effort, runtime: &Runtime) -> Vec<Line> {
    let server = server::start();
    let by_hand = runtime.block_on(ByHand::connect(&server.url()));
    runtime.block_on(fill(&server, &by_hand));
    let keys: Arc<[u64]> = (0..KEYS).map(order).collect();
    // What was fetched is kept to the end: giving its memory back would take place in the time of whoever comes next.
    let (rounds, mut ours, mut theirs) = (effort.rounds.min(MOST_ROUNDS), Vec::new(), Vec::new());
    let primed = in_turns(
        rounds,
        || {
            ours.push(runtime.block_on(open(&server)));
            ours.last().map_or(f64::NAN, |(_, users)| prime(runtime, users, &keys))
        },
        || {
            theirs.push(by_hand.emptied());
            theirs.last().map_or(f64::NAN, |by_hand| fetch_by_hand(runtime, by_hand, &keys))
        },
    );
    drop((ours, theirs));
    let whole = in_turns(rounds, || begin(runtime, &server), || 1.0);
    vec![
        Line::new("50,000 keys primed / by hand", "ms", primed).limit(1.3),
        Line::new("a warm start of 50,000 keys", "ms", Comparison::none(whole.ours)),
    ]
}

/// Stores the same values in both ways, by a node that tells what it has read.
async fn fill(server: &RedisServer, by_hand: &ByHand) {
    let larder = server::node(&server.url()).await;
    let users = cache(&larder).warm_start(warm()).build().expect("no other of its name is open");
    let ids: Vec<u64> = (0..KEYS).collect();
    for ids in ids.chunks(1_000) {
        let load = |ids: Vec<u64>| async move {
            Ok::<_, io::Error>(ids.into_iter().map(|id| (id, User::new())).collect::<Vec<_>>())
        };
        users.get_many_or_load(ids, load).await.expect("they load");
        let mut storing = JoinSet::new();
        for &id in ids {
            let by_hand = by_hand.clone();
            storing.spawn(async move { by_hand.set(id, LIFE).await });
        }
        storing.join_all().await;
    }
    assert!(larder.shut_down().await, "it tells what it has read");
}

fn warm() -> WarmStart {
    WarmStart::default().most(u32::try_from(KEYS).expect("it is small")).batch(BATCH).concurrency(ABREAST)
}

fn cache(larder: &Larder) -> CacheBuilder<u64, User> {
    larder.cache("user").capacity(ROOM).time_to_live(LIFE).local_time_to_live(LIFE)
}

/// A random order.
fn order(number: u64) -> u64 {
    number.wrapping_mul(2_654_435_761).wrapping_add(977) % KEYS
}

/// A node, and a cache with nothing in it.
async fn open(server: &RedisServer) -> (Larder, Cache<u64, User>) {
    let larder = server::node(&server.url()).await;
    let users = cache(&larder).build().expect("no other of its name is open");
    (larder, users)
}

/// Milliseconds for all of them.
fn prime(runtime: &Runtime, users: &Cache<u64, User>, keys: &[u64]) -> f64 {
    let began = now();
    let warmth = runtime.block_on(users.prime(keys)).expect("they are keys");
    let took = began.elapsed();
    assert_eq!(warmth.kept, KEYS, "the server has them");
    took.as_secs_f64() * 1e3
}

/// Milliseconds from the opening of the cache until the process is ready.
fn begin(runtime: &Runtime, server: &RedisServer) -> f64 {
    runtime.block_on(async {
        let larder = server::node(&server.url()).await;
        let began = now();
        let users = cache(&larder).warm_start(warm()).build().expect("no other of its name is open");
        larder.ready().await;
        let took = began.elapsed();
        assert_eq!(users.warmth().kept, KEYS, "the server has them");
        larder.shut_down().await;
        took.as_secs_f64() * 1e3
    })
}

fn fetch_by_hand(runtime: &Runtime, by_hand: &ByHand, keys: &Arc<[u64]>) -> f64 {
    let began = now();
    runtime.block_on(async {
        let (next, mut fetching) = (Arc::new(AtomicUsize::new(0)), JoinSet::new());
        for _ in 0..ABREAST {
            let (by_hand, keys, next) = (by_hand.clone(), keys.clone(), next.clone());
            fetching.spawn(async move {
                while let Some(keys) = keys.chunks(BATCH).nth(next.fetch_add(1, Ordering::Relaxed)) {
                    assert!(by_hand.get_many(keys).await.iter().all(Option::is_some), "the server has them");
                }
            });
        }
        fetching.join_all().await;
    });
    began.elapsed().as_secs_f64() * 1e3
}
