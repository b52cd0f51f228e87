//! The database, and the bad day that it has.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use larder::{Answer, Version};
use tokio::time::{Instant, sleep};

use crate::shop::PRODUCTS;

/// What a query takes on a good day, when the database is slow, and until it says that it is down.
const USUAL: Duration = Duration::from_millis(15);
const SLOW: Duration = Duration::from_secs(2);
const REFUSAL: Duration = Duration::from_millis(100);

const MINUTE: Duration = Duration::from_secs(60);

/// It answers late from the third minute to the fifth, and not at all from the sixth to the ninth.
const SLOW_FROM: Duration = Duration::from_secs(2 * 60);
const SLOW_UNTIL: Duration = Duration::from_secs(4 * 60);
const DOWN_FROM: Duration = Duration::from_secs(5 * 60);
const DOWN_UNTIL: Duration = Duration::from_secs(8 * 60);

/// What there is of each product, and how often it was asked for.
#[derive(Debug)]
pub(crate) struct Database {
    opened: Instant,
    queries: AtomicU64,
    by_minute: Vec<AtomicU64>,
    /// When each version of each product was written, from the first on.
    written: Vec<Mutex<Vec<Instant>>>,
}

/// The database is down.
#[derive(Debug)]
pub(crate) struct Down;

impl fmt::Display for Down {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the database is down")
    }
}

impl std::error::Error for Down {}

impl Database {
    pub(crate) fn new() -> Self {
        let opened = Instant::now();
        Self {
            opened,
            queries: AtomicU64::new(0),
            by_minute: (0..10).map(|_| AtomicU64::new(0)).collect(),
            written: (0..PRODUCTS).map(|_| Mutex::new(vec![opened])).collect(),
        }
    }

    /// Reads a product: the number of its version.
    pub(crate) async fn select(&self, product: usize) -> Result<Answer<u64>, Down> {
        self.queries.fetch_add(1, Ordering::Relaxed);
        let asked = self.opened.elapsed();
        let minute = usize::try_from(asked.as_secs() / 60).unwrap_or(usize::MAX);
        if let Some(count) = self.by_minute.get(minute) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        if is_down(asked) {
            sleep(REFUSAL).await;
            return Err(Down);
        }
        let version = self.latest(product);
        let is_slow = (SLOW_FROM..SLOW_UNTIL).contains(&asked);
        sleep(if is_slow { SLOW } else { USUAL }).await;
        Ok(Answer::value(version).version(Version::new(version)))
    }

    /// Writes a new version of a product, if it is not down.
    pub(crate) fn update(&self, product: usize) -> Result<(), Down> {
        if is_down(self.opened.elapsed()) {
            return Err(Down);
        }
        self.written(product).push(Instant::now());
        Ok(())
    }

    /// For how long this version has not been the latest.
    pub(crate) fn staleness(&self, product: usize, version: u64) -> Duration {
        let next = usize::try_from(version).unwrap_or(usize::MAX);
        self.written(product).get(next).map_or(Duration::ZERO, Instant::elapsed)
    }

    pub(crate) fn queries(&self) -> u64 {
        self.queries.load(Ordering::Relaxed)
    }

    /// Queries in each of the ten minutes.
    pub(crate) fn by_minute(&self) -> Vec<u64> {
        self.by_minute.iter().map(|count| count.load(Ordering::Relaxed)).collect()
    }

    /// The number of the latest version.
    pub(crate) fn latest(&self, product: usize) -> u64 {
        self.written(product).len() as u64
    }

    #[expect(clippy::indexing_slicing, reason = "every product has its place")]
    fn written(&self, product: usize) -> std::sync::MutexGuard<'_, Vec<Instant>> {
        self.written[product % PRODUCTS].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_down(time: Duration) -> bool {
    (DOWN_FROM..DOWN_UNTIL).contains(&time)
}

/// The whole day.
pub(crate) const DAY: Duration = Duration::from_secs(10 * MINUTE.as_secs());
