//! What is queued: at most one write for each key, its newest.
//!
//! A write is ready, with the sink, waiting for its next attempt, or poisoned. It is known by its version, which no other write
//! of the queue has. A newer write of its key takes its place wherever it stands; what is then said of the older one,
//! by a sink that had it already, concerns nobody.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use bytes::Bytes;
use larder_core::Version;
use tokio::time::Instant;

use crate::log::record::Record;
use crate::poisoned::{Poison, Poisoned};

/// What a write takes in memory beside its bytes, about.
const COST: usize = 256;

#[derive(Debug, Default)]
pub(crate) struct Backlog {
    /// In the order in which they were queued.
    entries: BTreeMap<u64, Entry>,
    by_text: HashMap<Arc<str>, u64>,
    ready: BTreeSet<u64>,
    /// Those that are ready too, but are delivered alone: those first that have been tried least.
    suspects: BTreeSet<(u32, u64)>,
    delayed: BTreeSet<(Instant, u64)>,
    poisoned: usize,
    bytes: usize,
    /// How many of them each file of the log still holds.
    files: BTreeMap<u64, usize>,
}

/// One write.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) text: Arc<str>,
    pub(crate) sealed: Bytes,
    /// The file of the log that it is in.
    file: u64,
    pub(crate) attempts: u32,
    /// How much the sink had taken when it first failed alone. From then on it is delivered alone, so that it fails nobody else.
    pub(crate) suspect_since: Option<u64>,
    pub(crate) standing: Standing,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    Ready,
    Delivered,
    Delayed(Instant),
    Poisoned(Poison),
}

/// What a put replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Replaced {
    Nothing,
    /// A write that the sink was not given, or did not take.
    Queued,
    /// A write that is with the sink.
    Delivered,
    /// The put is of a version that is not newer than what is there, and changes nothing.
    Itself,
}

/// What a write of that many bytes takes.
pub(crate) fn cost(text: &str, sealed: &[u8]) -> usize {
    text.len() + sealed.len() + COST
}

impl Backlog {
    /// Does again what the log says was done.
    pub(crate) fn replay(&mut self, file: u64, record: Record) {
        match record {
            Record::Put { version, text, sealed } => {
                if self.by_text.get(&*text) == Some(&version) {
                    self.moved(version, file);
                } else {
                    self.put(version, text.into(), sealed, file);
                }
            }
            Record::Done { version } => drop(self.remove(version)),
            Record::SetAside { version, attempts, poison } => {
                if let Some(entry) = self.entries.get_mut(&version) {
                    entry.attempts = attempts;
                    self.stand(version, Standing::Poisoned(poison));
                }
            }
            Record::Revived { version } => drop(self.revive(version)),
        }
    }

    pub(crate) fn put(&mut self, version: u64, text: Arc<str>, sealed: Bytes, file: u64) -> Replaced {
        let before = self.by_text.get(&text).copied();
        if before.is_some_and(|before| before >= version) {
            return Replaced::Itself;
        }
        let replaced = match before.and_then(|before| self.remove(before)) {
            None => Replaced::Nothing,
            Some(entry) if entry.standing == Standing::Delivered => Replaced::Delivered,
            Some(_) => Replaced::Queued,
        };
        self.bytes += cost(&text, &sealed);
        self.by_text.insert(text.clone(), version);
        *self.files.entry(file).or_default() += 1;
        let standing = Standing::Ready;
        self.entries
            .insert(version, Entry { text, sealed, file, attempts: 0, suspect_since: None, standing });
        self.ready.insert(version);
        replaced
    }

    /// Takes a write out of the queue for good.
    pub(crate) fn remove(&mut self, version: u64) -> Option<Entry> {
        let standing = self.entries.get(&version)?.standing.clone();
        self.stand(version, Standing::Delivered);
        let entry = self.entries.remove(&version)?;
        self.by_text.remove(&entry.text);
        self.bytes -= cost(&entry.text, &entry.sealed);
        self.leave(entry.file);
        Some(Entry { standing, ..entry })
    }

    /// Moves a write from where it stands. Nothing, if it is gone.
    pub(crate) fn stand(&mut self, version: u64, standing: Standing) {
        let Some(entry) = self.entries.get_mut(&version) else { return };
        match &entry.standing {
            Standing::Ready => {
                self.ready.remove(&version);
                self.suspects.remove(&(entry.attempts, version));
            }
            Standing::Delayed(until) => drop(self.delayed.remove(&(*until, version))),
            Standing::Poisoned(_) => self.poisoned -= 1,
            Standing::Delivered => {}
        }
        match &standing {
            Standing::Ready if entry.suspect_since.is_some() => {
                self.suspects.insert((entry.attempts, version));
            }
            Standing::Ready => drop(self.ready.insert(version)),
            Standing::Delayed(until) => drop(self.delayed.insert((*until, version))),
            Standing::Poisoned(_) => self.poisoned += 1,
            Standing::Delivered => {}
        }
        entry.standing = standing;
    }

