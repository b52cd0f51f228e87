//! Writes of every kind: COMMIT at the conductor, and then the fleet is told.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use fastrand::Rng;
use larder::{ErrorKind, Receipt, Result};
use tokio::time::sleep;

use super::Worker;
use super::caches::tag_of;
use super::polls::cancelled_at;
use crate::name::{Kind, Name};
use crate::wire::{Place, Said};

/// How long the guard of a write holds that is never finished.
const GUARD: Duration = Duration::from_secs(2);

/// What was written, and could not be told yet.
#[derive(Debug, Default)]
pub(super) struct Waiting(Mutex<Vec<(Name, u64)>>);

impl Worker {
    pub(super) async fn write(&self, dice: &mut Rng) {
        let name = self.pick(dice);
        match (name.kind, dice.u8(0..20)) {
            (_, 0..2) => self.cancel_write(name, dice.u32(0..4)).await,
            (Kind::Plain, 2..4) => self.write_many(name, dice).await,
            (Kind::Plain, 4..6) => self.write_guarded(name, dice.u8(0..4) == 0).await,
            (Kind::Tagged, 2..12) => self.write_group(name).await,
            _ => self.write_one(name).await,
        }
    }

    async fn write_one(&self, name: Name) {
        let Some(written) = self.commit(vec![name]).await else { return };
        let told = self.caches.of(name.kind).invalidate(&name.key);
        let told = self.fates.run(Place::Invalidation, told).await;
        self.told(&written, told);
    }

    async fn write_many(&self, first: Name, dice: &mut Rng) {
        let mut names = vec![first];
        for _ in 0..dice.u8(1..6) {
            names.push(Name { key: self.zipf.pick(dice), ..first });
        }
        names.sort_unstable();
        names.dedup();
        let keys: Vec<u32> = names.iter().map(|name| name.key).collect();
        let Some(written) = self.commit(names).await else { return };
        let told = self.caches.of(first.kind).invalidate_many(&keys).await;
        self.told(&written, told);
    }

    /// All that carry a tag, at once.
    async fn write_group(&self, name: Name) {
        let Ok(tag) = tag_of(name) else { return };
        let names = name.group();
        let Ok(versions) = self.link.commit_by_tag(names.clone()).await else { return };
        let written: Vec<_> = names.into_iter().zip(versions).collect();
        let told = self.caches.larder.invalidate_tag(&tag);
        let told = self.fates.run(Place::Invalidation, told).await;
        self.told(&written, told);
    }

    /// One that is never finished leaves it to its guard.
    async fn write_guarded(&self, name: Name, is_forgotten: bool) {
        let cache = self.caches.of(name.kind);
        let write = match cache.begin_write_within(GUARD, [&name.key]).await {
            Ok(write) => write,
            Err(error) if error.kind() == ErrorKind::Closed => return,
            Err(error) => return self.wrong(format!("a write of {name:?} fails: {error:?}")),
        };
        let Some(written) = self.commit(vec![name]).await else { return };
        if !is_forgotten {
            let told = self.fates.run(Place::Guard, write.finish()).await;
            self.told(&written, told);
        }
    }

    /// Is gone before it is known whether the fleet was told.
    async fn cancel_write(&self, name: Name, waits: u32) {
        let Some(written) = self.commit(vec![name]).await else { return };
        if let Some(told) = cancelled_at(waits, self.caches.of(name.kind).invalidate(&name.key)).await {
            self.told(&written, told);
        }
    }

    /// COMMIT. `None` if the conductor is gone.
    async fn commit(&self, names: Vec<Name>) -> Option<Vec<(Name, u64)>> {
        let versions = self.link.commit(names.clone()).await.ok()?;
        Some(names.into_iter().zip(versions).collect())
    }

    fn told(&self, written: &[(Name, u64)], outcome: Result<Receipt>) {
        match outcome {
            Ok(receipt) if receipt.is_deferred() => self.waiting.add(written),
            Ok(receipt) => self.acknowledge(written, Some(&receipt)),
            // It is being replaced.
            Err(error) if error.kind() == ErrorKind::Closed => {}
            Err(error) => self.wrong(format!("a write of {written:?} fails: {error:?}")),
        }
    }

    fn acknowledge(&self, written: &[(Name, u64)], receipt: Option<&Receipt>) {
        let at = self.clock.now().as_nanos();
        for (name, version) in written {
            let receipt = receipt.map(ToString::to_string);
            self.link.say(Said::Told { name: *name, version: *version, at, receipt });
        }
    }

    /// What was deferred has been told at the latest when there is nothing to tell any more.
    pub(super) async fn settle(&self) {
        loop {
            sleep(Duration::from_millis(5)).await;
            let waiting = self.waiting.take();
            if self.caches.larder.deferred() > 0 {
                self.waiting.add(&waiting);
            } else {
                self.acknowledge(&waiting, None);
            }
        }
    }
}

impl Waiting {
    fn add(&self, written: &[(Name, u64)]) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(written);
    }

    fn take(&self) -> Vec<(Name, u64)> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
