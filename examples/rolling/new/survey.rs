//! What is stored, looked at from outside of the service.

use std::time::Duration;

use larder::{Cache, Larder};
use shop::Outcome;
use shop::pace::Pace;
use shop::service::{APP, Stock};
use tokio::time::sleep;

use crate::phase::Phase;
use crate::product::Product;

/// How many keys a survey looks at in a second.
const LOOKS: u32 = 20_000;

/// Waits until the third deploy is safe.
pub(crate) async fn nothing_is_old(redis: &str, pace: &str) -> Outcome<()> {
    let pace = Pace::named(pace).ok_or("no such pace")?;
    let larder = Larder::builder(APP).redis(redis).build().await?;
    let Stock { cache, envelope } = Phase::Second.stock();
    let products: Cache<u64, Product> =
        larder.cache(cache).time_to_live(pace.time_to_live).envelope(envelope).build()?;
    loop {
        let mut survey = products.survey()?;
        survey.run(LOOKS).await?;
        let left = survey.old_ends_in().ok_or("an old value never ends")?;
        if left.is_zero() {
            larder.shut_down().await;
            return Ok(());
        }
        sleep(left.clamp(Duration::from_millis(50), Duration::from_secs(1))).await;
    }
}
