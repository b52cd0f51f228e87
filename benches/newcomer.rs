//! How cold is a new instance? Two have served a load by Zipf's law; one of them ends, and another begins, warm or empty.
//!
//! What a new instance has by itself after a second, how long it takes until it has nine tenths of what its peer has, and
//! what the database hears of it all.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use larder::{Cache, Larder, Tier, WarmStart};
use larder_testkit::redis::RedisServer;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

use crate::codecs::User;
use crate::measure::{Comparison, as_f64, now};
use crate::report::Line;
use crate::server;

const USERS: u64 = 100_000;
/// An instance has room for a fifth of them.
const ROOM: u64 = 20_000;
const LIFE: Duration = Duration::from_secs(3_600);

/// What the two have read before: some minutes of their load.
const BEFORE: u64 = 4_000_000;
/// Both instances have as many tasks, each of which reads as often as this.
const TASKS: u64 = 10;
const TICK: Duration = Duration::from_millis(1);

/// So long a window is looked at for nine tenths.
const WINDOW: Duration = Duration::from_millis(100);
/// And so long at most.
const MOST: Duration = Duration::from_secs(20);

/// How often the database was asked.
type Loads = Arc<AtomicU64>;

/// Every line about new instances.
pub(crate) fn lines(runtime: &Runtime) -> Vec<Line> {
    let server = server::start();
    let (noted, loads) = runtime.block_on(async {
        let loads = Loads::default();
        let (_larder, peer) = run_in(&server, &loads).await;
        let before = loads.load(Ordering::SeqCst);
        let mut noted = Vec::new();
        for _ in 0..3 {
            noted.push([
                begin(&server, &peer, &loads, Some(WarmStart::default())).await,
                begin(&server, &peer, &loads, None).await,
            ]);
        }
        (noted, loads.load(Ordering::SeqCst) - before)
    });
    let ratio = noted.iter().map(|[warm, _]| Comparison::with(warm.peer * 1e2, warm.first_second * 1e2));
    let empty = noted.iter().map(|[_, empty]| Comparison::with(empty.peer * 1e2, empty.first_second * 1e2));
    let cold = noted.iter().map(|[warm, _]| Comparison::with(warm.cold, 1e3));
    let organic = noted.iter().map(|[warm, empty]| Comparison::with(warm.cold, empty.cold));
    vec![
        Line::new("L1 hit ratio: a peer / a new instance's first second", "%", Comparison::median(ratio))
            .limit(1.0 / 0.95),
        Line::new("the same, of one that begins empty", "%", Comparison::median(empty)),
        Line::new("a new instance is cold for / allowed", "ms", Comparison::median(cold)).limit(1.0),
        Line::new("a new instance is cold for / one that begins empty", "ms", Comparison::median(organic)),
        Line::new(
            "a new instance asks the database",
            "queries",
            Comparison::with(as_f64(usize::try_from(loads).unwrap_or(usize::MAX)), 1.0),
        )
        .limit(0.0),
    ]
}

/// What became of a new instance.
struct Noted {
    /// The share of its first second's reads that it answered by itself.
    first_second: f64,
    /// That of its peer, in the same second.
    peer: f64,
    /// Milliseconds from its beginning until it had nine tenths of that.
    cold: f64,
}

/// By Zipf's law, with an exponent of one: its logarithm is as likely to be anywhere.
fn draw() -> u64 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        clippy::cast_sign_loss,
        reason = "ranks are small"
    )]
    let rank = ((USERS as f64 + 1.0).powf(fastrand::f64()) - 1.0) as u64;
    rank
}

/// Reads as a service does. Returns whether the instance could answer by itself.
async fn read(users: &Cache<u64, User>, loads: &Loads) -> bool {
    let loads = loads.clone();
    let load = |_| async move {
        loads.fetch_add(1, Ordering::SeqCst);
        Ok::<_, io::Error>(User::new())
    };
    users.get_or_load(&draw(), load).await.expect("it loads").tier() == Tier::Local
}

/// Two instances that have been running for long. One of them ends, and tells what it has read; returns the other.
async fn run_in(server: &RedisServer, loads: &Loads) -> (Larder, Cache<u64, User>) {
    let (larder, users) = open(server, Some(WarmStart::default())).await;
    let (ending, ends) = open(server, Some(WarmStart::default())).await;
    let all: Vec<u64> = (0..USERS).collect();
    for ids in all.chunks(1_000) {
        let load = |ids: Vec<u64>| async move {
            Ok::<_, io::Error>(ids.into_iter().map(|id| (id, User::new())).collect::<Vec<_>>())
        };
        users.get_many_or_load(ids, load).await.expect("they load");
    }
    let mut reading = JoinSet::new();
    for task in 0..64 {
        let (users, loads) = (if task % 2 == 0 { &users } else { &ends }.clone(), loads.clone());
        reading.spawn(async move {
            for _ in 0..BEFORE / 64 {
                read(&users, &loads).await;
            }
        });
    }
    reading.join_all().await;
    assert!(ending.shut_down().await, "it tells what it has read");
    (larder, users)
}

