//! One write, and one read.

use std::fmt;

use larder_core::Moment;

/// Somebody wrote a version of a key, and invalidated it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Write<K> {
    pub(super) key: K,
    pub(super) version: u64,
    pub(super) node: usize,
    pub(super) began: Moment,
    pub(super) returned: Option<Moment>,
    pub(super) acknowledged: Option<Moment>,
    pub(super) is_indirect: bool,
}

impl<K> Write<K> {
    /// Version `version` of `key`, whose COMMIT was called on node `node` at `began`. Nobody knows yet whether the fleet was
    /// told.
    pub const fn new(key: K, version: u64, node: usize, began: Moment) -> Self {
        Self { key, version, node, began, returned: None, acknowledged: None, is_indirect: false }
    }

    /// The fleet had been told by then: the server had executed the invalidation.
    #[must_use]
    pub fn acknowledged(mut self, at: Moment) -> Self {
        self.acknowledged = Some(at);
        self
    }

    /// The invalidation had returned by then, though perhaps nobody had been told yet: its own node must see it.
    #[must_use]
    pub fn returned(mut self, at: Moment) -> Self {
        self.returned = Some(at);
        self
    }

    /// Not its key was invalidated but a tag that it has, or its whole cache. Then C5 does not apply: as long as a node has
    /// not heard of it, the shared tier still has what is outdated, and the origin may be asked past it.
    #[must_use]
    pub const fn indirect(mut self) -> Self {
        self.is_indirect = true;
        self
    }

    /// The key.
    pub const fn key(&self) -> &K {
        &self.key
    }

    /// The version.
    pub const fn version(&self) -> u64 {
        self.version
    }

    /// Where it was written.
    pub const fn node(&self) -> usize {
        self.node
    }

    /// When its COMMIT was called.
    pub const fn began(&self) -> Moment {
        self.began
    }

    /// Whether it was invalidated by a tag, or with its whole cache.
    pub const fn is_indirect(&self) -> bool {
        self.is_indirect
    }

    /// When the fleet had been told, if that is known.
    pub const fn acknowledged_at(&self) -> Option<Moment> {
        self.acknowledged
    }
}

/// Where an answer came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Source {
    /// The process's own memory.
    Local,
    /// The shared tier.
    Remote,
    /// The loader.
    Origin,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Local => "local",
            Self::Remote => "remote",
            Self::Origin => "origin",
        })
    }
}

/// Somebody read a key, and was told a version of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Read<K> {
    pub(super) key: K,
    pub(super) node: usize,
    pub(super) began: Moment,
    pub(super) ended: Moment,
    pub(super) found: K,
    pub(super) version: u64,
    pub(super) source: Source,
    pub(super) at_least: u64,
    pub(super) is_marked_stale: bool,
}

impl<K: Clone> Read<K> {
    /// A read of `key` on node `node` that began and ended at these moments, and found nothing.
    pub fn new(key: K, node: usize, began: Moment, ended: Moment, source: Source) -> Self {
        let found = key.clone();
        Self { key, node, began, ended, found, version: 0, source, at_least: 0, is_marked_stale: false }
    }
}

impl<K> Read<K> {
    /// It found a value that says it is this version of this key.
    #[must_use]
    pub fn found(mut self, key: K, version: u64) -> Self {
        (self.found, self.version) = (key, version);
        self
    }

    /// It was given the receipt of the write of this version.
    #[must_use]
    pub fn at_least(mut self, version: u64) -> Self {
        self.at_least = version;
        self
    }

    /// The answer was marked as stale, so that only C4 and C6 apply.
    #[must_use]
    pub fn marked_stale(mut self) -> Self {
        self.is_marked_stale = true;
        self
    }

    /// The key that was asked for.
    pub const fn key(&self) -> &K {
        &self.key
    }

    /// Where it was read.
    pub const fn node(&self) -> usize {
        self.node
    }

    /// When it began.
    pub const fn began(&self) -> Moment {
        self.began
    }

    /// When it ended.
    pub const fn ended(&self) -> Moment {
        self.ended
    }

    /// Which key the value says it is of.
    pub const fn found_key(&self) -> &K {
        &self.found
    }

    /// The version that it found, or 0 for none.
    pub const fn version(&self) -> u64 {
        self.version
    }

    /// Where the answer came from.
    pub const fn source(&self) -> Source {
        self.source
    }

    /// The version whose receipt it was given, or 0 for none.
    pub const fn receipt(&self) -> u64 {
        self.at_least
    }

    /// Whether the answer was marked as stale.
    pub const fn is_marked_stale(&self) -> bool {
        self.is_marked_stale
    }
}