    /// Brings a poisoned write back, as if it had just been put. Whether it was there.
    pub(crate) fn revive(&mut self, version: u64) -> bool {
        let Some(entry) = self.entries.get_mut(&version) else { return false };
        if !matches!(entry.standing, Standing::Poisoned(_)) {
            return false;
        }
        (entry.attempts, entry.suspect_since) = (0, None);
        self.stand(version, Standing::Ready);
        true
    }

    /// Takes the oldest that are ready and no newer than `synced`, as many as may be; or a suspect alone, if there is one and
    /// it is older. It must not be `after_suspect` again: one that always fails would stand in the way of all others.
    pub(crate) fn take(&mut self, most: usize, synced: u64, after_suspect: bool) -> Vec<(u64, Entry)> {
        let others: Vec<u64> = self.ready.range(..=synced).take(most).copied().collect();
        let taken = match (self.suspects.first(), others.first()) {
            (Some((_, suspect)), None) => vec![*suspect],
            (Some((_, suspect)), Some(other)) if !after_suspect && suspect < other => vec![*suspect],
            _ => others,
        };
        taken
            .into_iter()
            .filter_map(|version| {
                self.stand(version, Standing::Delivered);
                Some((version, self.entries.get(&version)?.clone()))
            })
            .collect()
    }

    /// Makes ready whatever has waited long enough, and says when the next one has.
    pub(crate) fn wake(&mut self, now: Instant) -> Option<Instant> {
        while let Some((until, version)) = self.delayed.first().copied() {
            if until > now {
                return Some(until);
            }
            self.stand(version, Standing::Ready);
        }
        None
    }

    pub(crate) fn moved(&mut self, version: u64, file: u64) {
        if let Some(entry) = self.entries.get_mut(&version) {
            let before = std::mem::replace(&mut entry.file, file);
            *self.files.entry(file).or_default() += 1;
            self.leave(before);
        }
    }

    fn leave(&mut self, file: u64) {
        if let Some(count) = self.files.get_mut(&file) {
            *count -= 1;
            if *count == 0 {
                self.files.remove(&file);
            }
        }
    }
}

/// What there is.
impl Backlog {
    pub(crate) fn get(&self, version: u64) -> Option<&Entry> {
        self.entries.get(&version)
    }

    /// A write that the sink was given, to be changed before it stands elsewhere.
    pub(crate) fn delivered_mut(&mut self, version: u64) -> Option<&mut Entry> {
        self.entries.get_mut(&version).filter(|entry| entry.standing == Standing::Delivered)
    }

    pub(crate) fn find(&self, text: &str) -> Option<(u64, &Entry)> {
        let version = *self.by_text.get(text)?;
        self.entries.get(&version).map(|entry| (version, entry))
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(crate) fn poisoned_count(&self) -> usize {
        self.poisoned
    }

    /// All but the poisoned ones.
    pub(crate) fn pending(&self) -> usize {
        self.len() - self.poisoned
    }

    /// How many are ready and no newer than `synced`, of `most` that matter. What is a suspect has been with the sink already.
    pub(crate) fn ready(&self, most: usize, synced: u64) -> usize {
        self.ready.range(..=synced).take(most).count() + self.suspects.len()
    }

    /// The version of the oldest that is not poisoned.
    pub(crate) fn oldest(&self) -> Option<u64> {
        let mut entries = self.entries.iter();
        entries
            .find(|(_, entry)| !matches!(entry.standing, Standing::Poisoned(_)))
            .map(|(version, _)| *version)
    }

    pub(crate) fn poisoned(&self) -> Vec<Poisoned> {
        let poisoned = |(version, entry): (&u64, &Entry)| match &entry.standing {
            Standing::Poisoned(poison) => Some(Poisoned {
                text: entry.text.clone(),
                version: Version::new(*version),
                attempts: entry.attempts,
                poison: poison.clone(),
            }),
            _ => None,
        };
        self.entries.iter().filter_map(poisoned).collect()
    }

    /// How many writes that file of the log still holds.
    pub(crate) fn count_in(&self, file: u64) -> usize {
        self.files.get(&file).copied().unwrap_or_default()
    }

    /// The writes that it holds.
    pub(crate) fn in_file(&self, file: u64) -> Vec<(u64, Entry)> {
        let held = self.entries.iter().filter(|(_, entry)| entry.file == file);
        held.map(|(version, entry)| (*version, entry.clone())).collect()
    }
}

#[cfg(test)]
mod tests;
