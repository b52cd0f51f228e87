//! The origin of all values, which keeps the books too.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use larder_core::{Clock, Moment};
use larder_testkit::history::{History, Write};

use crate::name::Name;
use crate::wire::{Answer, Question, Seen};

/// A read that took longer is remembered as slow.
const SLOW: Duration = Duration::from_millis(10);

/// The database, in the memory of the conductor. Clones are the same one.
#[derive(Clone, Debug)]
pub(crate) struct Database {
    clock: Clock,
    books: Arc<Mutex<Books>>,
}

#[derive(Debug, Default)]
struct Books {
    versions: HashMap<Name, u64>,
    writes: HashMap<(Name, u64), Entry>,
    receipts: HashMap<Name, (u64, String)>,
    /// The reads, each with its node.
    reads: Vec<(usize, Seen)>,
    slow: Vec<(Moment, Duration)>,
    wrong: Vec<String>,
}

/// A write: whose it is, when it began, and when the fleet had been told.
#[derive(Clone, Copy, Debug)]
struct Entry {
    node: usize,
    began: Moment,
    acknowledged: Option<Moment>,
    /// Whether not its key was invalidated but its tag.
    is_indirect: bool,
}

impl Database {
    pub(crate) fn new() -> Self {
        Self { clock: Clock::precise(), books: Arc::default() }
    }

    pub(crate) fn answer(&self, node: usize, question: &Question) -> Answer {
        let mut books = self.books();
        match question {
            Question::Load(names) => {
                Answer::Versions(names.iter().map(|name| books.version(*name)).collect())
            }
            Question::Write(names) => books.commit(names, self.entry(node, false)),
            Question::WriteByTag(names) => books.commit(names, self.entry(node, true)),
            Question::Receipt(name) => Answer::Receipt(books.receipts.get(name).cloned()),
        }
    }

    fn entry(&self, node: usize, is_indirect: bool) -> Entry {
        Entry { node, began: self.clock.now(), acknowledged: None, is_indirect }
    }

    /// Notes that the fleet was told of a version.
    pub(crate) fn acknowledge(&self, name: Name, version: u64, at: Moment, receipt: Option<String>) {
        let mut books = self.books();
        if let Some(entry) = books.writes.get_mut(&(name, version)) {
            entry.acknowledged.get_or_insert(at);
        }
        let last = books.receipts.get(&name).map_or(0, |(version, _)| *version);
        if let Some(receipt) = receipt.filter(|_| version > last) {
            books.receipts.insert(name, (version, receipt));
        }
    }

    /// Notes what a reader was told.
    pub(crate) fn note(&self, node: usize, seen: Seen) {
        let mut books = self.books();
        books.reads.push((node, seen));
        let awake = Duration::from_nanos(seen.awake);
        if awake > SLOW {
            books.slow.push((Moment::from_nanos(seen.began), awake));
        }
    }

    /// Notes what went as nothing may.
    pub(crate) fn complain(&self, what: String) {
        println!("! {what}");
        self.books().wrong.push(what);
    }

    /// What was complained about.
    pub(crate) fn wrong(&self) -> Vec<String> {
        self.books().wrong.clone()
    }

    /// The reads that were slow: when they began, and how long they took.
    pub(crate) fn slow(&self) -> Vec<(Moment, Duration)> {
        self.books().slow.clone()
    }

    pub(crate) fn history(&self) -> History<Name> {
        let books = self.books();
        let mut history = History::new();
        books.reads.iter().for_each(|(node, seen)| history.add_read(seen.into_read(*node)));
        for ((name, version), entry) in &books.writes {
            let write = Write::new(*name, *version, entry.node, entry.began);
            let write = if entry.is_indirect { write.indirect() } else { write };
            history.add_write(match entry.acknowledged {
                Some(then) => write.acknowledged(then),
                None => write,
            });
        }
        history
    }

    /// What one node was told of one key in a time, and what was written of it, each on a line.
    pub(crate) fn around(&self, name: Name, node: usize, time: &Range<Moment>) -> Vec<String> {
        let books = self.books();
        let is_then = |nanos| time.contains(&Moment::from_nanos(nanos));
        let millis = |nanos| Moment::from_nanos(nanos).since(time.start).as_secs_f64() * 1_000.0;
        let reads = books.reads.iter().filter(|(by, seen)| {
            *by == node && seen.name == name && (is_then(seen.began) || is_then(seen.ended))
        });
        let mut lines: Vec<(u64, String)> = reads
            .map(|(_, seen)| {
                let Seen { began, ended, version, tier, how, .. } = *seen;
                let (from, to) = (millis(began), millis(ended));
                (began, format!("{from:.3} to {to:.3} ms: {how:?} found {version} ({tier:?})"))
            })
            .collect();
        let writes =
            books.writes.iter().filter(|((of, _), entry)| *of == name && time.contains(&entry.began));
        lines.extend(writes.map(|((_, version), entry)| {
            let (began, told) = (entry.began.as_nanos(), entry.acknowledged.map(Moment::as_nanos));
            let told = told.map_or("never told".to_owned(), |told| format!("told {:.3} ms", millis(told)));
            (began, format!("{:.3} ms: {version} is written by {}, {told}", millis(began), entry.node))
        }));
        lines.sort();
        lines.into_iter().map(|(_, line)| line).collect()
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Books {
    fn version(&self, name: Name) -> u64 {
        self.versions.get(&name).copied().unwrap_or_default()
    }

    /// All at once, as far as anybody can see.
    fn commit(&mut self, names: &[Name], entry: Entry) -> Answer {
        let versions = names.iter().map(|name| {
            let version = self.version(*name) + 1;
            self.versions.insert(*name, version);
            self.writes.insert((*name, version), entry);
            version
        });
        Answer::Versions(versions.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::Kind;

    const NAME: Name = Name { kind: Kind::Plain, key: 7 };

    #[test]
    fn versions_grow_and_receipts_are_of_the_latest() {
        let database = Database::new();
        for expected in 1..=2 {
            let Answer::Versions(versions) = database.answer(0, &Question::Write(vec![NAME])) else {
                panic!("it is a write")
            };
            assert_eq!(versions, [expected]);
        }
        let now = Clock::precise().now();
        database.acknowledge(NAME, 2, now, Some("second".to_owned()));
        database.acknowledge(NAME, 1, now, Some("first".to_owned()));
        let Answer::Receipt(Some((version, receipt))) = database.answer(1, &Question::Receipt(NAME)) else {
            panic!("there is one")
        };
        assert_eq!((version, receipt.as_str()), (2, "second"));
        assert!(database.history().writes().iter().all(|write| write.acknowledged_at() == Some(now)));
    }
}
