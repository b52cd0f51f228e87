//! The hit ratio over time as a picture, one panel for each way, all of them to one scale.

#![expect(clippy::cast_precision_loss, reason = "a drawing is not that exact")]

use crate::drawing::{Drawing, WIDTH};
use crate::record::{Record, Tick, ratio};
use crate::way::Way;

const LEFT: f64 = 52.0;
const TOP: f64 = 56.0;
/// What a panel is high, and what lies between it and the next ones.
const HIGH: f64 = 110.0;
const BELOW: f64 = 60.0;
const BESIDE: f64 = 16.0;

const STYLE: &str = "\
.ratio { fill: none; stroke: #2f81b7; stroke-width: 2 } .axis { stroke: #d0d7de } \
.least { stroke: #cf222e; stroke-dasharray: 2 3 } .deploy { stroke: #bc4c00; stroke-dasharray: 4 3 }";

/// Draws them beside each other, as many as a line has room for.
pub(crate) fn draw(records: &[(Way, Record)]) -> String {
    let longest = records.iter().map(|(_, record)| record.ticks.len()).max().unwrap_or(1).max(2);
    let step = (WIDTH - LEFT - 16.0) / (longest - 1) as f64;
    let mut drawing = Drawing::titled("Hit ratio of three instances that are replaced one by one");
    let (mut x, mut y) = (LEFT, TOP);
    for (way, record) in records {
        let wide = step * record.ticks.len().saturating_sub(1) as f64;
        if x > LEFT && x + wide > WIDTH {
            (x, y) = (LEFT, y + HIGH + BELOW);
        }
        panel(&mut drawing, *way, record, &Room { x, y, wide, step });
        x += wide + BESIDE;
    }
    drawing.finish(y + HIGH + 40.0, STYLE)
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

fn panel(drawing: &mut Drawing, way: Way, record: &Record, room: &Room) {
    let bottom = room.y + HIGH;
    for (share, class) in [(0.0, "axis"), (1.0, "axis"), (0.9 * record.steady_ratio(), "least")] {
        line(drawing, class, (room.x, room.height_of(share)), (room.x + room.wide, room.height_of(share)));
    }
    if (room.x - LEFT).abs() < 1.0 {
        drawing.text(8.0, room.y + 4.0, "quiet", "100 %");
        drawing.text(8.0, bottom + 4.0, "quiet", "0 %");
    }
    for (deploy, tick) in record.deploys.iter().enumerate() {
        let x = room.at(*tick);
        line(drawing, "deploy", (x, room.y), (x, bottom));
        if record.deploys.len() > 1 {
            drawing.text(x + 4.0, bottom - 6.0, "quiet", &format!("deploy {}", deploy + 1));
        }
    }
    curve(drawing, &record.ticks, room);
    drawing.text(room.x, room.y - 8.0, "", &way.title().replace('`', ""));
    let seconds = record.tick.as_secs_f64() * record.ticks.len() as f64;
    drawing.text(room.x + room.wide - 26.0, bottom + 18.0, "quiet", &format!("{seconds:.0} s"));
}

fn curve(drawing: &mut Drawing, ticks: &[Tick], room: &Room) {
    let point = |(tick, counted): (usize, &Tick)| {
        format!("{:.1},{:.1}", room.at(tick), room.height_of(ratio(counted.line).unwrap_or(0.0)))
    };
    let points: Vec<String> = ticks.iter().enumerate().map(point).collect();
    drawing.add(format_args!("<polyline class=\"ratio\" points=\"{}\"/>", points.join(" ")));
}

fn line(drawing: &mut Drawing, class: &str, (x1, y1): (f64, f64), (x2, y2): (f64, f64)) {
    drawing.add(format_args!(
        "<line class=\"{class}\" x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\"/>"
    ));
}
