//! What the nodes tell, as a table.

use std::io::{IsTerminal, stdout};
use std::time::Duration;

/// What a node has counted since its start, and how it is.
#[derive(Clone, Debug, Default)]
pub(crate) struct Line {
    pub(crate) reads: u64,
    pub(crate) local: u64,
    pub(crate) remote: u64,
    pub(crate) loads: u64,
    pub(crate) errors: u64,
    pub(crate) flushes: u64,
    /// The slowest read of the act.
    pub(crate) slowest: Duration,
    pub(crate) deferred: u64,
    pub(crate) is_in_sync: bool,
}

impl Line {
    pub(crate) fn read(text: &str) -> Option<Self> {
        let numbers: Vec<u64> = text.split(' ').filter_map(|word| word.parse().ok()).collect();
        let [reads, local, remote, loads, errors, flushes, slowest, deferred, is_in_sync] = *numbers else {
            return None;
        };
        let (slowest, is_in_sync) = (Duration::from_micros(slowest), is_in_sync == 1);
        Some(Self { reads, local, remote, loads, errors, flushes, slowest, deferred, is_in_sync })
    }

    /// What has been counted since another line.
    fn since(&self, before: &Self) -> Self {
        Self {
            reads: self.reads.saturating_sub(before.reads),
            local: self.local.saturating_sub(before.local),
            remote: self.remote.saturating_sub(before.remote),
            loads: self.loads.saturating_sub(before.loads),
            errors: self.errors.saturating_sub(before.errors),
            flushes: self.flushes.saturating_sub(before.flushes),
            ..self.clone()
        }
    }
}

/// A table that is drawn over itself, where there is a terminal to draw on.
#[derive(Default)]
pub(crate) struct Table {
    drawn: usize,
}

impl Table {
    /// Draws how it goes. Without a terminal there is nothing to be seen before the end.
    pub(crate) fn draw(&mut self, now: &[Line], before: &[Line], seconds: f64) {
        if stdout().is_terminal() {
            self.print(now, before, seconds);
        }
    }

    /// Draws how it went.
    pub(crate) fn leave(mut self, now: &[Line], before: &[Line], seconds: f64) {
        self.print(now, before, seconds);
    }

    fn print(&mut self, now: &[Line], before: &[Line], seconds: f64) {
        if self.drawn > 0 {
            // Up to where it begins, and away with what is there.
            print!("\x1b[{}A\x1b[J", self.drawn);
        }
        println!("    reads/s   own memory   shared   loaded   slowest   suspect   deferred");
        for (name, (now, before)) in ('A'..).zip(now.iter().zip(before)) {
            println!("  {name} {}", row(&now.since(before), seconds));
        }
        self.drawn = now.len() + 1;
    }
}

fn row(line: &Line, seconds: f64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "it is for reading")]
    let share = |part: u64| 100.0 * part as f64 / line.reads.max(1) as f64;
    #[expect(clippy::cast_precision_loss, reason = "it is for reading")]
    let rate = line.reads as f64 / seconds;
    let state = if line.is_in_sync { "" } else { "   out of sync" };
    format!(
        "{rate:>7.0}   {:>8.1} %   {:>4.1} %   {:>4.1} %   {:>4} ms   {:>7}   {:>8}{state}",
        share(line.local),
        share(line.remote),
        share(line.loads),
        line.slowest.as_millis(),
        line.flushes,
        line.deferred,
    )
}
