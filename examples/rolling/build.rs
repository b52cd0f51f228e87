//! The builds of the service: what each reads and writes.

use larder::codec::{Bincode, Envelope, Old, Postcard};

use crate::product::{Product, ProductV1};

/// A build, which differs from the others in the envelope of its products and in nothing else, but for `Renamed`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Build {
    Before,
    /// Reads both forms, and writes the old one.
    First,
    /// Reads both forms, and writes the new one.
    Second,
    Third,
    /// The third, with another name for its cache.
    Renamed,
}

const BUILDS: [Build; 5] = [Build::Before, Build::First, Build::Second, Build::Third, Build::Renamed];

impl Build {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Before => "before",
            Self::First => "first",
            Self::Second => "second",
            Self::Third => "third",
            Self::Renamed => "renamed",
        }
    }

    pub(crate) fn named(word: &str) -> Option<Self> {
        BUILDS.into_iter().find(|build| build.word() == word)
    }

    pub(crate) fn cache(self) -> &'static str {
        if self == Self::Renamed { "product2" } else { "product" }
    }

    /// The envelope of all builds but the one before.
    pub(crate) fn envelope(self) -> Envelope<Product> {
        let new = Envelope::new(Postcard);
        let old = || Old::<ProductV1>::new(Bincode);
        match self {
            Self::First => new.still_writes(old()),
            Self::Second => new.reads(old()),
            Self::Before | Self::Third | Self::Renamed => new,
        }
    }
}
