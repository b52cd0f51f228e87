//! A bulkhead before the origin: so many loads of a cache at a time, and the others wait for their turn, or are shed.

use std::time::Duration;

use larder_core::{CacheName, Error, ErrorKind, Result};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;

/// What a cache lets through to its origin.
#[derive(Debug)]
pub(crate) struct Bulkhead {
    slots: Semaphore,
    most: usize,
    patience: Duration,
}

impl Bulkhead {
    pub(crate) fn new(most: usize, patience: Duration) -> Self {
        Self { slots: Semaphore::new(most), most, patience }
    }

    /// Waits for a turn, in the order of arrival. A load that gets none in time is shed: the origin is not told of it.
    pub(crate) async fn enter(&self, cache: &CacheName) -> Result<SemaphorePermit<'_>> {
        if let Ok(slot) = self.slots.try_acquire() {
            return Ok(slot);
        }
        match timeout(self.patience, self.slots.acquire()).await {
            Ok(Ok(slot)) => Ok(slot),
            _ => Err(Error::new(ErrorKind::Overloaded, "too many loads are under way")
                .with("cache", cache)
                .with("concurrent_loads", self.most)),
        }
    }
}
