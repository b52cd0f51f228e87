//! Removing the values of a cache for real, a few at a time.

use std::fmt;

/// What one step of a sweep has come to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Swept {
    /// How many values it removed.
    pub removed: u64,
    /// How many keys it looked at, of whatever cache.
    pub seen: u64,
    /// Where the next step goes on; `None` after the last.
    pub next: Option<SweepPosition>,
}

impl Swept {
    /// A step that removed so many values.
    pub const fn new(removed: u64, seen: u64, next: Option<SweepPosition>) -> Self {
        Self { removed, seen, next }
    }
}

/// How far a walk over all keys has come, as text that outlives the process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SweepPosition(String);

impl SweepPosition {
    /// The position that was once written as this.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text, which only the tier understands that wrote it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SweepPosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
