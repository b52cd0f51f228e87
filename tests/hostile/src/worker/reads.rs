//! Reads of every kind, each of which is told to the conductor.

use std::future::Future;
use std::io;
use std::time::Duration;

use fastrand::Rng;
use larder::{Answer, ErrorKind, Hit, Optional, Receipt};
use larder_core::Moment;
use tokio::sync::oneshot;
use tokio::time::sleep;

use super::Worker;
use super::caches::{Value, answer};
use super::link::{Link, nanos};
use super::polls::cancelled_at;
use crate::name::{ALIVE, Kind, Name};
use crate::wire::{How, Place, Said, Seen, Tier};

/// No read may take longer, whatever is broken. The longest wait that there is a reason for is the two seconds of a lease
/// whose holder never heard that it was granted.
const HANG: Duration = Duration::from_secs(6);

/// What is read from a database is old by the time it comes, by so many microseconds at most.
const TRANSPORT: u64 = 2_000;
/// The same for one answer in twenty, of which somebody else has kept the database.
const SLOW_TRANSPORT: u64 = 60_000;

/// A new key is born so often, in milliseconds.
const BIRTH: u64 = 50;

/// A read under way.
#[derive(Clone, Copy)]
pub(super) struct Reading {
    began: Moment,
    lost: Duration,
    at_least: u64,
    how: How,
}

impl Worker {
    pub(super) async fn read(&self, dice: &mut Rng) {
        let name = self.pick(dice);
        match dice.u8(0..100) {
            0..6 => self.read_with_receipt(name).await,
            6..10 => self.read_many(name.kind, dice).await,
            10..16 => self.cancel_read(name, dice.u32(0..5)).await,
            16..18 => self.look(name).await,
            18..19 => self.refresh(name).await,
            _ => self.read_one(name).await,
        }
    }

    /// A key to read or to write.
    pub(super) fn pick(&self, dice: &mut Rng) -> Name {
        let kind = dice.choice([Kind::Plain, Kind::Plain, Kind::Tagged, Kind::Young, Kind::Versioned]);
        match kind.unwrap_or(Kind::Plain) {
            Kind::Young => Name { kind: Kind::Young, key: self.first_alive() + dice.u32(0..ALIVE) },
            kind => Name { kind, key: self.zipf.pick(dice) },
        }
    }

    /// The oldest of the young keys. Every process agrees.
    pub(super) fn first_alive(&self) -> u32 {
        let births = self.clock.now().as_nanos() / (BIRTH * 1_000_000);
        u32::try_from(births % (1 << 31)).expect("it is less than that")
    }

    pub(super) async fn read_one(&self, name: Name) {
        let cache = self.caches.of(name.kind);
        let reading = self.begin(How::Load, 0);
        let found = cache.get_or_load(&name.key, self.loader(name));
        if let Some(found) = self.in_time(name, reading, found).await {
            self.ended(name, reading, found.optional());
        }
    }

    /// Shows a receipt that somebody got, maybe in another process.
    async fn read_with_receipt(&self, name: Name) {
        let Ok(Some((version, receipt))) = self.link.receipt(name).await else { return };
        let Ok(receipt) = receipt.parse::<Receipt>() else {
            return self.wrong(format!("`{receipt}` is no receipt"));
        };
        let reading = self.begin(How::Receipt, version);
        let cache = self.caches.of(name.kind);
        let found = cache.reading().at_least(&receipt).get_or_load(&name.key, self.loader(name));
        if let Some(found) = self.in_time(name, reading, found).await {
            self.ended(name, reading, found.optional());
        }
    }

    async fn read_many(&self, kind: Kind, dice: &mut Rng) {
        let mut names: Vec<Name> = (0..dice.usize(2..8)).map(|_| self.pick(dice)).collect();
        names.iter_mut().filter(|name| name.kind != kind).for_each(|name| name.kind = Kind::Plain);
        names.retain(|name| name.kind == kind);
        names.sort_unstable();
        names.dedup();
        let Some(first) = names.first().copied() else { return };
        let keys: Vec<u32> = names.iter().map(|name| name.key).collect();
        let reading = self.begin(How::Many, 0);
        let link = self.link.clone();
        let load = move |keys: Vec<u32>| load_many(link.clone(), kind, keys);
        let found = self.caches.of(kind).get_many_or_load(&keys, load);
        match self.in_time(first, reading, found).await {
            Some(Ok(found)) => {
                names.into_iter().zip(found).for_each(|(name, hit)| self.ended(name, reading, Ok(hit)));
            }
            Some(Err(error)) => self.ended(first, reading, Err(error)),
            None => {}
        }
    }

    /// Is gone before the answer comes, or maybe not.
    async fn cancel_read(&self, name: Name, waits: u32) {
        let cache = self.caches.of(name.kind);
        let reading = self.begin(How::Cancelled, 0);
        let found = cache.get_or_load(&name.key, self.loader(name));
        if let Some(found) = cancelled_at(waits, found).await {
            self.ended(name, reading, found.optional());
        }
    }

