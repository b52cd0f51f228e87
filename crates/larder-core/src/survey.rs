//! Looking at how the values of a cache are stored, a few at a time.

use bytes::Bytes;

use crate::policy::Ttl;
use crate::sweep::SweepPosition;

/// What one step of a survey has found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Sampled {
    /// What is stored under those keys that are the cache's.
    pub entries: Vec<Sample>,
    /// How many keys it looked at, of whatever cache.
    pub seen: u64,
    /// Where the next step goes on; `None` after the last.
    pub next: Option<SweepPosition>,
}

impl Sampled {
    /// A step that found these entries.
    pub const fn new(entries: Vec<Sample>, seen: u64, next: Option<SweepPosition>) -> Self {
        Self { entries, seen, next }
    }
}

/// A stored value, as far as a survey looks at it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Sample {
    /// Its first 64 bytes, or all there are.
    pub head: Bytes,
    /// How long it has left; `None` if it never ends.
    pub left: Option<Ttl>,
}

impl Sample {
    /// How much of a value is looked at: where a header is, it has the form of the value in it.
    pub const HEAD: usize = 64;

    /// A value that begins like this and has so much time left.
    pub const fn new(head: Bytes, left: Option<Ttl>) -> Self {
        Self { head, left }
    }
}
