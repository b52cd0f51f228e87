//! What a writer is given in return.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use larder_core::{Error, Result, Token};

/// The receipt for an invalidation.
///
/// It is proof of what has been done, and a ticket: a read that shows it, [on whatever
/// instance](crate::Reading::at_least), sees the write behind it. It travels as text, say in a cookie or a header.
///
/// What was [deferred](Self::is_deferred) has no place in the server's order yet, and none in the text: no other instance can
/// see a write that the server has not been told.
///
/// One that comes back from a client should be signed: a made-up one costs its reader the copy of the key, and the server a
/// question.
///
/// # Examples
///
/// ```
/// # use larder::{Cache, Larder};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> larder::Result<()> {
/// # let larder = Larder::builder("test.shop").embedded().build().await?;
/// # let users: Cache<u64, String> = larder.cache("user").build()?;
/// let receipt = users.invalidate(&7_u64).await?;
/// let cookie = receipt.to_string();
///
/// // … on another instance:
/// let user = users.reading().at_least(&cookie.parse()?).get(&7_u64).await?;
/// # assert!(user.is_none());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use = "it says whether the invalidation has reached the server"]
pub struct Receipt {
    /// The latest of each chain: it stands for all before it.
    tokens: Vec<Token>,
    is_deferred: bool,
}

impl Receipt {
    pub(crate) fn new(tokens: impl IntoIterator<Item = Token>, is_deferred: bool) -> Self {
        let mut latest = BTreeMap::new();
        for token in tokens {
            let sequence = latest.entry(token.chain()).or_insert(token.sequence());
            *sequence = token.sequence().max(*sequence);
        }
        let tokens = latest.into_iter().map(|(chain, sequence)| Token::new(chain, sequence)).collect();
        Self { tokens, is_deferred }
    }

    /// The receipt for what the server could not be told.
    pub(crate) fn deferred() -> Self {
        Self { tokens: Vec::new(), is_deferred: true }
    }

    /// Whether the server could not be reached for all of it.
    ///
    /// This process has dropped its copies all the same, and does not use the shared ones until the server has been told,
    /// which is tried until it succeeds. Meanwhile other instances may serve what was to be invalidated.
    pub fn is_deferred(&self) -> bool {
        self.is_deferred
    }

    /// Its latest place in each of the server's orders that it concerns.
    pub fn tokens(&self) -> &[Token] {
        &self.tokens
    }

    /// One receipt for both.
    pub fn and(self, other: Self) -> Self {
        Self::new(self.tokens.into_iter().chain(other.tokens), self.is_deferred || other.is_deferred)
    }
}

/// The tokens, with commas between them.
impl fmt::Display for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, token) in self.tokens.iter().enumerate() {
            if index > 0 {
                f.write_str(",")?;
            }
            token.fmt(f)?;
        }
        Ok(())
    }
}

impl FromStr for Receipt {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let tokens = match text {
            "" => Vec::new(),
            text => text.split(',').map(str::parse).collect::<Result<Vec<Token>>>()?,
        };
        Ok(Self::new(tokens, false))
    }
}
