//! The table.

use std::time::Duration;

use super::trial::Reads;
use super::{Line, Pattern};

const HEAD: [&str; 2] = [
    "| | write, p50; p99 | to the database alone | and with its disk, p50 | statements | to Redis | next read here, p50 \
     | on another instance | old value there, after COMMIT, p50; p99 | after the answer |",
    "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|",
];

/// A line of text for each, and the head.
pub(crate) fn table(lines: &[Line]) -> Vec<String> {
    let alone = lines.iter().find(|line| line.pattern == Pattern::Database);
    let alone = alone.map_or(Duration::ZERO, |line| percentile(&line.trials.writes, 50));
    HEAD.into_iter().map(str::to_owned).chain(lines.iter().map(|line| row(line, alone))).collect()
}

fn row(line: &Line, alone: Duration) -> String {
    let (trials, counts) = (&line.trials, &line.counts);
    let write = percentile(&trials.writes, 50);
    let cells = [
        line.pattern.title().to_owned(),
        both(&trials.writes),
        format!("{:.2}", write.as_secs_f64() / alone.as_secs_f64()),
        text(percentile(&line.synced.writes, 50)),
        sum(counts.writer, counts.others),
        if counts.sent > 0.0 {
            format!("{} ({})", short(counts.sent), short(counts.inside))
        } else {
            "0".into()
        },
        read(&trials.here),
        read(&trials.there),
        both(&trials.after_commit),
        both(&trials.after_answer),
    ];
    format!("| {} |", cells.join(" | "))
}

fn read(reads: &Reads) -> String {
    let time = text(percentile(&reads.times, 50));
    match reads.loads * 100 / reads.times.len().max(1) {
        0 => time,
        100 => format!("{time}, a load"),
        share => format!("{time}, {share} % loads"),
    }
}

fn both(times: &[Duration]) -> String {
    if times.is_empty() {
        return "–".into();
    }
    format!("{}; {}", text(percentile(times, 50)), text(percentile(times, 99)))
}

fn sum(writer: f64, others: f64) -> String {
    let others = short(others);
    if others == "0" { short(writer) } else { format!("{} + {others}", short(writer)) }
}

/// With a decimal if that tells something.
fn short(count: f64) -> String {
    let text = format!("{count:.1}");
    text.strip_suffix(".0").unwrap_or(&text).to_owned()
}

fn text(time: Duration) -> String {
    match time.as_micros() {
        0 => "0".into(),
        micros @ 1..1_000 => format!("{micros} µs"),
        _ => format!("{:.1} ms", time.as_secs_f64() * 1e3),
    }
}

/// What so many percent of the times are below.
fn percentile(times: &[Duration], percent: usize) -> Duration {
    let mut times = times.to_vec();
    times.sort_unstable();
    let last = times.len().saturating_sub(1);
    times.get((times.len() * percent / 100).min(last)).copied().unwrap_or_default()
}
