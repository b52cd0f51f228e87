//! How often something happened, by the reason for it.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A count for each reason that there has been, by the word that stands for it. What is counted here goes wrong, and not often
/// enough for a lock to matter.
#[derive(Debug, Default)]
pub(crate) struct Reasons(Mutex<BTreeMap<&'static str, u64>>);

impl Reasons {
    pub(crate) fn add_one(&self, reason: &'static str) {
        *self.counts().entry(reason).or_default() += 1;
    }

    /// How often it happened, for whatever reason.
    pub(crate) fn sum(&self) -> u64 {
        self.counts().values().sum()
    }

    /// Every reason that there has been.
    pub(crate) fn snapshot(&self) -> Vec<(&'static str, u64)> {
        self.counts().iter().map(|(reason, count)| (*reason, *count)).collect()
    }

    fn counts(&self) -> MutexGuard<'_, BTreeMap<&'static str, u64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reason_is_counted_by_itself() {
        let reasons = Reasons::default();
        for reason in ["tagged", "cleared", "tagged"] {
            reasons.add_one(reason);
        }
        assert_eq!(reasons.snapshot(), [("cleared", 1), ("tagged", 2)]);
        assert_eq!(reasons.sum(), 3);
    }
}
