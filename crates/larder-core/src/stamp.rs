//! Orders of events: this node's, and the server's.

use std::fmt;
use std::str::FromStr;

use crate::error::{Error, ErrorKind, Result};
use crate::key::Partition;

/// A reading of a node's invalidation clock: how many invalidations it had heard of.
///
/// A load takes one before its first I/O, from [`Fence::stamp`](crate::Fence::stamp). Whatever
/// invalidation the node hears of later is greater, and that is how a load finds out that it was overtaken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stamp(pub(crate) u64);

impl Stamp {
    /// Before every invalidation.
    pub const ZERO: Self = Self(0);
}

/// A position in the server's order of the invalidations of one partition, or of all tags.
///
/// The server assigns them: the next is the greater of its clock in microseconds and one more than
/// the last, so that a number is not used again even when a failover rolls the last one back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sequence(u64);

impl Sequence {
    /// Before every invalidation.
    pub const ZERO: Self = Self(0);

    /// A sequence as the server told it.
    pub const fn new(sequence: u64) -> Self {
        Self(sequence)
    }

    /// The number.
    pub const fn get(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Sequence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One of the server's orders of invalidations. Each links its sequences into a chain, so that a
/// missing link shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Chain {
    /// The invalidations of the keys of one partition.
    Keys(Partition),
    /// The invalidations of tags, of whole caches, and of everything.
    Tags,
}

impl fmt::Display for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Keys(partition) => partition.index().fmt(f),
            Self::Tags => f.write_str("t"),
        }
    }
}

/// The receipt for an invalidation: a read on any node that shows it sees the write behind it.
///
/// It travels as text, say in a cookie or a header.
///
/// # Examples
///
/// ```
/// use larder_core::{Chain, Partition, Sequence, Token};
///
/// let chain = Chain::Keys(Partition::new(7).unwrap());
/// let token = Token::new(chain, Sequence::new(1_763_632_800_000_000));
/// assert_eq!(token.to_string(), "7.1763632800000000");
/// assert_eq!(token.to_string().parse::<Token>()?, token);
/// # Ok::<(), larder_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Token {
    chain: Chain,
    sequence: Sequence,
}

impl Token {
    /// The token of the invalidation that got `sequence` in `chain`.
    pub const fn new(chain: Chain, sequence: Sequence) -> Self {
        Self { chain, sequence }
    }

    /// The order that it speaks of.
    pub const fn chain(self) -> Chain {
        self.chain
    }

    /// The position in that order.
    pub const fn sequence(self) -> Sequence {
        self.sequence
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.chain, self.sequence)
    }
}

impl FromStr for Token {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let parse = || {
            let (chain, sequence) = text.split_once('.')?;
            // A number may begin with a plus sign; a token is written in one way only.
            if text.contains('+') {
                return None;
            }
            let chain = match chain {
                "t" => Chain::Tags,
                number => Chain::Keys(Partition::new(number.parse().ok()?)?),
            };
            Some(Self::new(chain, Sequence::new(sequence.parse().ok()?)))
        };
        parse().ok_or_else(|| {
            let shown: String = text.chars().take(40).collect();
            Error::new(ErrorKind::Invalid, "not a consistency token").with("token", format_args!("{shown:?}"))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_of_tags_travel_too() {
        let token = Token::new(Chain::Tags, Sequence::new(u64::MAX));
        assert_eq!(token.to_string().parse::<Token>().unwrap(), token);
    }

    #[test]
    fn garbage_is_no_token_and_says_so_shortly() {
        for text in
            ["", "7", "7.", ".7", "64.1", "+1.1", "1.+1", "-1.1", "1.-1", "1.1.1", "1.99999999999999999999"]
        {
            assert!(text.parse::<Token>().is_err(), "{text}");
        }
        let error = "x".repeat(1 << 20).parse::<Token>().unwrap_err();
        assert!(error.to_string().len() < 100);
    }
}
