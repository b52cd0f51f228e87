//! The ways to write, and to read what was written.

/// One way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pattern {
    /// The database and no cache: what all others are measured by.
    Database,
    /// The same in a transaction that is begun and committed: what the outbox is measured by.
    Transaction,
    /// Write the database, then invalidate.
    CacheAside,
    /// The same, and the cache knows how to load.
    ReadThrough,
    /// Say so before the write, too.
    Guarded,
    /// Write the database, then insert what it has now, in its version.
    WriteThrough,
    /// Write a queue on this machine's disk, and the database later.
    WriteBehind,
    /// A row beside the write, which a relay tells the fleet.
    Outbox,
    /// The same, and the writer tells the fleet too.
    OutboxAtOnce,
}

pub(crate) const PATTERNS: [Pattern; 9] = [
    Pattern::Database,
    Pattern::Transaction,
    Pattern::CacheAside,
    Pattern::ReadThrough,
    Pattern::Guarded,
    Pattern::WriteThrough,
    Pattern::WriteBehind,
    Pattern::Outbox,
    Pattern::OutboxAtOnce,
];

impl Pattern {
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Database => "the database alone",
            Self::Transaction => "the same in `BEGIN` and `COMMIT`",
            Self::CacheAside => "cache-aside",
            Self::ReadThrough => "read-through",
            Self::Guarded => "guarded write",
            Self::WriteThrough => "write-through",
            Self::WriteBehind => "write-behind",
            Self::Outbox => "outbox, told by the relay",
            Self::OutboxAtOnce => "outbox, told at once too",
        }
    }

    /// The name of its cache, of which it makes no use if it does [without](Self::is_cached).
    pub(crate) fn cache(self) -> &'static str {
        match self {
            Self::Database => "alone",
            Self::Transaction => "transaction",
            Self::CacheAside => "aside",
            Self::ReadThrough => "read",
            Self::Guarded => "guarded",
            Self::WriteThrough => "through",
            Self::WriteBehind => "behind",
            Self::Outbox => "outbox",
            Self::OutboxAtOnce => "at-once",
        }
    }

    pub(crate) fn is_cached(self) -> bool {
        !matches!(self, Self::Database | Self::Transaction)
    }

    /// A row that no other way touches.
    pub(crate) fn row(self, time: usize) -> i64 {
        let (ways, which) = (PATTERNS.len(), self as usize);
        let own = super::stage::ROWS / ways;
        i64::try_from(time % own * ways + which).unwrap_or_default()
    }
}
