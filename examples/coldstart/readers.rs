//! The readers: ten every millisecond, whatever becomes of those before them.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use larder::Cache;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use crate::origin::{Kind, Origin, TooLate};
use crate::record::{Answered, Record};
use crate::setup::Setup;

pub(crate) const KEYS: u64 = 200_000;

/// How many come in each millisecond.
const READERS: u64 = 10;

/// For how long they come.
pub(crate) const TIME: Duration = Duration::from_secs(40);

/// How the popularity of keys falls with their rank: the exponent of Zipf's law. Web proxies have seen some below one
/// (Breslau and others, "Web caching and Zipf-like distributions", 1999).
const SLOPE: f64 = 0.8;

type Querying = Pin<Box<dyn Future<Output = Result<u64, TooLate>> + Send>>;

/// Lets them come to a cache that has just been set up.
pub(crate) async fn read(kind: Kind, setup: Setup) -> larder::Result<Record> {
    let (larder, cache) = setup.open().await?;
    let (origin, mut dice) = (Arc::new(Origin::new(kind)), fastrand::Rng::with_seed(7));
    let (mut reading, mut record) = (JoinSet::new(), Record::new());
    let opened = Instant::now();
    for millis in 0..u64::try_from(TIME.as_millis()).unwrap_or(u64::MAX) {
        sleep_until(opened + Duration::from_millis(millis)).await;
        for _ in 0..READERS {
            let (cache, origin, key) = (cache.clone(), origin.clone(), pick(&mut dice));
            reading.spawn(async move { ask(&cache, &origin, key, opened.elapsed()).await });
        }
        while let Some(Ok(answered)) = reading.try_join_next() {
            record.add(answered);
        }
    }
    while let Some(Ok(answered)) = reading.join_next().await {
        record.add(answered);
    }
    record.close(&origin);
    larder.shut_down().await;
    Ok(record)
}

async fn ask(cache: &Cache<u64, u64>, origin: &Arc<Origin>, key: u64, came: Duration) -> Answered {
    let (began, origin) = (Instant::now(), origin.clone());
    let load = move |key| -> Querying { Box::pin(async move { origin.query().await.map(|()| key) }) };
    let hit = cache.get_or_load(&key, load).await;
    let is_stale = hit.as_ref().is_ok_and(larder::Hit::is_stale);
    Answered { came, waited: began.elapsed(), is_error: hit.is_err(), is_stale }
}

/// A key by its popularity, from the most popular one. The law is taken as that of a continuous quantity, which can be drawn
/// without a table.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a rank"
)]
fn pick(dice: &mut fastrand::Rng) -> u64 {
    let most = (KEYS as f64 + 1.0).powf(1.0 - SLOPE);
    let rank = (1.0 + dice.f64() * (most - 1.0)).powf(1.0 / (1.0 - SLOPE));
    (rank as u64).clamp(1, KEYS)
}
