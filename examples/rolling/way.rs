//! The ways from the old form to the new one.

use crate::build::Build;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// As on the page: three deploys.
    Ours,
    /// A new cache beside the old one, which begins empty.
    Name,
    /// All that is stored is thrown away as the deploy begins.
    Flush,
    /// The new form instead of the old one, and nothing else.
    AtOnce,
}

pub(crate) const WAYS: [Way; 4] = [Way::Ours, Way::Name, Way::Flush, Way::AtOnce];

impl Way {
    pub(crate) fn named(word: &str) -> Option<Self> {
        WAYS.into_iter().find(|way| way.word() == word)
    }

    fn word(self) -> &'static str {
        match self {
            Self::Ours => "ours",
            Self::Name => "name",
            Self::Flush => "flush",
            Self::AtOnce => "at-once",
        }
    }

    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Ours => "three deploys",
            Self::Name => "a new name for the cache",
            Self::Flush => "`FLUSHALL` at the deploy",
            Self::AtOnce => "the new form at once",
        }
    }

    /// What is deployed, one after the other. Before each but the first the fleet is of one build.
    pub(crate) fn deploys(self) -> &'static [Build] {
        match self {
            Self::Ours => &[Build::First, Build::Second, Build::Third],
            Self::Name => &[Build::Renamed],
            Self::Flush | Self::AtOnce => &[Build::Third],
        }
    }
}
