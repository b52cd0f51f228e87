//! Writes of every kind: COMMIT at the conductor, and then the fleet is told.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use fastrand::Rng;
use larder::{Answer, ErrorKind, Inserted, Receipt, Result, Version};
use tokio::time::sleep;

use super::Worker;
use super::caches::{Value, tag_of};
use super::polls::cancelled_at;
use super::weak::invalidates_before_commit;
use crate::name::{Kind, Name};
use crate::wire::{Manner, Place, Said};

/// How long the guard of a write holds that is never finished.
const GUARD: Duration = Duration::from_secs(2);

/// How long a guarded write takes until its COMMIT, at most.
const BEFORE_COMMIT: Duration = Duration::from_millis(50);

/// How long a late insert takes from its COMMIT on, at most.
const LATE: Duration = Duration::from_millis(100);

/// From the invalidation to the COMMIT, where they come in the wrong order.
const BACKWARDS: Duration = Duration::from_millis(3);

/// What was written, and could not be told yet.
#[derive(Debug, Default)]
pub(super) struct Waiting(Mutex<Vec<(Name, u64)>>);

impl Worker {
    pub(super) async fn write(&self, dice: &mut Rng) {
        let name = self.pick(dice);
        match (name.kind, dice.u8(0..20)) {
            (Kind::Versioned, 0..2) => self.cancel_insert(name, dice.u32(0..4)).await,
            (Kind::Versioned, 2..6) => self.supersede(name).await,
            (Kind::Versioned, _) => self.insert(name, dice).await,
            (_, 0..2) => self.cancel_write(name, dice.u32(0..4)).await,
            (Kind::Plain | Kind::Young, 2..6) => self.write_guarded(name, dice).await,
            (Kind::Plain, 6..8) => self.write_many(name, dice).await,
            (Kind::Tagged, 2..12) => self.write_group(name).await,
            _ => self.write_one(name).await,
        }
    }

    async fn write_one(&self, name: Name) {
        if invalidates_before_commit() {
            return self.write_backwards(name).await;
        }
        let Some(version) = self.commit_one(name).await else { return };
        let told = self.caches.of(name.kind).invalidate(&name.key);
        let told = self.fates.run(Place::Invalidation, told).await;
        self.told(&[(name, version)], told);
    }

    /// As a service must not do it.
    async fn write_backwards(&self, name: Name) {
        let told = self.caches.of(name.kind).invalidate(&name.key).await;
        sleep(BACKWARDS).await;
        if let Some(version) = self.commit_one(name).await {
            self.told(&[(name, version)], told);
        }
    }

    async fn write_many(&self, first: Name, dice: &mut Rng) {
        let mut names = vec![first];
        for _ in 0..dice.u8(1..6) {
            names.push(Name { key: self.zipf.pick(dice), ..first });
        }
        names.sort_unstable();
        names.dedup();
        let keys: Vec<u32> = names.iter().map(|name| name.key).collect();
        let Some(written) = self.commit(names, Manner::Keys).await else { return };
        let told = self.caches.of(first.kind).invalidate_many(&keys).await;
        self.told(&written, told);
    }

    /// All that carry a tag, at once.
    async fn write_group(&self, name: Name) {
        let Ok(tag) = tag_of(name) else { return };
        let Some(written) = self.commit(name.group(), Manner::Tag).await else { return };
        let told = self.caches.larder.invalidate_tag(&tag);
        let told = self.fates.run(Place::Invalidation, told).await;
        self.told(&written, told);
    }

    /// One in three is never finished, and leaves it to its guard.
    async fn write_guarded(&self, name: Name, dice: &mut Rng) {
        // The guard finds a load under way, or one begins under it. Neither must be kept.
        let is_loaded_before = dice.bool();
        if is_loaded_before {
            self.begin_load(name).await;
        }
        let began = self.clock.now();
        let write = match self.caches.of(name.kind).begin_write_within(GUARD, [&name.key]).await {
            Ok(write) => write,
            Err(error) if error.kind() == ErrorKind::Closed => return,
            Err(error) => return self.wrong(format!("a write of {name:?} fails: {error:?}")),
        };
        if !is_loaded_before {
            self.begin_load(name).await;
        }
        sleep(BEFORE_COMMIT.mul_f64(dice.f64())).await;
        let until = if write.is_guarded() { began.after(GUARD) } else { began };
        let manner = Manner::Guarded(began.as_nanos()..until.as_nanos());
        let Some(written) = self.commit(vec![name], manner).await else { return };
        if dice.u8(0..3) > 0 {
            let told = self.fates.run(Place::Guard, write.finish()).await;
            self.told(&written, told);
        }
    }

    /// Writes through, in the version that the database gave it. One in four is late, and may come after a newer one.
    async fn insert(&self, name: Name, dice: &mut Rng) {
        let Some(version) = self.commit_one(name).await else { return };
        if dice.u8(0..4) == 0 {
            sleep(LATE.mul_f64(dice.f64())).await;
        }
        let (inserted, written) = (self.put(name, version), [(name, version)]);
        match self.fates.run(Place::Invalidation, inserted).await {
            Ok(Inserted::Stored(receipt) | Inserted::Foreign(receipt)) => self.told(&written, Ok(receipt)),
            // What is newer has been announced.
            Ok(Inserted::Outdated) => self.acknowledge(&written, None),
            Ok(other) => self.wrong(format!("the insert of {written:?} comes to {other:?}")),
            Err(error) => self.told(&written, Err(error)),
        }
    }

    /// Is gone before it is known whether it was stored.
    async fn cancel_insert(&self, name: Name, waits: u32) {
        let Some(version) = self.commit_one(name).await else { return };
        let _gone = cancelled_at(waits, self.put(name, version)).await;
    }

    async fn put(&self, name: Name, version: u64) -> Result<Inserted> {
        let value = Answer::value(Value { name, version });
        self.caches.of(name.kind).insert(&name.key, value, Version::new(version)).await
    }

    /// The value is not at hand, but its version is.
    async fn supersede(&self, name: Name) {
        let Some(version) = self.commit_one(name).await else { return };
        let told = self.caches.of(name.kind).invalidate_version(&name.key, Version::new(version)).await;
        self.told(&[(name, version)], told);
    }

    /// Is gone before it is known whether the fleet was told.
    async fn cancel_write(&self, name: Name, waits: u32) {
        let Some(version) = self.commit_one(name).await else { return };
        if let Some(told) = cancelled_at(waits, self.caches.of(name.kind).invalidate(&name.key)).await {
            self.told(&[(name, version)], told);
        }
    }

    /// COMMIT. `None` if the conductor is gone.
    async fn commit(&self, names: Vec<Name>, manner: Manner) -> Option<Vec<(Name, u64)>> {
        let versions = self.link.commit(names.clone(), manner).await.ok()?;
        Some(names.into_iter().zip(versions).collect())
    }

    /// The same for one key. Returns its version.
    async fn commit_one(&self, name: Name) -> Option<u64> {
        self.link.commit(vec![name], Manner::Keys).await.ok()?.first().copied()
    }

    fn told(&self, written: &[(Name, u64)], outcome: Result<Receipt>) {
        match outcome {
            Ok(receipt) if receipt.is_deferred() => {
                let at = self.clock.now().as_nanos();
                for (name, version) in written.iter().copied() {
                    self.link.say(Said::Deferred { name, version, at });
                }
                self.waiting.add(written);
            }
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
