//! The shop: three instances, and all who look at its products on that day.

use std::sync::Arc;
use std::time::Duration;

use larder::memory::MemoryServer;
use larder::{Cache, Larder};
use larder_testkit::TokioClock;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use crate::database::{DAY, Database};
use crate::reader::read;
use crate::record::Record;
use crate::step::Step;

pub(crate) const PRODUCTS: usize = 1_000;
const INSTANCES: usize = 3;

/// How often the readers come back.
const ROUND: Duration = Duration::from_secs(10);

/// The time between two products of a round.
const BETWEEN: Duration = Duration::from_millis(10);

/// How often somebody changes a product.
const CHANGE: Duration = Duration::from_millis(500);

struct Instance {
    larder: Larder,
    products: Cache<u64, u64>,
}

/// Has a day with so much of a cache, and so many readers of each product on each instance.
pub(crate) async fn open(step: Step, readers: usize) -> larder::Result<Record> {
    let clock = TokioClock::new().clock();
    let server = MemoryServer::new(clock.clone());
    let mut instances = Vec::new();
    for _ in 0..INSTANCES {
        let larder = step.instance(&server, &clock).await?;
        let products = step.products(&larder)?;
        instances.push(Instance { larder, products });
    }
    let (database, mut record) = (Arc::new(Database::new()), Record::new());
    let changing =
        tokio::spawn(change(database.clone(), instances.first().map(|first| first.products.clone())));
    let (mut reading, opened) = (JoinSet::new(), Instant::now());
    let mut round = Duration::ZERO;
    while round < DAY {
        for product in 0..PRODUCTS {
            // Each product at its time.
            sleep_until(opened + round + BETWEEN * u32::try_from(product).unwrap_or(0)).await;
            for instance in &instances {
                for _ in 0..readers {
                    let (products, database) = (instance.products.clone(), database.clone());
                    reading.spawn(async move { read(step, &products, &database, product).await });
                }
            }
            while let Some(Ok(answered)) = reading.try_join_next() {
                record.add(answered);
            }
        }
        round += ROUND;
    }
    while let Some(Ok(answered)) = reading.join_next().await {
        record.add(answered);
    }
    changing.abort();
    record.close(&database);
    for instance in instances {
        instance.larder.shut_down().await;
    }
    Ok(record)
}

/// Changes a product after the other, on one of the instances, and tells the others, if there is a way.
async fn change(database: Arc<Database>, cache: Option<Cache<u64, u64>>) {
    for product in (0..PRODUCTS).cycle() {
        tokio::time::sleep(CHANGE).await;
        // One in seven, so that each round has others.
        let product = product * 7 % PRODUCTS;
        if database.update(product).is_ok()
            && let Some(cache) = &cache
        {
            drop(cache.invalidate(&(product as u64)).await);
        }
    }
}
