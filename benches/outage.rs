//! What does a frozen Redis cost those who read? A thousand requests a second, while the server is stopped.
//!
//! Half of them are for keys that nobody has read before, which the process does not have: they go to the shared tier, and
//! then to an origin that takes its time. The others are for one key that it has.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use larder::{BreakerState, Cache, Larder, Tier};
use tokio::runtime::Runtime;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

use crate::measure::{Comparison, as_f64, now};
use crate::report::Line;
use crate::server;

const BUDGET: Duration = Duration::from_millis(50);
const ORIGIN: Duration = Duration::from_millis(2);
/// Two requests each.
const TICK: Duration = Duration::from_millis(2);
/// What takes longer than that hangs.
const HANG: Duration = Duration::from_secs(5);
const HOT: u64 = 0;

/// What readers were told, and when.
#[derive(Default)]
struct Noted {
    /// Of those who began before the breaker had opened, in milliseconds.
    before: Vec<f64>,
    /// Of those who began while it was open, without what the origin took.
    after: Vec<f64>,
    /// Of those who found what they asked for in the process, at any time.
    hits: Vec<f64>,
    errors: usize,
    hangs: usize,
}

/// One read.
struct Read {
    is_open: bool,
    is_hit: bool,
    took: f64,
    outcome: Outcome,
}

enum Outcome {
    /// With what the origin took, in milliseconds.
    Answered {
        origin: f64,
    },
    Failed,
    Hangs,
}

/// Every line about a frozen server: the median of three times.
pub(crate) fn lines(runtime: &Runtime) -> Vec<Line> {
    let rounds: Vec<Noted> = (0..3).map(|_| runtime.block_on(freeze())).collect();
    let line = |name: &str, of: fn(&Noted) -> f64, allowed: Duration| {
        let allowed = allowed.as_secs_f64() * 1e3;
        let measured = Comparison::median(rounds.iter().map(|noted| Comparison::with(of(noted), allowed)));
        Line::new(format!("frozen Redis, 1,000/s: {name} / allowed"), "ms, p99.9", measured).limit(1.0)
    };
    let count = |name: &str, of: fn(&Noted) -> usize| {
        let sum = rounds.iter().map(of).sum();
        // By one, so that any is too many.
        let name = format!("frozen Redis, 1,000/s: {name}");
        Line::new(name, "reads", Comparison::with(as_f64(sum), 1.0)).limit(0.0)
    };
    vec![
        line("read, closed", |noted| worst(&noted.before), BUDGET + Duration::from_millis(10)),
        line("read, open, less origin", |noted| worst(&noted.after), Duration::from_millis(5)),
        line("L1 hit", |noted| worst(&noted.hits), Duration::from_millis(1)),
        count("errors", |noted| noted.errors),
        count("hangs", |noted| noted.hangs),
    ]
}

/// What one in a thousand is above.
fn worst(took: &[f64]) -> f64 {
    let mut took = took.to_vec();
    took.sort_unstable_by(f64::total_cmp);
    assert!(took.len() > 100, "there must be some: {}", took.len());
    took.get((took.len() * 999 / 1_000).min(took.len() - 1)).copied().unwrap_or(f64::NAN)
}

/// One second as usual, five with a server that is stopped, and then until it is in use again.
async fn freeze() -> Noted {
    let server = server::start();
    let node = Larder::builder(server::APP).redis(server.url()).require_upstream();
    let larder = node.build().await.expect("the server is up");
    let users: Cache<u64, f64> = larder.cache("user").build().expect("no other of its name is open");
    let is_over = Arc::new(AtomicBool::new(false));
    let reading = tokio::spawn(read_on(larder.clone(), users, is_over.clone()));
    sleep(Duration::from_secs(1)).await;
    server.pause().expect("it runs");
    sleep(Duration::from_secs(5)).await;
    assert_eq!(larder.health().breaker.state, BreakerState::Open, "{}", larder.health());
    server.resume().expect("it is stopped");
    // As long as its rest may be, and a while.
    for _ in 0..100 {
        if larder.health().breaker.state == BreakerState::Closed {
            break;
        }
        sleep(Duration::from_millis(100)).await;
    }
    sleep(Duration::from_secs(1)).await;
    is_over.store(true, Ordering::Relaxed);
    let noted = reading.await.expect("no reader panics");
    assert_eq!(larder.health().breaker.state, BreakerState::Closed, "{}", larder.health());
    assert_eq!(larder.health().breaker.opened, 1, "{}", larder.health());
    larder.shut_down().await;
    noted
}

/// Reads at its pace, however long each read takes.
async fn read_on(larder: Larder, users: Cache<u64, f64>, is_over: Arc<AtomicBool>) -> Noted {
    let (mut ticks, mut reads) = (interval(TICK), JoinSet::new());
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let next = Arc::new(AtomicU64::new(HOT + 1));
    while !is_over.load(Ordering::Relaxed) {
        ticks.tick().await;
        let is_open = larder.health().breaker.state != BreakerState::Closed;
        for key in [HOT, next.fetch_add(1, Ordering::Relaxed)] {
            let users = users.clone();
            reads.spawn(async move { read(&users, key, is_open).await });
        }
    }
    let mut noted = Noted::default();
    while let Some(read) = reads.join_next().await {
        noted.note(&read.expect("no read panics"));
    }
    noted
}

async fn read(users: &Cache<u64, f64>, key: u64, is_open: bool) -> Read {
    let began = now();
    let read = timeout(HANG, users.get_or_load(&key, load)).await;
    let took = elapsed(began);
    let is_hit = matches!(&read, Ok(Ok(hit)) if hit.tier() == Tier::Local && !hit.is_stale());
    let outcome = match read {
        Ok(Ok(hit)) => Outcome::Answered { origin: *hit },
        Ok(Err(_)) => Outcome::Failed,
        Err(_) => Outcome::Hangs,
    };
    Read { is_open, is_hit, took, outcome }
}

/// What is loaded is how long that took, in milliseconds: how long a sleep is depends on what else the machine does.
async fn load(_key: u64) -> Result<f64, io::Error> {
    let began = now();
    sleep(ORIGIN).await;
    Ok(elapsed(began))
}

fn elapsed(began: Instant) -> f64 {
    began.elapsed().as_secs_f64() * 1e3
}

impl Noted {
    fn note(&mut self, read: &Read) {
        match (&read.outcome, read.is_hit, read.is_open) {
            (Outcome::Failed, ..) => self.errors += 1,
            (Outcome::Hangs, ..) => self.hangs += 1,
            (_, true, _) => self.hits.push(read.took),
            (_, _, false) => self.before.push(read.took),
            (Outcome::Answered { origin }, _, true) => self.after.push(read.took - origin),
        }
    }
}
