//! How far a warm start has come.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use larder_core::{Key, Moment};

/// How far a warm start has come, or what came of it.
///
/// # Examples
///
/// ```
/// # use larder::{Cache, Larder, WarmStart};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> larder::Result<()> {
/// # let larder = Larder::builder("test.shop").embedded().build().await?;
/// let users: Cache<u64, String> = larder.cache("user").warm_start(WarmStart::default()).build()?;
/// larder.ready().await;
/// let warmth = users.warmth();
/// println!("{} of {} keys in {:?}", warmth.kept, warmth.wanted, warmth.took);
/// # assert!(warmth.is_over);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Warmth {
    /// How many keys it is about.
    pub wanted: u64,
    /// How many the shared tier was asked for. The others were in this process already, or their turn has not come.
    pub asked: u64,
    /// How many it had, fresh and readable.
    pub found: u64,
    /// How many of these are in this process now.
    pub kept: u64,
    /// How many are not: a write has overtaken them, or there was no room.
    pub refused: u64,
    /// How many of the others were loaded, if that was asked for.
    pub loaded: u64,
    /// How long it took, or has taken so far.
    pub took: Duration,
    /// Whether nothing more will come.
    pub is_over: bool,
}

/// The same while it goes on.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    wanted: AtomicU64,
    asked: AtomicU64,
    found: AtomicU64,
    kept: AtomicU64,
    loaded: AtomicU64,
    times: Mutex<Times>,
    /// Those that the shared tier did not have.
    missed: Mutex<Vec<Key>>,
}

#[derive(Debug, Default)]
struct Times {
    began: Option<Moment>,
    ended: Option<Moment>,
}

impl Progress {
    pub(crate) fn begin(&self, now: Moment) {
        self.times().began = Some(now);
    }

    pub(crate) fn wants(&self, keys: usize) {
        self.wanted.store(keys as u64, Ordering::Relaxed);
    }

    pub(crate) fn asked(&self, keys: usize) {
        self.asked.fetch_add(keys as u64, Ordering::Relaxed);
    }

    pub(crate) fn found(&self, is_kept: bool) {
        self.found.fetch_add(1, Ordering::Relaxed);
        self.kept.fetch_add(u64::from(is_kept), Ordering::Relaxed);
    }

    pub(crate) fn missed(&self, key: Key) {
        self.misses().push(key);
    }

    pub(crate) fn take_missed(&self) -> Vec<Key> {
        std::mem::take(&mut self.misses())
    }

    pub(crate) fn loaded(&self) {
        self.loaded.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn end(&self, now: Moment) {
        self.times().ended = Some(now);
        drop(self.take_missed());
    }

    pub(crate) fn snapshot(&self, now: Moment) -> Warmth {
        let Times { began, ended } = *self.times();
        let took = began.map_or(Duration::ZERO, |began| ended.unwrap_or(now).since(began));
        let [wanted, asked, kept, found, loaded] =
            [&self.wanted, &self.asked, &self.kept, &self.found, &self.loaded]
                .map(|count| count.load(Ordering::Relaxed));
        let (refused, is_over) = (found.saturating_sub(kept), ended.is_some());
        Warmth { wanted, asked, found, kept, refused, loaded, took, is_over }
    }

    fn times(&self) -> MutexGuard<'_, Times> {
        self.times.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn misses(&self) -> MutexGuard<'_, Vec<Key>> {
        self.missed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
