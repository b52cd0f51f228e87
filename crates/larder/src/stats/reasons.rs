//! How often something happened, by the reason for it.

use super::counters::Count;

/// Why stored bytes could not be read, as their codec says it in a word.
const UNREADABLE: &[&str] = &[
    "corrupt",
    "foreign",
    "newer_format",
    "newer_schema",
    "older_schema",
    "other_codec",
    "other_compression",
    "other_key",
    "other_shape",
    "too_large",
    "truncated",
    "undecodable",
];

/// Why a value was not kept, as the fence says it in a word.
const REFUSED: &[&str] =
    &["cleared", "expired", "flushed", "invalidated", "misplaced", "out_of_sync", "outdated", "tagged"];

/// A count for each reason, and one for those that were unknown when this was written.
#[derive(Debug)]
pub(crate) struct Reasons {
    known: &'static [&'static str],
    counts: Box<[Count]>,
    others: Count,
}

impl Reasons {
    pub(crate) fn unreadable() -> Self {
        Self::of(UNREADABLE)
    }

    pub(crate) fn refused() -> Self {
        Self::of(REFUSED)
    }

    fn of(known: &'static [&'static str]) -> Self {
        Self { known, counts: known.iter().map(|_| Count::default()).collect(), others: Count::default() }
    }

    pub(crate) fn add_one(&self, reason: &str) {
        let place = self.known.iter().position(|known| *known == reason);
        place.and_then(|place| self.counts.get(place)).unwrap_or(&self.others).add_one();
    }

    /// How often it happened, for whatever reason.
    pub(crate) fn sum(&self) -> u64 {
        self.snapshot().iter().map(|(_, count)| count).sum()
    }

    /// Every reason that there has been.
    pub(crate) fn snapshot(&self) -> Vec<(&'static str, u64)> {
        let counts = self.known.iter().copied().zip(self.counts.iter().map(Count::get));
        counts.chain([("other", self.others.get())]).filter(|(_, count)| *count > 0).collect()
    }
}

#[cfg(test)]
mod tests {
    use larder_codec::Unreadable;
    use larder_core::{CodecId, Refused};

    use super::*;

    #[test]
    fn each_reason_is_counted_by_itself_and_none_is_lost() {
        let reasons = Reasons::refused();
        for reason in ["tagged", "cleared", "tagged", "of tomorrow"] {
            reasons.add_one(reason);
        }
        assert_eq!(reasons.snapshot(), [("cleared", 1), ("tagged", 2), ("other", 1)]);
        assert_eq!(reasons.sum(), 4);
    }

    #[test]
    fn all_reasons_of_today_are_known() {
        let unreadable = [
            Unreadable::Foreign,
            Unreadable::Truncated,
            Unreadable::Corrupt,
            Unreadable::OtherKey,
            Unreadable::NewerFormat(9),
            Unreadable::OtherCodec(CodecId::BINCODE),
            Unreadable::OtherCompression(9),
            Unreadable::NewerSchema(9),
            Unreadable::OlderSchema(9),
            Unreadable::OtherShape(9),
            Unreadable::TooLarge(9),
            Unreadable::Undecodable,
        ];
        let refused = [
            Refused::Invalidated,
            Refused::Flushed,
            Refused::OutOfSync,
            Refused::Cleared,
            Refused::Tagged,
            Refused::Outdated,
            Refused::Expired,
            Refused::Misplaced,
        ];
        assert_eq!((unreadable.len(), refused.len()), (UNREADABLE.len(), REFUSED.len()));
        assert!(unreadable.iter().all(|reason| UNREADABLE.contains(&reason.name())));
        assert!(refused.iter().all(|reason| REFUSED.contains(&reason.name())));
    }
}
