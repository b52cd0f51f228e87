//! The day as a picture: the queries and the time that one reader in a hundred waits, by what the cache has.

#![expect(clippy::cast_precision_loss, reason = "a drawing is not that exact")]

use std::fmt::Write as _;

use crate::record::{Record, grouped};
use crate::step::STEPS;

const WIDTH: f64 = 860.0;
const LEFT: f64 = 200.0;
/// Where the second of the two columns begins.
const MIDDLE: f64 = 540.0;
const ROOM: f64 = 250.0;
const TOP: f64 = 70.0;
const LINE: f64 = 26.0;

const STYLE: &str = "\
text { font: 12px system-ui, sans-serif; fill: #24292f } .title { font-size: 16px; font-weight: 600 } \
.quiet { fill: #6e7781 } .queries { fill: #2f81b7 } .wait { fill: #bc4c00 } .errors { fill: #cf222e }";

/// A drawing in SVG. Lengths are logarithms: each tenth of the room is a factor of about five.
pub(crate) fn draw(records: &[Record]) -> String {
    let most = records.iter().map(|record| record.queries).max().unwrap_or(1);
    let longest = records.iter().map(waited).max().unwrap_or(1);
    let mut body = String::new();
    for (line, (step, record)) in STEPS.iter().zip(records).enumerate() {
        let y = TOP + LINE * line as f64;
        let wait = record.waited(990);
        text(&mut body, 16.0, y + 15.0, "", step.name());
        let queries = bar(record.queries, most);
        rectangle(&mut body, LEFT, y, queries, "queries");
        text(&mut body, LEFT + queries + 6.0, y + 15.0, "", &grouped(record.queries));
        let wide = bar(waited(record), longest);
        rectangle(&mut body, MIDDLE, y, wide, "wait");
        let errors = if record.failed > 0 {
            format!("{wait:?}, {} errors", grouped(record.failed))
        } else {
            format!("{wait:?}")
        };
        text(
            &mut body,
            MIDDLE + wide + 6.0,
            y + 15.0,
            if record.failed > 0 { "errors" } else { "" },
            &errors,
        );
    }
    let height = TOP + LINE * records.len() as f64 + 16.0;
    let mut head = String::new();
    text(
        &mut head,
        16.0,
        28.0,
        "title",
        "A bad day: the database is slow for two minutes and down for three",
    );
    text(&mut head, LEFT, 56.0, "quiet", "queries in ten minutes (logarithmic)");
    text(&mut head, MIDDLE, 56.0, "quiet", "what one reader in a hundred waits (logarithmic)");
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\">\n<style>{STYLE}</style>\n\
         <rect width=\"{WIDTH}\" height=\"{height}\" fill=\"#ffffff\"/>\n{head}{body}</svg>\n"
    )
}

/// Milliseconds that one reader in a hundred waits.
fn waited(record: &Record) -> u64 {
    u64::try_from(record.waited(990).as_millis()).unwrap_or(u64::MAX)
}

fn bar(value: u64, most: u64) -> f64 {
    let share = (value as f64 + 1.0).ln() / (most as f64 + 1.0).ln();
    (share * (ROOM - 70.0)).max(1.0)
}

fn rectangle(body: &mut String, x: f64, y: f64, width: f64, class: &str) {
    _ = writeln!(
        body,
        "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{:.1}\" width=\"{width:.1}\" height=\"16\"/>",
        y + 3.0
    );
}

fn text(body: &mut String, x: f64, y: f64, class: &str, text: &str) {
    _ = writeln!(body, "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\">{text}</text>");
}
