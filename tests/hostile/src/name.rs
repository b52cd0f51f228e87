//! What is read and written: keys of four caches.

use serde::{Deserialize, Serialize};

/// How many keys a cache has.
pub(crate) const KEYS: u32 = 300;

/// How many tags there are.
pub(crate) const GROUPS: u32 = 16;

/// How many keys of the cache of the young can be asked for at a time.
pub(crate) const ALIVE: u32 = 200;

/// A cache, by what is done with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) enum Kind {
    /// Keys are invalidated one by one, a few at a time, and within guarded writes.
    Plain,
    /// Its values carry a tag, and are invalidated by it too.
    Tagged,
    /// Every few moments there is a new key, which is looked for before it is inserted.
    Young,
    /// Its values are written through, in the versions that the database gives them.
    Versioned,
}

/// A key of a cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct Name {
    pub(crate) kind: Kind,
    pub(crate) key: u32,
}

impl Kind {
    pub(crate) const ALL: [Self; 4] = [Self::Plain, Self::Tagged, Self::Young, Self::Versioned];

    pub(crate) const fn text(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Tagged => "tagged",
            Self::Young => "young",
            Self::Versioned => "versioned",
        }
    }
}

impl Name {
    /// All that carry the same tag, of a name that carries one.
    pub(crate) fn group(self) -> Vec<Self> {
        (0..KEYS).filter(|key| key % GROUPS == self.key % GROUPS).map(|key| Self { key, ..self }).collect()
    }
}