async fn open(server: &RedisServer, how: Option<WarmStart>) -> (Larder, Cache<u64, User>) {
    let larder = server::node(&server.url()).await;
    let users = larder.cache("user").capacity(ROOM).time_to_live(LIFE).local_time_to_live(LIFE).jitter(0);
    let users = match how {
        Some(how) => users.warm_start(how),
        None => users,
    };
    let users = users.build().expect("no other of its name is open");
    (larder, users)
}

/// Begins an instance beside its peer, and gives both the same load once it is ready.
async fn begin(
    server: &RedisServer,
    peer: &Cache<u64, User>,
    loads: &Loads,
    how: Option<WarmStart>,
) -> Noted {
    let began = now();
    let (larder, users) = open(server, how).await;
    larder.ready().await;
    let until_ready = began.elapsed();
    let (of_peer, of_new) = (Load::begin(peer, loads), Load::begin(&users, loads));
    tokio::time::sleep(Duration::from_secs(1)).await;
    let (peer, first_second) = (of_peer.ratio(), of_new.ratio());
    while of_new.window_of(0.9 * peer).is_none() && began.elapsed() < MOST {
        tokio::time::sleep(WINDOW).await;
    }
    let cold = until_ready + of_new.window_of(0.9 * peer).unwrap_or(MOST);
    of_peer.end().await;
    of_new.end().await;
    larder.shut_down().await;
    Noted { first_second, peer, cold: cold.as_secs_f64() * 1e3 }
}

/// Reads that one instance is given, as many each second.
struct Load {
    tasks: JoinSet<()>,
    windows: Arc<Windows>,
}

/// What was read in each window.
struct Windows {
    began: Instant,
    counts: Vec<[AtomicU64; 2]>,
    is_over: AtomicBool,
}

impl Load {
    fn begin(users: &Cache<u64, User>, loads: &Loads) -> Self {
        let windows = MOST.as_millis() / WINDOW.as_millis() + 20;
        let counts = (0..windows).map(|_| [AtomicU64::new(0), AtomicU64::new(0)]).collect();
        let windows = Arc::new(Windows { began: now(), counts, is_over: AtomicBool::new(false) });
        let mut tasks = JoinSet::new();
        for _ in 0..TASKS {
            let (users, loads, windows) = (users.clone(), loads.clone(), windows.clone());
            tasks.spawn(async move {
                let mut ticks = interval(TICK);
                ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
                while !windows.is_over.load(Ordering::Relaxed) {
                    ticks.tick().await;
                    windows.count(read(&users, &loads).await);
                }
            });
        }
        Self { tasks, windows }
    }

    /// The share of hits until now.
    fn ratio(&self) -> f64 {
        let of = |which: usize| {
            self.windows.counts.iter().filter_map(|counts| counts.get(which)).map(load).sum::<u64>()
        };
        as_f64(usize::try_from(of(0)).unwrap_or(0)) / as_f64(usize::try_from(of(1)).unwrap_or(1))
    }

    /// The end of the first window, of those that are over, with such a share of hits.
    fn window_of(&self, ratio: f64) -> Option<Duration> {
        let mut over = 0;
        for [hits, reads] in &self.windows.counts {
            over += 1;
            let end = WINDOW * over;
            if end > self.windows.began.elapsed() {
                return None;
            }
            #[expect(clippy::cast_precision_loss, reason = "counts are small")]
            let share = load(hits) as f64 / load(reads).max(1) as f64;
            if share >= ratio {
                return Some(end);
            }
        }
        None
    }

    async fn end(self) {
        self.windows.is_over.store(true, Ordering::Relaxed);
        self.tasks.join_all().await;
    }
}

impl Windows {
    fn count(&self, is_hit: bool) {
        let window = self.began.elapsed().as_millis() / WINDOW.as_millis();
        let counts = usize::try_from(window).ok().and_then(|window| self.counts.get(window));
        if let Some([hits, reads]) = counts {
            hits.fetch_add(u64::from(is_hit), Ordering::Relaxed);
            reads.fetch_add(1, Ordering::Relaxed);
        }
    }
}

fn load(count: &AtomicU64) -> u64 {
    count.load(Ordering::Relaxed)
}
