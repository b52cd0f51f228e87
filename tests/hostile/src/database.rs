//! The origin of all values, which keeps the books too.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use larder_core::{Clock, Moment};
use larder_testkit::history::{History, Write};

use crate::contract::Window;
use crate::name::Name;
use crate::wire::{Answer, Manner, Question, Seen};

/// A read that took longer is remembered as slow.
const SLOW: Duration = Duration::from_millis(10);

/// No node has this number.
const NOBODY: usize = usize::MAX;

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
    /// When somebody read without the shared tier.
    alone: Vec<Range<Moment>>,
    wrong: Vec<String>,
}

/// A write: whose it is, when it began, and when the fleet had been told.
#[derive(Clone, Debug)]
struct Entry {
    node: usize,
    /// The moment of its COMMIT, too: loads see it from then on.
    began: Moment,
    /// When its invalidation had returned, if it was deferred.
    returned: Option<Moment>,
    acknowledged: Option<Moment>,
    /// Whether not its key was invalidated but its tag.
    is_indirect: bool,
    /// When its guard held.
    guarded: Range<Moment>,
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
            Question::Write(names, manner) => {
                books.commit(names, &Entry::new(node, self.clock.now(), manner))
            }
            Question::Receipt(name) => Answer::Receipt(books.receipts.get(name).cloned()),
        }
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

    /// Notes that the node of a version knows of it, though the fleet could not be told.
    pub(crate) fn defer(&self, name: Name, version: u64, at: Moment) {
        if let Some(entry) = self.books().writes.get_mut(&(name, version)) {
            entry.returned.get_or_insert(at);
        }
    }

    /// Notes that somebody read without the shared tier.
    pub(crate) fn leave_alone(&self, time: Range<Moment>) {
        self.books().alone.push(time);
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

    /// What was written and read. No guard is believed while one of these windows was open that takes guards away.
    pub(crate) fn history(&self, windows: &[Window]) -> History<Name> {
        let books = self.books();
        let mut history = History::new();
        books.reads.iter().for_each(|(node, seen)| history.add_read(seen.into_read(*node)));
        for ((name, version), entry) in &books.writes {
            let write = Write::new(*name, *version, entry.node, entry.began);
            let write = if entry.is_indirect { write.indirect() } else { write };
            let write = entry.returned.into_iter().fold(write, Write::returned);
            if entry.acknowledged.is_none() && books.is_guarded(entry, windows) {
                // Nobody has kept anything since before the COMMIT: it is as if the fleet had been told then, by somebody who is
                // not of it.
                let told = Write::new(*name, *version, NOBODY, entry.began).indirect();
                history.add_write(told.acknowledged(entry.began));
            }
            history.add_write(entry.acknowledged.into_iter().fold(write, Write::acknowledged));
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

impl Entry {
    fn new(node: usize, began: Moment, manner: &Manner) -> Self {
        let is_indirect = matches!(manner, Manner::Tag);
        let guarded = match manner {
            Manner::Guarded(time) => Moment::from_nanos(time.start)..Moment::from_nanos(time.end),
            Manner::Keys | Manner::Tag => began..began,
        };
        Self { node, began, returned: None, acknowledged: None, is_indirect, guarded }
    }
}

impl Books {
    fn version(&self, name: Name) -> u64 {
        self.versions.get(&name).copied().unwrap_or_default()
    }

    /// All at once, as far as anybody can see.
    fn commit(&mut self, names: &[Name], entry: &Entry) -> Answer {
        let versions = names.iter().map(|name| {
            let version = self.version(*name) + 1;
            self.versions.insert(*name, version);
            self.writes.insert((*name, version), entry.clone());
            version
        });
        Answer::Versions(versions.collect())
    }

    /// Whether its guard held at the COMMIT, and everybody asked the shared tier who loaded in between.
    fn is_guarded(&self, entry: &Entry, windows: &[Window]) -> bool {
        let begin = &(entry.guarded.start..entry.began);
        entry.guarded.contains(&entry.began)
            && !self.alone.iter().any(|alone| alone.start <= begin.end && begin.start <= alone.end)
            && !windows.iter().any(|window| window.takes_guards_away(begin))
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
            let Answer::Versions(versions) = database.answer(0, &Question::Write(vec![NAME], Manner::Keys))
            else {
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
        assert!(database.history(&[]).writes().iter().all(|write| write.acknowledged_at() == Some(now)));
    }

    /// A write whose guard held for so long before its COMMIT, and as long after it, and whose writer is gone.
    fn guarded(time: Duration) -> (Database, Moment) {
        let database = Database::new();
        let now = Clock::precise().now();
        let guarded = now.before(time).as_nanos()..now.after(time).as_nanos();
        database.answer(0, &Question::Write(vec![NAME], Manner::Guarded(guarded)));
        (database, now)
    }

    fn is_known(database: &Database) -> bool {
        database.history(&[]).writes().iter().any(|write| write.acknowledged_at().is_some())
    }

    #[test]
    fn a_guarded_write_needs_nobody_to_tell_of_it() {
        assert!(is_known(&guarded(Duration::from_secs(60)).0));
        assert!(!is_known(&guarded(Duration::ZERO).0), "it was over before the commit");
    }

    #[test]
    fn a_guard_says_nothing_to_who_did_not_ask() {
        const MINUTE: Duration = Duration::from_secs(60);
        let (database, now) = guarded(MINUTE);
        database.leave_alone(now.before(MINUTE * 3)..now.before(MINUTE * 2));
        assert!(is_known(&database), "that was before");
        database.leave_alone(now.before(MINUTE / 2)..now.before(MINUTE / 3));
        assert!(!is_known(&database));
    }
}
