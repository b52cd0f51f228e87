//! What came of judging.

use std::fmt::{self, Debug, Display};
use std::time::Duration;

use super::{Read, Staleness, Write};

/// What a read must not do; see the [table](super).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Rule {
    /// C1: staler than the bound.
    Stale,
    /// C2: a node does not see its own write.
    OwnWrite,
    /// C3: a read does not see the write whose receipt it has.
    Receipt,
    /// C4: a version that nobody had begun to write.
    Unwritten,
    /// C5: a node that goes back in time.
    Backwards,
    /// C6: another key's value.
    OtherKey,
    /// C7: not the last version, though all is quiet.
    Divergent,
    /// C9: nothing, where something was inserted.
    Unseen,
}

impl Rule {
    /// Its number, and what was done.
    const fn text(self) -> &'static str {
        match self {
            Self::Stale => "C1, staler than the bound",
            Self::OwnWrite => "C2, the node's own write is not seen",
            Self::Receipt => "C3, the receipt's write is not seen",
            Self::Unwritten => "C4, nobody has written that",
            Self::Backwards => "C5, back in time",
            Self::OtherKey => "C6, another key's value",
            Self::Divergent => "C7, not the last version",
            Self::Unseen => "C9, nothing where something was inserted",
        }
    }
}

impl Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

/// A read that broke a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation<K> {
    pub(super) rule: Rule,
    /// From the beginning of the history to that of the read.
    pub(super) at: Duration,
    pub(super) read: Read<K>,
    pub(super) expected: Option<Write<K>>,
}

impl<K> Violation<K> {
    /// The rule.
    pub const fn rule(&self) -> Rule {
        self.rule
    }

    /// The read.
    pub const fn read(&self) -> &Read<K> {
        &self.read
    }

    /// The write that it should have shown, where there is one.
    pub const fn expected(&self) -> Option<&Write<K>> {
        self.expected.as_ref()
    }
}

impl<K: Debug> Display for Violation<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let read = &self.read;
        write!(f, "{}: at {:?} node {} asked for {:?} and found ", self.rule, self.at, read.node, read.key)?;
        match read.version {
            0 => write!(f, "nothing ({})", read.source)?,
            version => write!(f, "{:?} in version {version} ({})", read.found, read.source)?,
        }
        let Some(write) = &self.expected else {
            return Ok(());
        };
        write!(f, "; version {} was written on node {}", write.version, write.node)?;
        match write.acknowledged {
            Some(then) => write!(f, " and acknowledged {:?} before", read.began.since(then)),
            None => Ok(()),
        }
    }
}

/// Whether a history is one that the cache may have, and how stale its answers were.
#[derive(Clone, Debug)]
pub struct Verdict<K> {
    pub(super) violations: Vec<Violation<K>>,
    pub(super) staleness: Staleness,
    pub(super) phases: Vec<(String, Staleness)>,
}

impl<K> Verdict<K> {
    /// Whether no rule was broken.
    pub fn is_clean(&self) -> bool {
        self.violations.is_empty()
    }

    /// What broke a rule, in the order of the reads.
    pub fn violations(&self) -> &[Violation<K>] {
        &self.violations
    }

    /// How stale the answers were that were not marked as stale.
    pub const fn staleness(&self) -> &Staleness {
        &self.staleness
    }

    /// The same for the reads that were under way in each phase.
    pub fn phases(&self) -> &[(String, Staleness)] {
        &self.phases
    }
}

impl<K: Debug> Display for Verdict<K> {
    /// The staleness, by phases where there are any, and the first ten violations.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 10;
        write!(f, "{}", self.staleness)?;
        for (name, staleness) in &self.phases {
            write!(f, "\n  {name}: {staleness}")?;
        }
        for violation in self.violations.iter().take(SHOWN) {
            write!(f, "\n! {violation}")?;
        }
        match self.violations.len().saturating_sub(SHOWN) {
            0 => Ok(()),
            more => write!(f, "\n! and {more} more"),
        }
    }
}
