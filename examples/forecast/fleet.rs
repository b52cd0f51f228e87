//! Instances of the service, all in this process.

use std::convert::Infallible;
use std::time::Duration;

use larder::memory::MemoryServer;
use larder::{Cache, Clock, Larder, Tier, WarmStart};

use crate::Outcome;

const HOUR: Duration = Duration::from_secs(3_600);

pub(crate) type Items = Cache<u64, u64>;

/// The servers that a fleet shares, and how its instances are set up.
pub(crate) struct Fleet {
    pub(crate) server: MemoryServer,
    pub(crate) clock: Clock,
    /// How many items an instance has room for.
    pub(crate) room: u64,
}

impl Fleet {
    /// One more instance, which begins empty unless it is told how to begin.
    pub(crate) async fn instance(&self, how: Option<WarmStart>) -> Outcome<(Larder, Items)> {
        let larder = Larder::builder("test.shop").embedded_on(&self.server);
        let larder = larder.clock(self.clock.clone()).build().await?;
        let items = larder.cache("item").capacity(self.room);
        let items = items.time_to_live(48 * HOUR).local_time_to_live(HOUR);
        let items = match how {
            Some(how) => items.warm_start(how),
            None => items,
        };
        Ok((larder, items.build()?))
    }
}

/// Reads as a service does. Returns whether the instance could answer by itself.
pub(crate) async fn read(items: &Items, item: u64) -> Outcome<bool> {
    let hit = items.get_or_load(&item, |item| async move { Ok::<_, Infallible>(item) }).await?;
    Ok(hit.tier() == Tier::Local)
}
