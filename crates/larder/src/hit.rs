//! What a read returns.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use larder_core::{Entry, ErrorKind, Moment, Result, TagHash, Version};

/// A value, and where it came from.
///
/// It can be used as the value it holds, which it shares with the cache: cloning it copies a pointer, and keeping
/// it keeps the value alive.
///
/// # Examples
///
/// ```
/// # use larder::{Cache, Larder, Tier};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> larder::Result<()> {
/// # let larder = Larder::builder("test.shop").embedded().build().await?;
/// # let users: Cache<u64, String> = larder.cache("user").build()?;
/// let name = users.get_or_load(&7_u64, |_id| async { Ok::<_, larder::Error>("Ada".to_owned()) }).await?;
/// assert_eq!(name.len(), 3);
/// assert_eq!(name.tier(), Tier::Origin);
///
/// let again = users.get(&7_u64).await?.expect("it was just loaded");
/// assert_eq!((again.as_str(), again.tier()), ("Ada", Tier::Local));
/// # Ok(())
/// # }
/// ```
pub struct Hit<V> {
    /// Always one with a value.
    entry: Arc<Entry<V>>,
    tier: Tier,
    is_stale: bool,
    at: Moment,
}

/// Where a value came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Tier {
    /// This process's memory.
    Local,
    /// The tier that all instances share.
    Remote,
    /// The loader.
    Origin,
}

impl<V> Hit<V> {
    /// `None` if the entry is the knowledge that there is no value.
    #[inline]
    pub(crate) fn new(entry: Arc<Entry<V>>, tier: Tier, at: Moment) -> Option<Self> {
        if entry.is_missing() { None } else { Some(Self { entry, tier, is_stale: false, at }) }
    }

    pub(crate) fn stale(self) -> Self {
        Self { is_stale: true, ..self }
    }

    /// Where it came from.
    pub fn tier(&self) -> Tier {
        self.tier
    }

    /// Whether it was served though it is past its fresh time, was marked stale, or may have been invalidated.
    pub fn is_stale(&self) -> bool {
        self.is_stale
    }

    /// How long before the read it was made, wherever that was.
    pub fn age(&self) -> Duration {
        self.entry.age(self.at)
    }

    /// For how long after the read it may still be kept in this process.
    pub fn remaining(&self) -> Duration {
        self.entry.remaining(self.at)
    }

    /// How long its load took.
    pub fn load_cost(&self) -> Duration {
        self.entry.load_cost()
    }

    pub(crate) fn key_text(&self) -> &str {
        self.entry.key_text()
    }

    pub(crate) fn tags(&self) -> &[TagHash] {
        self.entry.tags()
    }

    /// The version that its writer gave it; [`Version::NONE`] if it gave none.
    pub fn version(&self) -> Version {
        self.entry.version()
    }
}

impl<V> Deref for Hit<V> {
    type Target = V;

    #[inline]
    fn deref(&self) -> &V {
        self.entry.value().expect("a hit is made only of an entry with a value")
    }
}

impl<V> AsRef<V> for Hit<V> {
    fn as_ref(&self) -> &V {
        self
    }
}

impl<V> Clone for Hit<V> {
    fn clone(&self) -> Self {
        Self { entry: self.entry.clone(), ..*self }
    }
}

/// Shows the value only if it can show itself.
impl<V: fmt::Debug> fmt::Debug for Hit<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hit")
            .field("value", &**self)
            .field("tier", &self.tier)
            .field("is_stale", &self.is_stale)
            .field("age", &self.age())
            .finish()
    }
}

impl<V: fmt::Display> fmt::Display for Hit<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<V: PartialEq> PartialEq<V> for Hit<V> {
    fn eq(&self, other: &V) -> bool {
        **self == *other
    }
}

/// Turns "the origin has no such value" from an error into an answer.
///
/// # Examples
///
/// ```
/// # use larder::{Cache, Larder};
/// use larder::Optional;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> larder::Result<()> {
/// # let larder = Larder::builder("test.shop").embedded().build().await?;
/// # let users: Cache<u64, String> = larder.cache("user").build()?;
/// let nobody = users.get_or_load(&7_u64, |_id| async { Ok::<_, larder::Error>(None) }).await.optional()?;
/// assert!(nobody.is_none());
/// # Ok(())
/// # }
/// ```
pub trait Optional<V> {
    /// `None` instead of an [`ErrorKind::Missing`].
    ///
    /// # Errors
    ///
    /// Any other.
    fn optional(self) -> Result<Option<Hit<V>>>;
}

impl<V> Optional<V> for Result<Hit<V>> {
    fn optional(self) -> Result<Option<Hit<V>>> {
        match self {
            Ok(hit) => Ok(Some(hit)),
            Err(error) if error.kind() == ErrorKind::Missing => Ok(None),
            Err(error) => Err(error),
        }
    }
}