    /// Loads nothing. That nothing is found says nothing.
    pub(super) async fn look(&self, name: Name) {
        let reading = self.begin(How::Get, 0);
        let found = self.caches.of(name.kind).get(&name.key);
        match self.in_time(name, reading, found).await {
            Some(Ok(Some(hit))) => self.ended(name, reading, Ok(Some(hit))),
            Some(Err(error)) => self.ended(name, reading, Err(error)),
            Some(Ok(None)) | None => {}
        }
    }

    async fn refresh(&self, name: Name) {
        self.refresh_with(name, self.loader(name)).await;
    }

    /// Has somebody load a key, and returns when the row has been read, and what was read is still on its way.
    pub(super) async fn begin_load(&self, name: Name) {
        let (worker, link, (read, is_read)) = (self.clone(), self.link.clone(), oneshot::channel());
        let load = move |_| -> Loading {
            Box::pin(async move {
                let version = link.load(vec![name]).await?.first().copied();
                // The writer may be gone.
                _ = read.send(());
                transport().await;
                answer(name, version.unwrap_or_default())
            })
        };
        tokio::spawn(async move { worker.refresh_with(name, load).await });
        // Or it turns out that there is nothing to load.
        _ = is_read.await;
    }

    async fn refresh_with(&self, name: Name, load: impl FnOnce(u32) -> Loading + Send + 'static) {
        let reading = self.begin(How::Refresh, 0);
        let found = self.caches.of(name.kind).refresh_with(&name.key, load);
        if let Some(found) = self.in_time(name, reading, found).await {
            self.ended(name, reading, found.optional());
        }
    }

    /// A loader for one key, in which the process may be fated to end or to stop.
    pub(super) fn loader(&self, name: Name) -> impl FnOnce(u32) -> Loading + Send + use<> {
        let worker = self.clone();
        move |_| {
            Box::pin(async move {
                let load = async {
                    let versions = worker.link.load(vec![name]).await?;
                    transport().await;
                    answer(name, versions.first().copied().unwrap_or_default())
                };
                worker.fates.run(Place::Load, load).await
            })
        }
    }

    pub(super) fn begin(&self, how: How, at_least: u64) -> Reading {
        Reading { began: self.clock.now(), lost: self.pulse.lost(), at_least, how }
    }

    /// Complains about what takes longer than it may. What it takes while the process is not let run does not count.
    pub(super) async fn in_time<F: Future>(
        &self,
        name: Name,
        reading: Reading,
        future: F,
    ) -> Option<F::Output> {
        let hang = async {
            while self.awake(reading) < HANG {
                sleep(Duration::from_millis(100)).await;
            }
        };
        tokio::select! {
            biased;
            output = future => Some(output),
            () = hang => {
                self.wrong(format!("a read of {name:?} hangs: {}", self.caches.larder.health()));
                None
            }
        }
    }

    /// Tells the conductor.
    pub(super) fn ended(&self, name: Name, reading: Reading, found: larder::Result<Option<Hit<Value>>>) {
        let ended = self.clock.now();
        let hit = match found {
            Ok(hit) => hit,
            // It is being replaced.
            Err(error) if error.kind() == ErrorKind::Closed => return,
            Err(error) => return self.wrong(format!("a read of {name:?} fails: {error:?}")),
        };
        let (found, version) = hit.as_ref().map_or((name, 0), |hit| (hit.name, hit.version));
        self.link.say(Said::Read(Seen {
            name,
            began: reading.began.as_nanos(),
            ended: ended.as_nanos(),
            awake: nanos(self.awake(reading)),
            found,
            version,
            tier: hit.as_ref().map_or(Tier::Origin, tier),
            how: reading.how,
            at_least: reading.at_least,
            is_stale: hit.as_ref().is_some_and(Hit::is_stale),
        }));
    }

    pub(super) fn wrong(&self, what: String) {
        self.link.say(Said::Wrong(what));
    }

    fn awake(&self, reading: Reading) -> Duration {
        let lost = self.pulse.lost().saturating_sub(reading.lost);
        self.clock.now().since(reading.began).saturating_sub(lost)
    }
}

/// What a loader does.
pub(super) type Loading = std::pin::Pin<Box<dyn Future<Output = io::Result<Answer<Value>>> + Send>>;

fn tier(hit: &Hit<Value>) -> Tier {
    match hit.tier() {
        larder::Tier::Local => Tier::Local,
        larder::Tier::Remote => Tier::Remote,
        _ => Tier::Origin,
    }
}

async fn load_many(link: Link, kind: Kind, keys: Vec<u32>) -> io::Result<Vec<(u32, Answer<Value>)>> {
    let names: Vec<Name> = keys.iter().map(|key| Name { kind, key: *key }).collect();
    let versions = link.load(names.clone()).await?;
    transport().await;
    let pairs = names.into_iter().zip(versions);
    pairs.map(|(name, version)| Ok((name.key, answer(name, version)?))).collect()
}

async fn transport() {
    let most = if fastrand::u8(0..20) == 0 { SLOW_TRANSPORT } else { TRANSPORT };
    sleep(Duration::from_micros(fastrand::u64(0..most))).await;
}
