//! How a cache begins warm.

use std::time::Duration;

use larder_core::{Capacity, Error, ErrorKind, Result};

/// As many keys as most caches have room for.
const USUAL_MOST: u32 = 10_000;

/// Hours remember a tenth of what the last minutes do, for there are 168 of them; and no less than this.
const LEAST_OF_AN_HOUR: u32 = 100;

/// How a cache begins warm, and what it does for those that begin after it.
///
/// Each instance counts what is read of the cache, hits by samples if there are many, and once a minute adds that to what the
/// whole fleet has read, in the shared tier. A new one predicts from it what it will be asked for: by the last
/// minutes, by the same hour of the day before, and by the same hour of the week. It fetches that from the shared tier, as
/// any read would: what a write overtakes is not kept. It loads nothing, unless it is [told to](crate::CacheBuilder::warm_loads).
///
/// The texts of keys are kept in the shared tier for up to three weeks, beyond the lives of their values.
///
/// # Examples
///
/// ```
/// use larder::{Cache, Larder, WarmStart};
/// use std::time::Duration;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> larder::Result<()> {
/// # let larder = Larder::builder("test.shop").embedded().build().await?;
/// let warm = WarmStart::default().most(50_000).deadline(Duration::from_secs(5));
/// let products: Cache<u64, String> = larder.cache("product").capacity(100_000).warm_start(warm).build()?;
///
/// // Before this instance tells its load balancer that it is there:
/// larder.ready().await;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct WarmStart {
    most: Option<u32>,
    pub(crate) deadline: Duration,
    pub(crate) batch: usize,
    pub(crate) concurrency: usize,
    pub(crate) save_every: Duration,
    pub(crate) unreachable: Unreachable,
}

/// What a cache does that is to begin warm, while the shared tier does not answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Unreachable {
    /// It tries until the deadline, and then begins cold.
    #[default]
    BeginCold,
    /// It waits, for as long as that takes, and is not ready. The deadline begins when it answers.
    Wait,
}

impl Default for WarmStart {
    fn default() -> Self {
        Self {
            most: None,
            deadline: Duration::from_secs(10),
            batch: 500,
            concurrency: 4,
            save_every: Duration::from_secs(60),
            unreachable: Unreachable::default(),
        }
    }
}

impl WarmStart {
    /// Sets how many keys are fetched at most, and remembered. Four times as many are counted in this process at a time.
    ///
    /// Default: the capacity of the cache, if that is in entries, and else 10,000.
    pub fn most(self, keys: u32) -> Self {
        Self { most: Some(keys), ..self }
    }

    /// Sets after how long the cache counts as ready, whatever it has by then.
    ///
    /// Default: ten seconds.
    pub fn deadline(self, deadline: Duration) -> Self {
        Self { deadline, ..self }
    }

    /// Sets how many keys are asked for at once.
    ///
    /// Default: 500.
    pub fn batch(self, keys: usize) -> Self {
        Self { batch: keys, ..self }
    }

    /// Sets how many such questions are under way at a time.
    ///
    /// Default: 4.
    pub fn concurrency(self, questions: usize) -> Self {
        Self { concurrency: questions, ..self }
    }

    /// Sets how often what was read is added to what the fleet has read.
    ///
    /// Default: once a minute. It is done at a shutdown, too.
    pub fn save_every(self, interval: Duration) -> Self {
        Self { save_every: interval, ..self }
    }

    /// Sets what is done while the shared tier does not answer.
    ///
    /// Default: [`Unreachable::BeginCold`].
    pub fn unreachable(self, what: Unreachable) -> Self {
        Self { unreachable: what, ..self }
    }

    /// The same with a limit, and nothing in it that cannot work.
    pub(crate) fn checked(self, capacity: Option<Capacity>) -> Result<Self> {
        let usual = match capacity {
            Some(Capacity::Entries(entries)) => u32::try_from(entries).unwrap_or(u32::MAX),
            _ => USUAL_MOST,
        };
        let most = self.most.unwrap_or(usual);
        let none = |setting: &'static str| {
            Err(Error::new(ErrorKind::Invalid, "a warm start needs some")
                .with("setting", setting)
                .with("value", 0))
        };
        match self {
            _ if most == 0 => none("most"),
            _ if self.batch == 0 => none("batch"),
            _ if self.concurrency == 0 => none("concurrency"),
            _ if self.deadline.is_zero() => none("deadline"),
            _ if self.save_every.is_zero() => none("save_every"),
            _ => Ok(Self { most: Some(most), ..self }),
        }
    }

    pub(crate) fn limit(&self) -> u32 {
        self.most.unwrap_or(USUAL_MOST)
    }

    /// How many keys are remembered of the last minutes, so that those at the end of the list come and go unseen.
    pub(crate) fn most_of_recent(&self) -> u32 {
        self.limit().saturating_mul(2)
    }

    /// How many keys are remembered of an hour.
    pub(crate) fn most_of_hour(&self) -> u32 {
        (self.limit() / 10).max(LEAST_OF_AN_HOUR)
    }
}
