//! What the day was like.

use std::time::Duration;

use crate::database::Database;
use crate::reader::Answered;
use crate::step::Step;

/// Nobody waits longer than this.
const LONGEST: usize = 60_000;

/// All answers of a day, by the milliseconds that were waited for them.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    by_millis: Vec<u64>,
    pub(crate) reads: u64,
    pub(crate) failed: u64,
    pub(crate) stalest: Duration,
    pub(crate) queries: u64,
    pub(crate) by_minute: Vec<u64>,
}

impl Record {
    pub(crate) const HEAD: &str = "\
| | queries | at most in a minute | p50 | p99 | p99.9 | errors | stalest |
|---|--:|--:|--:|--:|--:|--:|--:|";

    pub(crate) fn new() -> Self {
        Self {
            by_millis: vec![0; LONGEST + 1],
            reads: 0,
            failed: 0,
            stalest: Duration::ZERO,
            queries: 0,
            by_minute: Vec::new(),
        }
    }

    pub(crate) fn add(&mut self, answered: Answered) {
        let millis = usize::try_from(answered.waited.as_millis()).unwrap_or(LONGEST).min(LONGEST);
        if let Some(count) = self.by_millis.get_mut(millis) {
            *count += 1;
        }
        self.reads += 1;
        match answered.staleness {
            Some(staleness) => self.stalest = self.stalest.max(staleness),
            None => self.failed += 1,
        }
    }

    pub(crate) fn close(&mut self, database: &Database) {
        self.queries = database.queries();
        self.by_minute = database.by_minute();
    }

    /// What this many in a thousand did not have to wait longer for.
    pub(crate) fn waited(&self, per_mille: u64) -> Duration {
        let rank = (self.reads * per_mille).div_ceil(1_000).max(1);
        let mut seen = 0;
        let millis = self.by_millis.iter().position(|count| {
            seen += count;
            seen >= rank
        });
        Duration::from_millis(millis.unwrap_or(0) as u64)
    }

    pub(crate) fn row(&self, step: Step) -> String {
        let most = self.by_minute.iter().max().copied().unwrap_or(0);
        let [half, most_of_all, nearly_all] = [500, 990, 999].map(|per_mille| self.waited(per_mille));
        format!(
            "| {} | {} | {} | {half:?} | {most_of_all:?} | {nearly_all:?} | {} | {:.1?} |",
            step.name(),
            grouped(self.queries),
            grouped(most),
            grouped(self.failed),
            self.stalest
        )
    }
}

/// With a comma after each three digits.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}
