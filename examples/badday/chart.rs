//! The day as a picture: the queries and the time that one reader in a hundred waits, by what the cache has.

#![expect(clippy::cast_precision_loss, reason = "a drawing is not that exact")]

use crate::drawing::Drawing;
use crate::record::{Record, grouped};
use crate::step::STEPS;

const LEFT: f64 = 200.0;
/// Where the second of the two columns begins.
const MIDDLE: f64 = 540.0;
const ROOM: f64 = 250.0;
const TOP: f64 = 70.0;
const LINE: f64 = 26.0;

const STYLE: &str = ".queries { fill: #2f81b7 } .wait { fill: #bc4c00 } .errors { fill: #cf222e }";

/// A drawing in SVG. Lengths are logarithms: each tenth of the room is a factor of about five.
pub(crate) fn draw(records: &[Record]) -> String {
    let most = records.iter().map(|record| record.queries).max().unwrap_or(1);
    let longest = records.iter().map(waited).max().unwrap_or(1);
    let mut drawing = Drawing::titled("A bad day: the database is slow for two minutes and down for three");
    drawing.text(LEFT, 56.0, "quiet", "queries in ten minutes (logarithmic)");
    drawing.text(MIDDLE, 56.0, "quiet", "what one reader in a hundred waits (logarithmic)");
    for (line, (step, record)) in STEPS.iter().zip(records).enumerate() {
        let y = TOP + LINE * line as f64;
        let wait = record.waited(990);
        drawing.text(16.0, y + 15.0, "", step.name());
        let queries = bar(record.queries, most);
        rectangle(&mut drawing, LEFT, y, queries, "queries");
        drawing.text(LEFT + queries + 6.0, y + 15.0, "", &grouped(record.queries));
        let wide = bar(waited(record), longest);
        rectangle(&mut drawing, MIDDLE, y, wide, "wait");
        let errors = if record.failed > 0 {
            format!("{wait:?}, {} errors", grouped(record.failed))
        } else {
            format!("{wait:?}")
        };
        let class = if record.failed > 0 { "errors" } else { "" };
        drawing.text(MIDDLE + wide + 6.0, y + 15.0, class, &errors);
    }
    drawing.finish(TOP + LINE * records.len() as f64 + 16.0, STYLE)
}

/// Milliseconds that one reader in a hundred waits.
fn waited(record: &Record) -> u64 {
    u64::try_from(record.waited(990).as_millis()).unwrap_or(u64::MAX)
}

fn bar(value: u64, most: u64) -> f64 {
    let share = (value as f64 + 1.0).ln() / (most as f64 + 1.0).ln();
    (share * (ROOM - 70.0)).max(1.0)
}

fn rectangle(drawing: &mut Drawing, x: f64, y: f64, width: f64, class: &str) {
    let y = y + 3.0;
    drawing.add(format_args!(
        "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"16\"/>"
    ));
}
