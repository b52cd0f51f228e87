//! What is compared: a bulkhead or none, patience, and whether there is something stale.

use std::time::Duration;

use larder::{Cache, Larder};
use larder_testkit::TokioClock;

use crate::origin::ABREAST;
use crate::readers::KEYS;

const FRESH: Duration = Duration::from_secs(60);
const KEPT: Duration = Duration::from_secs(3_600);

/// How a cache is set up, and what is in it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setup {
    /// How long a load waits for its turn; none for a cache without a bulkhead.
    patience: Option<Duration>,
    /// Whether everything is there, and past its fresh time.
    is_stale: bool,
    /// How long readers wait where there is something stale.
    soft: Option<Duration>,
}

pub(crate) fn setups() -> Vec<Setup> {
    let [long, usual, short, least] =
        [10_000, 1_000, 250, 50].map(|millis| Some(Duration::from_millis(millis)));
    let soft = Some(Duration::from_millis(30));
    let of = |is_stale, soft| move |patience| Setup { patience, is_stale, soft };
    let empty = [None, long, usual, short, least].map(of(false, None));
    let stale = [None, usual, least].map(of(true, None));
    let soft = [None, usual].map(of(true, soft));
    empty.into_iter().chain(stale).chain(soft).collect()
}

impl Setup {
    pub(crate) fn name(self) -> String {
        let cache = if self.is_stale { "all stale" } else { "empty" };
        let bulkhead = match self.patience {
            Some(patience) => format!("bulkhead, {patience:?}"),
            None => "no bulkhead".to_owned(),
        };
        let soft = self.soft.map_or(String::new(), |soft| format!(", soft timeout {soft:?}"));
        format!("{cache}, {bulkhead}{soft}")
    }

    /// A cache before its first reader.
    pub(crate) async fn open(self) -> larder::Result<(Larder, Cache<u64, u64>)> {
        let larder = Larder::builder("prod.shop").embedded().clock(TokioClock::new().clock()).build().await?;
        let cache = larder.cache("product").capacity(2 * KEYS).time_to_live(KEPT).local_time_to_live(KEPT);
        let cache = match self.patience {
            Some(patience) => cache.concurrent_loads(ABREAST).load_queue(patience),
            None => cache,
        };
        let cache = match self.soft {
            Some(soft) => cache.soft_timeout(soft),
            None => cache,
        };
        let cache = cache.fresh_for(FRESH).build()?;
        if self.is_stale {
            for key in 1..=KEYS {
                cache.get_or_load(&key, |key| async move { Ok::<_, larder::Error>(key) }).await?;
            }
            tokio::time::sleep(FRESH).await;
        }
        Ok((larder, cache))
    }
}
