//! A read of a product, with as much of a cache as there is.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use larder::{Answer, Cache};
use tokio::time::Instant;

use crate::database::{Database, Down};
use crate::step::Step;

type Selecting = Pin<Box<dyn Future<Output = Result<Answer<u64>, Down>> + Send>>;

/// What a reader got.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Answered {
    pub(crate) waited: Duration,
    /// For how long it has not been true any more; nothing if the reader got an error.
    pub(crate) staleness: Option<Duration>,
}

pub(crate) async fn read(
    step: Step,
    cache: &Cache<u64, u64>,
    database: &Arc<Database>,
    product: usize,
) -> Answered {
    let came = Instant::now();
    let version = match step {
        Step::Nothing => without(database, product).await,
        Step::Local => alone(cache, database, product).await,
        _ => together(cache, database, product).await,
    };
    let staleness = version.map(|version| database.staleness(product, version));
    Answered { waited: came.elapsed(), staleness }
}

async fn without(database: &Arc<Database>, product: usize) -> Option<u64> {
    let version = database.latest(product);
    database.select(product).await.is_ok().then_some(version)
}

/// Everybody who does not find it loads it.
async fn alone(cache: &Cache<u64, u64>, database: &Arc<Database>, product: usize) -> Option<u64> {
    if let Ok(Some(hit)) = cache.get(&(product as u64)).await {
        return Some(*hit);
    }
    let load = load(database, product);
    cache.refresh_with(&(product as u64), load).await.ok().map(|hit| *hit)
}

async fn together(cache: &Cache<u64, u64>, database: &Arc<Database>, product: usize) -> Option<u64> {
    let load = load(database, product);
    cache.get_or_load(&(product as u64), load).await.ok().map(|hit| *hit)
}

fn load(database: &Arc<Database>, product: usize) -> impl FnOnce(u64) -> Selecting + use<> {
    let database = database.clone();
    move |_| Box::pin(async move { database.select(product).await })
}
