//! The first minutes as a picture: a group of bars for each deploy.

#![expect(clippy::cast_precision_loss, reason = "a drawing is not that exact")]

use crate::drawing::{Drawing, WIDTH};
use crate::trial::{Trial, WAYS};

const LEFT: f64 = 52.0;
const TOP: f64 = 80.0;
const HIGH: f64 = 200.0;

const STYLE: &str = "\
.way0 { fill: #d0d7de } .way1 { fill: #9ecbff } .way2 { fill: #54a3e8 } .way3 { fill: #0a4f8f } \
.running { stroke: #bc4c00; stroke-width: 2 } .axis { stroke: #d0d7de }";

pub(crate) fn draw(trials: &[Trial]) -> String {
    let mut drawing = Drawing::titled("Reads of a new instance's first minute that it answers by itself");
    legend(&mut drawing);
    for (share, text) in [(0.0, "0 %"), (0.5, "50 %"), (1.0, "100 %")] {
        let y = height_of(share);
        drawing.text(8.0, y + 4.0, "quiet", text);
        let right = WIDTH - 16.0;
        drawing.add(format_args!(
            "<line class=\"axis\" x1=\"{LEFT}\" y1=\"{y:.1}\" x2=\"{right}\" y2=\"{y:.1}\"/>"
        ));
    }
    let wide = (WIDTH - LEFT - 16.0) / trials.len().max(1) as f64;
    for (index, trial) in trials.iter().enumerate() {
        group(&mut drawing, trial, LEFT + wide * index as f64, wide);
    }
    drawing.finish(TOP + HIGH + 44.0, STYLE)
}

fn legend(drawing: &mut Drawing) {
    let mut x = LEFT;
    for (index, way) in WAYS.iter().enumerate() {
        drawing.add(format_args!(
            "<rect class=\"way{index}\" x=\"{x:.1}\" y=\"46\" width=\"12\" height=\"12\"/>"
        ));
        drawing.text(x + 17.0, 56.0, "", way.title());
        x += 40.0 + 7.0 * way.title().len() as f64;
    }
    let end = x + 12.0;
    drawing.add(format_args!("<line class=\"running\" x1=\"{x:.1}\" y1=\"52\" x2=\"{end:.1}\" y2=\"52\"/>"));
    drawing.text(x + 17.0, 56.0, "", "running instances");
}

fn group(drawing: &mut Drawing, trial: &Trial, left: f64, wide: f64) {
    let bar = wide * 0.8 / WAYS.len() as f64;
    let begin = left + wide * 0.1;
    for (index, ratio) in trial.first_minute.iter().enumerate() {
        let (x, y) = (begin + bar * index as f64, height_of(*ratio));
        drawing.add(format_args!(
            "<rect class=\"way{index}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{:.1}\" height=\"{:.1}\"/>",
            bar - 1.0,
            height_of(0.0) - y
        ));
    }
    let (y, end) = (height_of(trial.running), begin + wide * 0.8);
    drawing.add(format_args!(
        "<line class=\"running\" x1=\"{begin:.1}\" y1=\"{y:.1}\" x2=\"{end:.1}\" y2=\"{y:.1}\"/>"
    ));
    drawing.text(begin, TOP + HIGH + 22.0, "quiet", &trial.at.to_string());
}

fn height_of(share: f64) -> f64 {
    TOP + HIGH * (1.0 - share)
}
