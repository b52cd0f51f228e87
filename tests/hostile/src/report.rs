//! What came of it, as a table.

use std::fmt;
use std::fs;
use std::path::Path;
use std::time::Duration;

use larder_core::Moment;
use larder_testkit::history::{Staleness, Verdict, Violation};

use crate::Result;
use crate::arguments::Arguments;
use crate::chart;
use crate::contract::{CALM, TICK, Window};
use crate::name::Name;
use crate::stage::Topology;

/// How many violations are told; the first ones say the most.
pub(crate) const TOLD: usize = 10;

/// What came of one topology.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) topology: Topology,
    pub(crate) began: Moment,
    pub(crate) windows: Vec<Window>,
    /// What the time was too short for.
    pub(crate) unreached: Vec<&'static str>,
    /// Its phases are those of the windows, and then of the times between them.
    pub(crate) verdict: Verdict<Name>,
    /// What was told and written around the first violations.
    pub(crate) circumstances: Vec<Vec<String>>,
    /// What was complained about.
    pub(crate) wrong: Vec<String>,
    /// The reads that were slow: when they began, and how long they took.
    pub(crate) slow: Vec<(Moment, Duration)>,
    pub(crate) reads: usize,
    pub(crate) writes: usize,
    /// The most memory that a worker had, in KiB.
    pub(crate) memory: u64,
    /// The most invalidations that a worker had deferred.
    pub(crate) deferred: usize,
}

/// One fault, on one topology.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) topology: Topology,
    pub(crate) fault: &'static str,
    pub(crate) times: usize,
    pub(crate) reads: u64,
    pub(crate) stalest: Duration,
    pub(crate) bound: Duration,
    slowest: Duration,
    recovery: Duration,
}

/// What came of all of them.
#[derive(Debug)]
pub(crate) struct Report {
    arguments: Arguments,
    runs: Vec<Run>,
}

impl Run {
    fn is_clean(&self) -> bool {
        self.verdict.is_clean() && self.wrong.is_empty()
    }

    fn rows(&self) -> Vec<Row> {
        let mut rows: Vec<Row> = Vec::new();
        let phases = self.verdict.phases();
        for (window, (_, staleness)) in self.windows.iter().zip(phases) {
            let slow = self.slow.iter().filter(|(then, _)| (window.began..window.end()).contains(then));
            let slowest = slow.map(|(_, time)| *time).max().unwrap_or_default();
            add(&mut rows, self.row(window.fault.name, staleness, window.bound(), slowest, window.recovery));
        }
        let bound = self.topology.bound() + TICK;
        for (_, staleness) in phases.iter().skip(self.windows.len()) {
            add(&mut rows, self.row(CALM, staleness, bound, Duration::ZERO, Duration::ZERO));
        }
        rows.sort_by_key(|row| row.fault);
        rows
    }

    fn row(
        &self,
        fault: &'static str,
        staleness: &Staleness,
        bound: Duration,
        slowest: Duration,
        recovery: Duration,
    ) -> Row {
        let (topology, reads, stalest) = (self.topology, staleness.count(), staleness.largest());
        Row { topology, fault, times: 1, reads, stalest, bound, slowest, recovery }
    }

    /// What was broken when a read began.
    fn fault_at(&self, moment: Moment) -> &str {
        let is_then = |window: &&Window| (window.began..window.end()).contains(&moment);
        self.windows.iter().rev().find(is_then).map_or(CALM, |window| window.fault.name)
    }

    fn tell(&self, violation: &Violation<Name>) -> String {
        let began = violation.read().began();
        let seconds = began.since(self.began).as_secs_f32();
        format!("{seconds:.3} s, {}: {violation}", self.fault_at(began))
    }
}

/// Rows of one fault become one.
fn add(rows: &mut Vec<Row>, row: Row) {
    match rows.iter_mut().find(|there| there.fault == row.fault) {
        Some(there) => {
            there.times += 1;
            there.reads += row.reads;
            there.stalest = there.stalest.max(row.stalest);
            there.bound = there.bound.max(row.bound);
            there.slowest = there.slowest.max(row.slowest);
            there.recovery = there.recovery.max(row.recovery);
        }
        None => rows.push(row),
    }
}

impl Report {
    pub(crate) fn new(arguments: Arguments) -> Self {
        Self { arguments, runs: Vec::new() }
    }

    pub(crate) fn add(&mut self, run: Run) {
        println!("{}", run.verdict.staleness());
        self.runs.push(run);
    }

    pub(crate) fn is_clean(&self) -> bool {
        self.runs.iter().all(Run::is_clean)
    }

    /// Writes the table and the chart.
    pub(crate) fn write(&self, folder: &Path) -> Result<()> {
        let rows: Vec<Row> = self.runs.iter().flat_map(Run::rows).collect();
        fs::write(folder.join("report.md"), self.to_string())?;
        fs::write(folder.join("staleness.svg"), chart::draw(&rows))?;
        println!("written to {}: report.md, staleness.svg", folder.display());
        Ok(())
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "# The fault matrix, seed {}\n", self.arguments.seed)?;
        for run in &self.runs {
            run.fmt(f)?;
        }
        writeln!(f, "{}", if self.is_clean() { "Clean." } else { "NOT CLEAN." })
    }
}

impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "## {}\n\n{} reads, {} writes; at most {} MiB of memory and {} deferred invalidations in a worker\n",
            self.topology.text(),
            self.reads,
            self.writes,
            self.memory >> 10,
            self.deferred
        )?;
        writeln!(f, "| fault | times | reads | stalest | bound | slowest read | in sync after |")?;
        writeln!(f, "|---|--:|--:|--:|--:|--:|--:|")?;
        self.rows().iter().try_for_each(|row| row.fmt(f))?;
        writeln!(f, "\nAll {}.\n", self.verdict.staleness())?;
        if !self.unreached.is_empty() {
            writeln!(f, "Too short for: {}.\n", self.unreached.join(", "))?;
        }
        if self.is_clean() {
            return Ok(());
        }
        self.wrong.iter().take(TOLD).try_for_each(|wrong| writeln!(f, "- {wrong}"))?;
        let violations = self.verdict.violations();
        for (violation, lines) in violations.iter().zip(&self.circumstances) {
            writeln!(f, "- {}", self.tell(violation))?;
            lines.iter().try_for_each(|line| writeln!(f, "  - {line}"))?;
        }
        if let Some(first) = violations.first() {
            writeln!(f, "\nFirst broken: {}", first.rule())?;
        }
        writeln!(
            f,
            "\n{} violations, {} complaints. What was broken:\n",
            violations.len(),
            self.wrong.len()
        )?;
        for window in &self.windows {
            let at = |moment: Moment| moment.since(self.began).as_secs_f32();
            let (began, healed, in_sync) = (at(window.began), at(window.healed), at(window.in_sync));
            let (fault, notes) = (window.fault.name, &window.notes);
            writeln!(f, "- {began:.3} s {fault}: {notes}; healed {healed:.3} s, in sync {in_sync:.3} s")?;
        }
        writeln!(f)
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = |duration: Duration| match duration.as_millis() {
            0 => "-".to_owned(),
            millis => format!("{millis} ms"),
        };
        let [stalest, bound, slowest, recovery] =
            [self.stalest, self.bound, self.slowest, self.recovery].map(millis);
        let Self { fault, times, reads, .. } = self;
        writeln!(f, "| {fault} | {times} | {reads} | {stalest} | {bound} | {slowest} | {recovery} |")
    }
}
