//! The hit ratio over time as a picture, one panel for each way, all of them to one scale.

#![expect(clippy::cast_precision_loss, reason = "a drawing is not that exact")]

use std::fmt::Write as _;

use crate::record::{Record, Tick, ratio};
use crate::way::Way;

const WIDTH: f64 = 860.0;
const LEFT: f64 = 52.0;
const TOP: f64 = 56.0;
/// What a panel is high, and what lies between it and the next ones.
const HIGH: f64 = 110.0;
const BELOW: f64 = 60.0;
const BESIDE: f64 = 16.0;

const STYLE: &str = "\
text { font: 12px system-ui, sans-serif; fill: #24292f } .title { font-size: 16px; font-weight: 600 } \
.quiet { fill: #6e7781 } .ratio { fill: none; stroke: #2f81b7; stroke-width: 2 } .axis { stroke: #d0d7de } \
.least { stroke: #cf222e; stroke-dasharray: 2 3 } .deploy { stroke: #bc4c00; stroke-dasharray: 4 3 }";

/// Draws them beside each other, as many as a line has room for.
pub(crate) fn draw(records: &[(Way, Record)]) -> String {
    let longest = records.iter().map(|(_, record)| record.ticks.len()).max().unwrap_or(1).max(2);
    let step = (WIDTH - LEFT - 16.0) / (longest - 1) as f64;
    let (mut body, mut x, mut y) = (String::new(), LEFT, TOP);
    for (way, record) in records {
        let wide = step * record.ticks.len().saturating_sub(1) as f64;
        if x > LEFT && x + wide > WIDTH {
            (x, y) = (LEFT, y + HIGH + BELOW);
        }
        panel(&mut body, *way, record, &Room { x, y, wide, step });
        x += wide + BESIDE;
    }
    let height = y + HIGH + 40.0;
    let mut head = String::new();
    let title = "Hit ratio of three instances that are replaced one by one";
    text(&mut head, 16.0, 26.0, "title", title);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\">\n<style>{STYLE}</style>\n\
         <rect width=\"{WIDTH}\" height=\"{height}\" fill=\"#ffffff\"/>\n{head}{body}</svg>\n"
    )
}

/// Where a panel is, and how far its ticks are apart.
struct Room {
    x: f64,
    y: f64,
    wide: f64,
    step: f64,
}

impl Room {
    fn at(&self, tick: usize) -> f64 {
        self.x + self.step * tick as f64
    }

    fn height_of(&self, ratio: f64) -> f64 {
        self.y + HIGH * (1.0 - ratio)
    }
}

fn panel(body: &mut String, way: Way, record: &Record, room: &Room) {
    let bottom = room.y + HIGH;
    for (share, class) in [(0.0, "axis"), (1.0, "axis"), (0.9 * record.steady_ratio(), "least")] {
        line(body, class, (room.x, room.height_of(share)), (room.x + room.wide, room.height_of(share)));
    }
    if (room.x - LEFT).abs() < 1.0 {
        text(body, 8.0, room.y + 4.0, "quiet", "100 %");
        text(body, 8.0, bottom + 4.0, "quiet", "0 %");
    }
    for (deploy, tick) in record.deploys.iter().enumerate() {
        let x = room.at(*tick);
        line(body, "deploy", (x, room.y), (x, bottom));
        if record.deploys.len() > 1 {
            text(body, x + 4.0, bottom - 6.0, "quiet", &format!("deploy {}", deploy + 1));
        }
    }
    curve(body, &record.ticks, room);
    text(body, room.x, room.y - 8.0, "", &way.title().replace('`', ""));
    let seconds = record.tick.as_secs_f64() * record.ticks.len() as f64;
    text(body, room.x + room.wide - 26.0, bottom + 18.0, "quiet", &format!("{seconds:.0} s"));
}

fn curve(body: &mut String, ticks: &[Tick], room: &Room) {
    let point = |(tick, counted): (usize, &Tick)| {
        format!("{:.1},{:.1}", room.at(tick), room.height_of(ratio(counted.line).unwrap_or(0.0)))
    };
    let points: Vec<String> = ticks.iter().enumerate().map(point).collect();
    _ = writeln!(body, "<polyline class=\"ratio\" points=\"{}\"/>", points.join(" "));
}

fn line(body: &mut String, class: &str, (x1, y1): (f64, f64), (x2, y2): (f64, f64)) {
    _ = writeln!(
        body,
        "<line class=\"{class}\" x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\"/>"
    );
}

fn text(body: &mut String, x: f64, y: f64, class: &str, text: &str) {
    _ = writeln!(body, "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\">{text}</text>");
}
