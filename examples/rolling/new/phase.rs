//! How far the deploy is.

use larder::codec::{Bincode, Envelope, Old, Postcard};
use shop::service::Stock;

use crate::product::{Product, ProductV1};

/// What the new build is set to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Reads both forms, and writes the old one.
    First,
    /// Reads both forms, and writes the new one.
    Second,
    Third,
    /// The third, with another name for its cache.
    Renamed,
}

impl Phase {
    pub(crate) fn named(word: &str) -> Option<Self> {
        Some(match word {
            "first" => Self::First,
            "second" => Self::Second,
            "third" => Self::Third,
            "renamed" => Self::Renamed,
            _ => return None,
        })
    }

    pub(crate) fn stock(self) -> Stock<Product> {
        let cache = if self == Self::Renamed { "product2" } else { "product" };
        Stock { cache, envelope: self.envelope() }
    }

    fn envelope(self) -> Envelope<Product> {
        let new = Envelope::new(Postcard);
        let old = || Old::<ProductV1>::new(Bincode);
        match self {
            Self::First => new.still_writes(old()),
            Self::Second => new.reads(old()),
            Self::Third | Self::Renamed => new,
        }
    }
}
