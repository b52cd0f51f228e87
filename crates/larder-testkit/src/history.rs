//! What was written and read, and whether a cache may answer so.
//!
//! A test writes values that tell their key and version, and notes of every write and every read when it began, when it
//! ended, and what came of it. Afterwards [`History::judge`] holds that against what the cache promises. All times must
//! be by one clock: that of one process, or `CLOCK_MONOTONIC` of one machine.
//!
//! # The rules
//!
//! Of each key the versions grow, and 0 stands for "not there yet". A [bound](Contract::new) says how stale an answer may be.
//!
//! | rule | what no read may do |
//! |---|---|
//! | [C1](Rule::Stale) | return less than what was acknowledged longer ago than the bound |
//! | [C2](Rule::OwnWrite) | return less than what was invalidated on the same node before it began, told or [deferred](Committed::deferred) |
//! | [C3](Rule::Receipt) | return less than the write whose receipt it was given |
//! | [C4](Rule::Unwritten) | return what nobody had begun to write when it ended |
//! | [C5](Rule::Backwards) | return less than an earlier read on the same node, if what that one saw had been acknowledged before it, [by its key](Write::indirect) |
//! | [C6](Rule::OtherKey) | return the value of another key |
//! | [C7](Rule::Divergent) | return anything but the last version, once all has been quiet for long enough |
//! | [C9](Rule::Unseen) | find nothing where something was inserted, as for C1 |
//!
//! C8 is no rule but a measure: [`Verdict::staleness`] tells how stale the answers were, for those who want to see how
//! far from the bound they live.
//!
//! # Examples
//!
//! ```
//! use larder_core::Clock;
//! use larder_testkit::history::{Contract, Rule, Source, Witness};
//! use std::time::Duration;
//!
//! let witness = Witness::new(Clock::precise());
//! let (writer, reader) = (0, 1);
//!
//! let write = witness.write("ada", 1, writer);
//! // ... COMMIT ...
//! let write = write.committed();
//! // ... invalidate, which returns a receipt that is not deferred ...
//! write.acknowledged();
//!
//! let read = witness.read("ada", reader);
//! // ... a read, which finds nothing, though it may not be stale at all ...
//! read.missed(Source::Remote);
//!
//! let verdict = witness.history().judge(&Contract::new(Duration::ZERO));
//! assert_eq!(verdict.violations()[0].rule(), Rule::Unseen);
//! println!("{verdict}");
//! ```

mod contract;
mod judge;
mod records;
mod staleness;
mod verdict;
mod witness;

use std::hash::Hash;

use larder_core::Moment;

pub use contract::{Contract, Phase};
pub use records::{Read, Source, Write};
pub use staleness::Staleness;
pub use verdict::{Rule, Verdict, Violation};
pub use witness::{Committed, Reading, Witness, Writing};

/// What was written and read of keys of type `K`, in any order.
#[derive(Clone, Debug)]
pub struct History<K> {
    writes: Vec<Write<K>>,
    reads: Vec<Read<K>>,
}

impl<K> History<K> {
    /// Nothing yet.
    pub const fn new() -> Self {
        Self { writes: Vec::new(), reads: Vec::new() }
    }

    /// Adds a write.
    pub fn add_write(&mut self, write: Write<K>) {
        self.writes.push(write);
    }

    /// Adds a read.
    pub fn add_read(&mut self, read: Read<K>) {
        self.reads.push(read);
    }

    /// Adds all that another one knows: of another process, say.
    pub fn merge(&mut self, other: Self) {
        self.writes.extend(other.writes);
        self.reads.extend(other.reads);
    }

    /// The writes, in the order in which they were added.
    pub fn writes(&self) -> &[Write<K>] {
        &self.writes
    }

    /// The reads, in the order in which they were added.
    pub fn reads(&self) -> &[Read<K>] {
        &self.reads
    }

    /// When the first of them began.
    pub fn start(&self) -> Moment {
        let writes = self.writes.iter().map(|write| write.began);
        writes.chain(self.reads.iter().map(|read| read.began)).min().unwrap_or_default()
    }
}

impl<K: Clone + Eq + Hash> History<K> {
    /// Holds it against what was promised. It takes `n log n` steps.
    pub fn judge(&self, contract: &Contract) -> Verdict<K> {
        judge::judge(self, contract)
    }
}

impl<K> Default for History<K> {
    fn default() -> Self {
        Self::new()
    }
}
