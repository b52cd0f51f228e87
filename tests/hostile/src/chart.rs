//! What came of it, as a picture: for each fault how stale an answer was, against how stale it could have been.

use std::fmt::Write as _;
use std::time::Duration;

use crate::report::Row;

const WIDTH: f64 = 960.0;
const LEFT: f64 = 230.0;
const RIGHT: f64 = 110.0;
const TOP: f64 = 74.0;
const LINE: f64 = 22.0;
/// What the axis shows at most. Where more is promised, the promise leaves the picture.
const AXIS: f64 = 2_000.0;

const STYLE: &str = "\
text { font: 12px system-ui, sans-serif; fill: #24292f } \
.title { font-size: 17px; font-weight: 600 } .quiet { fill: #6e7781 } .group { font-weight: 600 } \
.grid { stroke: #e4e8ec } .room { fill: #eef2f6 } .bound { stroke: #bc4c00; stroke-width: 2 } \
.seen { fill: #2f81b7 } .over { fill: #cf222e } .inside { fill: #ffffff }";

/// A drawing in SVG.
pub(crate) fn draw(rows: &[Row]) -> String {
    let mut body = String::new();
    let mut y = TOP;
    let mut last = None;
    for row in rows {
        if last.replace(row.topology) != Some(row.topology) {
            y += LINE * 0.6;
            text(&mut body, 16.0, y + 15.0, "group", row.topology.text());
            y += LINE;
        }
        draw_row(&mut body, y, row);
        y += LINE;
    }
    let height = y + 24.0;
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\">\n<style>{STYLE}</style>\n\
         <rect width=\"{WIDTH}\" height=\"{height}\" fill=\"#ffffff\"/>\n{}{body}</svg>\n",
        head(y)
    )
}

/// The title, and the axis down to `bottom`.
fn head(bottom: f64) -> String {
    let mut head = String::new();
    text(&mut head, 16.0, 28.0, "title", "How stale answers were while something was broken");
    let legend = "blue: the stalest answer that was seen · orange line: the staleness that is promised not to be exceeded";
    text(&mut head, 16.0, 48.0, "quiet", legend);
    for millis in [0.0, 500.0, 1_000.0, 1_500.0, 2_000.0] {
        let x = at(millis);
        let y = TOP + 4.0;
        _ = writeln!(
            head,
            "<line class=\"grid\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{y}\" y2=\"{bottom:.1}\"/>\n\
             <text class=\"quiet\" x=\"{x:.1}\" y=\"{TOP}\" text-anchor=\"middle\">{millis} ms</text>"
        );
    }
    head
}

fn draw_row(body: &mut String, y: f64, row: &Row) {
    let (seen, bound) = (millis(row.stalest), millis(row.bound));
    let (start, end, room) = (at(0.0), at(seen), at(bound));
    let name = format!("{}  ×{}", row.fault, row.times);
    _ = writeln!(
        body,
        "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{name}</text>",
        start - 10.0,
        y + 15.0
    );
    bar(body, "room", start, room, y);
    bar(body, if row.stalest > row.bound { "over" } else { "seen" }, start, end.max(start + 1.5), y);
    if bound <= AXIS {
        let (top, bottom) = (y + 1.0, y + LINE - 3.0);
        _ = writeln!(
            body,
            "<line class=\"bound\" x1=\"{room:.1}\" x2=\"{room:.1}\" y1=\"{top:.1}\" y2=\"{bottom:.1}\"/>"
        );
    } else {
        text(body, at(AXIS) + 8.0, y + 15.0, "quiet", &format!("bound {:.1} s", row.bound.as_secs_f64()));
    }
    label(body, end, y + 15.0, row.stalest);
}

/// How stale that is, beside the bar, or within where it would be in the way there.
fn label(body: &mut String, end: f64, y: f64, stalest: Duration) {
    let shown = match stalest.as_millis() {
        0 if stalest.is_zero() => "never stale".to_owned(),
        millis => format!("{millis} ms"),
    };
    if end > at(AXIS * 0.6) {
        let x = end - 6.0;
        _ = writeln!(
            body,
            "<text class=\"inside\" x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"end\">{shown}</text>"
        );
    } else {
        text(body, end + 6.0, y, "quiet", &shown);
    }
}

fn bar(body: &mut String, class: &str, from: f64, to: f64, y: f64) {
    let (width, y, height) = ((to - from).max(0.0), y + 3.0, LINE - 8.0);
    _ = writeln!(
        body,
        "<rect class=\"{class}\" x=\"{from:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" rx=\"2\"/>"
    );
}

fn text(body: &mut String, x: f64, y: f64, class: &str, text: &str) {
    _ = writeln!(body, "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\">{text}</text>");
}

fn at(millis: f64) -> f64 {
    LEFT + (WIDTH - LEFT - RIGHT) * millis.min(AXIS) / AXIS
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1_000.0
}
