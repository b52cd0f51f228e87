//! The classic case of a bulkhead: ten thousand reads a second meet a cache that is cold, and the origin can bear a third of
//! the loads.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use larder::{Cache, ErrorKind};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::rig::{Broken, Rig, exact, millis, secs};

const KEYS: u64 = 20_000;

/// How many reads come in each millisecond, and for how many seconds.
const READS: usize = 10;
const SECONDS: usize = 6;

/// How many the origin can work at, how long it takes for one, and how long a load waits for its turn.
const ABREAST: usize = 50;
const WORK: Duration = Duration::from_millis(15);
const QUEUE: Duration = Duration::from_millis(100);

/// What timers that go by the millisecond may add to that.
const SLACK: Duration = Duration::from_millis(2);

/// A database behind a pool of connections: who finds none free waits in line, and gives up after five seconds.
struct Pool {
    connections: Semaphore,
    here: AtomicUsize,
    most: AtomicUsize,
}

impl Pool {
    fn new() -> Arc<Self> {
        let (here, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        Arc::new(Self { connections: Semaphore::new(ABREAST), here, most })
    }

    async fn query(&self) -> Result<(), Broken> {
        self.most.fetch_max(self.here.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        let connection = timeout(secs(5), self.connections.acquire()).await;
        if connection.is_ok() {
            sleep(WORK).await;
        }
        self.here.fetch_sub(1, Ordering::SeqCst);
        connection.map(drop).map_err(|_| Broken("pool"))
    }
}

/// What one second's readers got.
#[derive(Default)]
struct Second {
    waited: Vec<Duration>,
    stale: usize,
    errors: Vec<ErrorKind>,
}

impl Second {
    fn waited(&mut self, percent: usize) -> Duration {
        self.waited.sort_unstable();
        self.waited[(self.waited.len() * percent).div_ceil(100) - 1]
    }

    fn is_good(&mut self) -> bool {
        self.errors.is_empty() && self.waited(99) < millis(50)
    }
}

/// What came of all of them.
struct Outcome {
    most: usize,
    seconds: Vec<Second>,
}

impl Outcome {
    fn longest(&mut self) -> Duration {
        self.seconds.iter_mut().map(|second| second.waited(100)).max().unwrap()
    }

    fn errors(&self) -> Vec<ErrorKind> {
        self.seconds.iter().flat_map(|second| second.errors.clone()).collect()
    }

    /// The first second from which on all are good; tells it to who wants to see it.
    fn steady_after(&mut self, what: &str) -> usize {
        let steady = self.seconds.iter_mut().rposition(|second| !second.is_good()).map_or(0, |last| last + 1);
        let (most, errors, longest) = (self.most, self.errors().len(), self.longest());
        eprintln!(
            "{what}: steady after {steady} s, {most} at the origin, {errors} errors, longest {longest:?}"
        );
        steady
    }
}

/// Popular keys and others: the exponent of Zipf's law is 0.8.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a rank"
)]
fn pick(dice: &mut fastrand::Rng) -> u64 {
    let most = (KEYS as f64 + 1.0).powf(0.2);
    ((1.0 + dice.f64() * (most - 1.0)).powf(5.0) as u64).clamp(1, KEYS)
}

/// Lets the readers come.
async fn run(cache: &Cache<u64, u64>) -> Outcome {
    let (pool, mut dice, mut reads) = (Pool::new(), fastrand::Rng::with_seed(7), JoinSet::new());
    let opened = Instant::now();
    for tick in 0..SECONDS * 1_000 {
        sleep_until(opened + millis(tick as u64)).await;
        for _ in 0..READS {
            let (cache, pool, key) = (cache.clone(), pool.clone(), pick(&mut dice));
            reads.spawn(async move {
                let began = Instant::now();
                let load = move |key| async move { pool.query().await.map(|()| key) };
                let hit = cache.get_or_load(&key, load).await;
                (tick / 1_000, began.elapsed(), hit.map(|hit| hit.is_stale()))
            });
        }
    }
    let mut seconds: Vec<Second> = (0..SECONDS).map(|_| Second::default()).collect();
    for (second, waited, answer) in reads.join_all().await {
        let second = &mut seconds[second];
        second.waited.push(waited);
        second.stale += usize::from(answer.as_ref().is_ok_and(|is_stale| *is_stale));
        second.errors.extend(answer.err().map(|error| error.kind()));
    }
    Outcome { most: pool.most.load(Ordering::SeqCst), seconds }
}

/// A cache that has room for everything, and a bulkhead, if it is to have one.
async fn cache(rig: &Rig, concurrent_loads: Option<usize>) -> Cache<u64, u64> {
    let cache = exact(&rig.node().await, "product").capacity(2 * KEYS).local_time_to_live(secs(600));
    let cache = cache.fresh_for(secs(60));
    match concurrent_loads {
        Some(most) => cache.concurrent_loads(most).load_queue(QUEUE),
        None => cache,
    }
    .build()
    .unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_cold_cache_asks_no_more_of_its_origin_than_it_can_bear_and_lets_nobody_wait_for_longer() {
    let mut outcome = run(&cache(&Rig::new(), Some(ABREAST)).await).await;
    assert_eq!(outcome.most, ABREAST);
    let longest = outcome.longest();
    assert!(longest <= QUEUE + WORK + SLACK, "{longest:?}");
    let errors = outcome.errors();
    assert!(!errors.is_empty() && errors.iter().all(|kind| *kind == ErrorKind::Overloaded));
    // Whatever was loaded is kept, so it gets better from second to second.
    let steady = outcome.steady_after("with a bulkhead");
    assert!((1..SECONDS).contains(&steady), "{steady}");
}

#[tokio::test(start_paused = true)]
async fn without_a_bulkhead_the_loads_wait_at_the_origin() {
    let mut outcome = run(&cache(&Rig::new(), None).await).await;
    assert!(outcome.most > 10 * ABREAST, "{}", outcome.most);
    let p99 = outcome.seconds[0].waited(99);
    assert!(p99 > 2 * (QUEUE + WORK), "{p99:?}");
    assert!(outcome.steady_after("without one") > 0);
}

#[tokio::test(start_paused = true)]
async fn a_cache_that_is_stale_as_a_whole_serves_that_and_asks_no_more_of_its_origin_than_it_can_bear() {
    let cache = cache(&Rig::new(), Some(ABREAST)).await;
    for key in 1..=KEYS {
        cache.get_or_load(&key, |key| async move { Ok::<_, Broken>(key) }).await.unwrap();
    }
    sleep(secs(60)).await;
    let mut outcome = run(&cache).await;
    assert_eq!((outcome.most, outcome.errors()), (ABREAST, vec![]));
    let longest = outcome.longest();
    assert!(longest <= QUEUE + WORK + SLACK, "{longest:?}");
    assert!(outcome.seconds[0].stale > 100, "{}", outcome.seconds[0].stale);
    assert!(outcome.steady_after("all stale, with a bulkhead") < SECONDS);
}
