//! A drawing in SVG, element by element.

use std::fmt::{Arguments, Write as _};

pub(crate) const WIDTH: f64 = 860.0;

/// What all drawings have in common.
const STYLE: &str = "\
text { font: 12px system-ui, sans-serif; fill: #24292f } .title { font-size: 16px; font-weight: 600 } \
.quiet { fill: #6e7781 }";

pub(crate) struct Drawing(String);

impl Drawing {
    pub(crate) fn titled(title: &str) -> Self {
        let mut drawing = Self(String::new());
        drawing.text(16.0, 28.0, "title", title);
        drawing
    }

    pub(crate) fn text(&mut self, x: f64, y: f64, class: &str, text: &str) {
        self.add(format_args!("<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\">{text}</text>"));
    }

    pub(crate) fn add(&mut self, element: Arguments<'_>) {
        _ = writeln!(self.0, "{element}");
    }

    /// All of it, so high, and with a style for what is not common.
    pub(crate) fn finish(self, height: f64, style: &str) -> String {
        let body = self.0;
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\">\n<style>{STYLE} {style}</style>\n\
             <rect width=\"{WIDTH}\" height=\"{height}\" fill=\"#ffffff\"/>\n{body}</svg>\n"
        )
    }
}
