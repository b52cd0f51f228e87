//! What a sink is given.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use larder_core::Version;

/// One write of a key: its newest value, as far as the queue knew when it was given to the sink.
pub struct Write<K, V> {
    key: K,
    value: V,
    version: Version,
}

/// What a sink is to write at once: each key once, the oldest writes first.
///
/// If the sink returns `Ok`, all that it has not marked otherwise counts as written; if it returns an error, only what it has
/// marked as [done](Self::done). Clones are the same batch.
///
/// # Examples
///
/// ```
/// # use larder_queue::Batch;
/// # struct Database;
/// # enum Answer { Stored, Busy, NoSuchRow }
/// # impl Database { async fn store(&self, _: &u64, _: &String, _: u64) -> Result<Answer, std::io::Error> { Ok(Answer::Stored) } }
/// async fn store(database: &Database, batch: Batch<u64, String>) -> Result<(), std::io::Error> {
///     for write in &batch {
///         match database.store(write.key(), write.value(), write.version().get()).await? {
///             Answer::Stored => batch.done(write),
///             Answer::Busy => batch.retry(write, "the row is locked"),
///             Answer::NoSuchRow => batch.refuse(write, "there is no such row"),
///         }
///     }
///     Ok(())
/// }
/// ```
pub struct Batch<K, V> {
    writes: Arc<[Write<K, V>]>,
    marks: Arc<Mutex<Vec<Mark>>>,
}

/// What a sink has said of a write.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Mark {
    #[default]
    None,
    Done,
    Retry(Arc<str>),
    Refused(Arc<str>),
}

impl<K, V> Write<K, V> {
    pub(crate) fn new(key: K, value: V, version: Version) -> Self {
        Self { key, value, version }
    }

    /// Its key.
    pub fn key(&self) -> &K {
        &self.key
    }

    /// Its value.
    pub fn value(&self) -> &V {
        &self.value
    }

    /// The version that [`put`](crate::WriteBehind::put) returned: higher than that of every write of this queue before it.
    ///
    /// Let the sink store it with the value and replace only what has a lower one: then a write that is given to it twice,
    /// or that a sink which had been given up finishes late, changes nothing.
    pub fn version(&self) -> Version {
        self.version
    }

    /// The key and the value.
    pub fn into_parts(self) -> (K, V) {
        (self.key, self.value)
    }
}

impl<K, V> Batch<K, V> {
    pub(crate) fn new(writes: Vec<Write<K, V>>) -> Self {
        let marks = vec![Mark::None; writes.len()];
        Self { writes: writes.into(), marks: Arc::new(Mutex::new(marks)) }
    }

    /// Says that a write is done, whatever becomes of the others.
    pub fn done(&self, write: &Write<K, V>) {
        self.mark(write, Mark::Done);
    }

    /// Says that a write is to be tried again, after a back-off of its own. After the last of its
    /// [attempts](crate::WriteBehindBuilder::attempts) it is set aside.
    pub fn retry(&self, write: &Write<K, V>, reason: impl fmt::Display) {
        self.mark(write, Mark::Retry(reason.to_string().into()));
    }

    /// Says that a write can never succeed: it is set aside at once.
    pub fn refuse(&self, write: &Write<K, V>, reason: impl fmt::Display) {
        self.mark(write, Mark::Refused(reason.to_string().into()));
    }

    /// The writes, the oldest first.
    pub fn iter(&self) -> std::slice::Iter<'_, Write<K, V>> {
        self.writes.iter()
    }

    /// How many there are: never none.
    #[expect(clippy::len_without_is_empty, reason = "it never is")]
    pub fn len(&self) -> usize {
        self.writes.len()
    }

    /// What was said of each, in their order.
    pub(crate) fn take_marks(&self) -> Vec<Mark> {
        self.marks().iter_mut().map(std::mem::take).collect()
    }

    fn mark(&self, write: &Write<K, V>, mark: Mark) {
        // They are in the order of their versions. What is of another batch is not here.
        if let Ok(place) = self.writes.binary_search_by_key(&write.version, Write::version)
            && let Some(known) = self.marks().get_mut(place)
        {
            *known = mark;
        }
    }

    fn marks(&self) -> MutexGuard<'_, Vec<Mark>> {
        self.marks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K, V> Clone for Batch<K, V> {
    fn clone(&self) -> Self {
        Self { writes: self.writes.clone(), marks: self.marks.clone() }
    }
}

impl<K, V> fmt::Debug for Write<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Write").field("version", &self.version).finish_non_exhaustive()
    }
}

impl<'a, K, V> IntoIterator for &'a Batch<K, V> {
    type Item = &'a Write<K, V>;
    type IntoIter = std::slice::Iter<'a, Write<K, V>>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<K, V> fmt::Debug for Batch<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batch").field("writes", &self.writes.len()).finish_non_exhaustive()
    }
}
