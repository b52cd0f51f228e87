//! All that a server knows of one app. It lies under one lock, and each method is one step.

mod leases;
mod listening;
mod writes;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use larder_core::{
    AppName, CacheName, Chain, Error, ErrorKind, Key, Moment, PARTITIONS, Partition, Reads, Register,
    Registered, Result, Sampled, Season, Sequence, SweepPosition, Swept, TagDelta, Usage,
};

use crate::reads::ReadCounts;
use crate::records::Records;
use crate::registers::Lines;
use crate::sequences::Sequences;
use crate::settings::Settings;
use crate::tags::TagStamps;
use crate::wire::Wire;

/// How far ahead of the server's clock a chain may be raised, in microseconds: a day.
const MOST_AHEAD: u64 = 24 * 3_600 * 1_000_000;

pub(crate) struct State {
    app: AppName,
    settings: Arc<Settings>,
    data: Data,
    /// What a failover goes back to.
    replica: Option<Data>,
    /// The ways to the nodes, in the order in which they connected.
    wires: BTreeMap<u64, Wire>,
    next_wire: u64,
}

/// What a failover can lose.
#[derive(Clone)]
struct Data {
    records: Records,
    sequences: Sequences,
    tags: TagStamps,
    reads: ReadCounts,
    layouts: Lines,
    processes: Lines,
}

impl Data {
    fn new() -> Self {
        Self {
            records: Records::new(),
            sequences: Sequences::new(),
            tags: TagStamps::default(),
            reads: ReadCounts::default(),
            layouts: Lines::default(),
            processes: Lines::default(),
        }
    }
}

impl State {
    pub(crate) fn new(app: AppName, settings: Arc<Settings>) -> Self {
        Self { app, settings, data: Data::new(), replica: None, wires: BTreeMap::new(), next_wire: 0 }
    }

    pub(crate) fn get(&self, keys: &[Key]) -> Result<Vec<Option<Bytes>>> {
        let now = self.now();
        let value = |key| {
            self.check_app(key)?;
            Ok(self.data.records.value(key, now).cloned())
        };
        keys.iter().map(value).collect()
    }

    pub(crate) fn get_and_tags(&self, keys: &[Key]) -> Result<(Vec<Option<Bytes>>, Sequence)> {
        Ok((self.get(keys)?, self.data.sequences.of_tags()))
    }

    pub(crate) fn sequences(&self) -> Vec<(Chain, Sequence)> {
        self.data.sequences.all()
    }

    pub(crate) fn raise(&mut self, chain: Chain, at: Sequence) -> Result<()> {
        let most = self.micros().saturating_add(MOST_AHEAD);
        if at.get() > most {
            return Err(Error::new(ErrorKind::Refused, "the sequence is more than a day ahead")
                .with("chain", chain)
                .with("sequence", at));
        }
        self.data.sequences.raise(chain, at);
        Ok(())
    }

    pub(crate) fn invalidated_tags(&self, since: Sequence) -> TagDelta {
        self.data.tags.delta(since, self.data.sequences.of_tags())
    }

    pub(crate) fn sweep(
        &mut self,
        cache: &CacheName,
        from: Option<&SweepPosition>,
        most: u32,
    ) -> Result<Swept> {
        let partition = partition_at(from)?;
        let (removed, is_clean) = self.data.records.drop_values(partition, cache, most);
        Ok(Swept::new(removed, removed, position(partition.index() + usize::from(is_clean))))
    }

    /// Looks at a whole partition, however many keys it has.
    pub(crate) fn sample(&self, cache: &CacheName, from: Option<&SweepPosition>) -> Result<Sampled> {
        let partition = partition_at(from)?;
        let entries = self.data.records.sample(partition, cache, self.now());
        let seen = entries.len() as u64;
        Ok(Sampled::new(entries, seen, position(partition.index() + 1)))
    }

    pub(crate) fn add_reads(
        &mut self,
        cache: &CacheName,
        season: Season,
        reads: &[Reads],
        most: u32,
    ) -> Result<()> {
        self.check_room()?;
        let (now, unix_millis) = (self.now(), self.settings.clock().unix_millis());
        self.data.reads.add(cache, season, reads, most, now, unix_millis);
        Ok(())
    }

    pub(crate) fn most_read(
        &mut self,
        cache: &CacheName,
        season: Season,
        skip: u32,
        most: u32,
    ) -> Vec<Reads> {
        let (now, unix_millis) = (self.now(), self.settings.clock().unix_millis());
        self.data.reads.most(cache, season, skip, most, now, unix_millis)
    }

    pub(crate) fn register(&mut self, register: Register, lines: &[String]) -> Result<Vec<Registered>> {
        if !lines.is_empty() {
            self.check_room()?;
        }
        let now = self.now();
        let note = |known: &mut Lines| {
            known.note(lines, now);
            known.all(now)
        };
        Ok(match register {
            Register::Layouts => note(&mut self.data.layouts),
            Register::Processes => note(&mut self.data.processes),
            Register::Caches => note(&mut self.settings.caches()),
        })
    }

    /// Remembers all there is, for the next failover.
    pub(crate) fn replicate(&mut self) {
        self.replica = Some(self.data.clone());
    }

    /// How much is kept, also what has ended and was not found yet.
    pub(crate) fn usage(&self) -> Usage {
        Usage::new(self.data.records.len() as u64, self.data.records.weight())
    }

    fn now(&self) -> Moment {
        self.settings.clock().now()
    }

    /// The time that sequences are made of.
    fn micros(&self) -> u64 {
        self.settings.clock().unix_millis().saturating_mul(1_000)
    }

    fn check_app(&self, key: &Key) -> Result<()> {
        let of = key.namespace().app();
        if *of == self.app {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Invalid, "the key belongs to another app")
            .with("app", &self.app)
            .with("key's app", of))
    }

    /// Whether the server takes anything more.
    fn check_room(&self) -> Result<()> {
        if self.settings.is_full() { Err(full()) } else { Ok(()) }
    }
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("State")
            .field("app", &self.app)
            .field("usage", &self.usage())
            .field("nodes", &self.wires.len())
            .finish_non_exhaustive()
    }
}

fn full() -> Error {
    Error::new(ErrorKind::Refused, "the server has no memory left")
}

/// Where a walk goes on: one partition after another.
fn partition_at(from: Option<&SweepPosition>) -> Result<Partition> {
    let begin = from.map_or(Ok(0), |from| from.as_str().parse::<u8>());
    begin.ok().and_then(Partition::new).ok_or_else(|| {
        Error::new(ErrorKind::Invalid, "no sweep has been at that position")
            .with("position", from.map_or("", SweepPosition::as_str))
    })
}

/// The text for it; `None` behind the last.
fn position(partition: usize) -> Option<SweepPosition> {
    Some(partition).filter(|&next| next < PARTITIONS).map(|next| SweepPosition::new(next.to_string()))
}
