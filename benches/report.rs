//! One table, for people and for programs.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::{fs, io};

use serde::Serialize;

use crate::measure::Comparison;

/// One line: ours against a reference measured in the same run.
#[derive(Clone, Serialize)]
pub(crate) struct Line {
    pub(crate) name: String,
    pub(crate) ours: f64,
    pub(crate) reference: f64,
    pub(crate) unit: &'static str,
    /// Ours by the reference; none where there is nothing to compare with.
    pub(crate) ratio: Option<f64>,
    /// The most that the ratio may be.
    pub(crate) limit: Option<f64>,
}

impl Line {
    pub(crate) fn new(name: impl Into<String>, unit: &'static str, measured: Comparison) -> Self {
        let ratio = measured.ratio.is_finite().then_some(measured.ratio);
        let Comparison { ours, reference, .. } = measured;
        Self { name: name.into(), ours, reference, unit, ratio, limit: None }
    }

    pub(crate) fn limit(self, limit: f64) -> Self {
        Self { limit: Some(limit), ..self }
    }

    fn is_over(&self) -> bool {
        matches!((self.ratio, self.limit), (Some(ratio), Some(limit)) if ratio > limit)
    }

    fn row(&self) -> String {
        let ratio = self.ratio.map_or("-".into(), |ratio| format!("{ratio:.2}"));
        let limit = self.limit.map_or("-".into(), |limit| format!("{limit:.2}"));
        let reference =
            if self.reference.is_finite() { format!("{:.1}", self.reference) } else { "-".into() };
        let verdict = match self.limit {
            None => "",
            Some(_) if self.is_over() => "OVER",
            Some(_) => "ok",
        };
        format!(
            "| {:<58} | {:>9.1} | {reference:>9} | {:<18} | {ratio:>5} | {limit:>5} | {verdict:<4} |",
            self.name, self.ours, self.unit
        )
    }
}

/// Prints the table and writes it to `target/bench/`. Returns how many lines are over their limit.
pub(crate) fn publish(lines: &[Line]) -> io::Result<usize> {
    let table = table(lines);
    #[expect(clippy::print_stdout, reason = "the table is the result")]
    {
        println!("{table}");
    }
    let folder = folder();
    fs::create_dir_all(&folder)?;
    fs::write(folder.join("report.md"), table)?;
    fs::write(folder.join("report.json"), serde_json::to_string_pretty(lines)?)?;
    Ok(lines.iter().filter(|line| line.is_over()).count())
}

fn table(lines: &[Line]) -> String {
    let mut table = format!(
        "| {:<58} | {:>9} | {:>9} | {:<18} | ratio | limit |      |\n|{:-<60}|{:->11}|{:->11}|{:-<20}|------:|------:|------|\n",
        "what", "ours", "reference", "unit", "", ":", ":", ""
    );
    for line in lines {
        writeln!(table, "{}", line.row()).expect("a string takes everything");
    }
    table
}

fn folder() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../target"), PathBuf::from);
    target.join("bench")
}
