//! What a game came to.

use std::collections::BTreeSet;
use std::fmt;

use larder_core::Moment;
use larder_testkit::history::{History, Verdict};

use crate::mischief::Climate;

/// What a game came to.
#[derive(Debug)]
pub struct Outcome {
    pub(crate) seed: u64,
    pub(crate) climate: Climate,
    pub(crate) history: History<u64>,
    pub(crate) verdict: Verdict<u64>,
    pub(crate) complaints: Vec<String>,
}

impl Outcome {
    /// Whether nothing happened that may not.
    pub fn is_clean(&self) -> bool {
        self.verdict.is_clean() && self.complaints.is_empty()
    }

    /// What could go wrong in it.
    pub const fn climate(&self) -> Climate {
        self.climate
    }

    /// What was written and read.
    pub const fn history(&self) -> &History<u64> {
        &self.history
    }

    /// What the checker says.
    pub const fn verdict(&self) -> &Verdict<u64> {
        &self.verdict
    }

    /// What went wrong beside that: errors, and reads that hang.
    pub fn complaints(&self) -> &[String] {
        &self.complaints
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "seed {} ({}): {}", self.seed, self.climate, self.verdict)?;
        self.complaints.iter().try_for_each(|complaint| write!(f, "\n! {complaint}"))
    }
}

/// What happened to the keys of which something went wrong, line by line.
#[derive(Debug)]
pub struct Story<'a>(&'a Outcome);

impl Outcome {
    /// What happened to the keys of which something went wrong.
    pub const fn story(&self) -> Story<'_> {
        Story(self)
    }
}

impl fmt::Display for Story<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Outcome { history, verdict, .. } = self.0;
        let keys: BTreeSet<u64> = verdict.violations().iter().map(|wrong| *wrong.read().key()).collect();
        for key in keys {
            writeln!(f, "key {key}:")?;
            let mut lines: Vec<_> = told(history, key).collect();
            lines.sort();
            lines.iter().try_for_each(|(_, line)| writeln!(f, "  {line}"))?;
        }
        Ok(())
    }
}

fn told(history: &History<u64>, key: u64) -> impl Iterator<Item = (Moment, String)> {
    let at = |moment: Moment| moment.since(history.start());
    let writes = history.writes().iter().filter(move |write| *write.key() == key).map(move |write| {
        let acknowledged = write.acknowledged_at().map(at);
        let (began, node, version) = (at(write.began()), write.node(), write.version());
        (
            write.began(),
            format!("{began:?} node {node} writes version {version}, acknowledged at {acknowledged:?}"),
        )
    });
    let reads = history.reads().iter().filter(move |read| *read.key() == key).map(move |read| {
        let (began, ended, node) = (at(read.began()), at(read.ended()), read.node());
        let (version, source, receipt) = (read.version(), read.source(), read.receipt());
        let stale = if read.is_marked_stale() { ", marked stale" } else { "" };
        let line = format!(
            "{began:?} to {ended:?} node {node} reads version {version} ({source}{stale}), wants {receipt}"
        );
        (read.began(), line)
    });
    writes.chain(reads)
}
