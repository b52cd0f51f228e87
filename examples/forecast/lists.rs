//! What was read most, counted to the last read: better than any list that is kept by hand.

use std::cmp::Reverse;
use std::collections::{HashMap, VecDeque};

use crate::traffic::At;

/// So many hours are remembered: yesterday begins up to two days ago.
const HOURS: usize = 48;

/// How often each item was read in each hour.
#[derive(Default)]
pub(crate) struct Lists {
    /// The oldest first.
    hours: VecDeque<(u64, HashMap<u64, u32>)>,
}

impl Lists {
    pub(crate) fn count(&mut self, at: At, item: u64) {
        if self.hours.back().is_none_or(|(hour, _)| *hour != at.hour()) {
            self.hours.push_back((at.hour(), HashMap::new()));
            while self.hours.len() > HOURS {
                self.hours.pop_front();
            }
        }
        if let Some((_, counts)) = self.hours.back_mut() {
            *counts.entry(item).or_default() += 1;
        }
    }

    /// What was read most on the day before.
    pub(crate) fn of_yesterday(&self, at: At, most: usize) -> Vec<u64> {
        self.top(most, |hour| hour / 24 + 1 == at.day())
    }

    /// What was read most in the last full hour.
    pub(crate) fn of_the_last_hour(&self, at: At, most: usize) -> Vec<u64> {
        self.top(most, |hour| hour + 1 == at.hour())
    }

    fn top(&self, most: usize, is_wanted: impl Fn(u64) -> bool) -> Vec<u64> {
        let mut counts: HashMap<u64, u32> = HashMap::new();
        for (_, hour) in self.hours.iter().filter(|(hour, _)| is_wanted(*hour)) {
            for (item, count) in hour {
                *counts.entry(*item).or_default() += count;
            }
        }
        let mut ranked: Vec<(u64, u32)> = counts.into_iter().collect();
        ranked.sort_unstable_by_key(|(item, count)| (Reverse(*count), *item));
        ranked.into_iter().take(most).map(|(item, _)| item).collect()
    }
}
