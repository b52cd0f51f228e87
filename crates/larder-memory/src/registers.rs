//! What builds note of themselves.

use std::collections::HashMap;

use larder_core::{Moment, Register, Registered};

/// The lines of one register, by when they were noted last.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lines(HashMap<String, Moment>);

impl Lines {
    pub(crate) fn note(&mut self, lines: &[String], now: Moment) {
        if lines.is_empty() {
            return;
        }
        self.0.extend(lines.iter().map(|line| (line.clone(), now)));
        self.0.retain(|_, noted| now.since(*noted) <= Register::KEPT.as_duration());
        let beyond = self.0.len().saturating_sub(Register::MOST as usize);
        let oldest: Vec<String> =
            self.in_order().into_iter().take(beyond).map(|(line, _)| line.clone()).collect();
        for line in &oldest {
            self.0.remove(line);
        }
    }

    /// The one that was noted the longest time ago comes first, and of equals the one whose text does, as on Redis.
    pub(crate) fn all(&self, now: Moment) -> Vec<Registered> {
        self.in_order().into_iter().map(|(line, noted)| Registered::new(line, now.since(noted))).collect()
    }

    fn in_order(&self) -> Vec<(&String, Moment)> {
        let mut lines: Vec<_> = self.0.iter().map(|(line, noted)| (line, *noted)).collect();
        lines.sort_by(|(line, noted), (other, other_noted)| noted.cmp(other_noted).then(line.cmp(other)));
        lines
    }
}
