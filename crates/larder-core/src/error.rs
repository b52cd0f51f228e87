//! The one error type of Larder.

use std::borrow::Cow;
use std::convert::Infallible;
use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// A `Result` whose error is Larder's.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong, in terms of what the caller can decide.
///
/// One load may fail for a thousand waiters, so an error is cheap to clone. A loader's own error
/// is kept whole and can be taken out again with [`loader_error`](Self::loader_error).
///
/// # Examples
///
/// ```
/// use larder_core::{AppName, ErrorKind, Retry};
///
/// let error = AppName::new("shop-9f8e7d6c").unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::Invalid);
/// assert_eq!(error.retry(), Retry::Never);
/// assert!(error.to_string().contains("shop-9f8e7d6c"));
/// ```
#[derive(Clone)]
pub struct Error {
    inner: Arc<Inner>,
}

#[derive(Clone)]
struct Inner {
    kind: ErrorKind,
    message: Cow<'static, str>,
    context: Vec<(&'static str, String)>,
    retry: Retry,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

/// The decisions an error leaves to its caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// What was passed in can never work: mend the call or the configuration.
    Invalid,
    /// The origin has no such value, and said so when it was last asked.
    Missing,
    /// The loader failed. Its error is the [source](StdError::source).
    Load,
    /// A deadline passed before the answer came.
    Elapsed,
    /// Too much is under way already: shed the request or come back later.
    Overloaded,
    /// A backend cannot be reached.
    Unavailable,
    /// A backend answered, and refuses: a missing permission, a foreign layout.
    Refused,
    /// A value cannot be turned into bytes, or not back.
    Codec,
    /// A value, a key or a set of tags is over its limit.
    TooLarge,
    /// The cache has been shut down.
    Closed,
}

/// Whether trying the same thing again can help.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Retry {
    /// It cannot: the same call will fail the same way.
    Never,
    /// It may, at once.
    Now,
    /// It may, after this long.
    After(Duration),
}

impl Error {
    /// Creates an error of `kind` that says `message`: lower case, no full stop.
    pub fn new(kind: ErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        let retry = match kind {
            ErrorKind::Elapsed | ErrorKind::Unavailable => Retry::Now,
            ErrorKind::Overloaded => Retry::After(Duration::from_millis(100)),
            _ => Retry::Never,
        };
        Self {
            inner: Arc::new(Inner {
                kind,
                message: message.into(),
                context: Vec::new(),
                retry,
                source: None,
            }),
        }
    }

    /// Wraps what a loader returned, to be told to every waiter.
    pub fn load(error: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::new(ErrorKind::Load, "the loader failed").because(error)
    }

    /// Adds a fact: what was asked for, where, with which value.
    #[must_use]
    pub fn with(self, name: &'static str, value: impl fmt::Display) -> Self {
        self.change(|inner| inner.context.push((name, value.to_string())))
    }

    /// Sets the error that caused this one.
    #[must_use]
    pub fn because(self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        let source = source.into();
        self.change(|inner| inner.source = Some(Arc::from(source)))
    }

    /// Overrides the advice that the kind gives by default.
    #[must_use]
    pub fn advise(self, retry: Retry) -> Self {
        self.change(|inner| inner.retry = retry)
    }

    /// What the caller can decide by.
    pub fn kind(&self) -> ErrorKind {
        self.inner.kind
    }

    /// Whether trying again can help.
    pub fn retry(&self) -> Retry {
        self.inner.retry
    }

    /// The facts, in the order in which they were added.
    pub fn context(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.inner.context.iter().map(|(name, value)| (*name, value.as_str()))
    }

    /// The loader's own error, if this is a failed load and `E` is its type.
    ///
    /// # Examples
    ///
    /// ```
    /// use larder_core::Error;
    ///
    /// let error = Error::load(std::fmt::Error);
    /// assert!(error.loader_error::<std::fmt::Error>().is_some());
    /// ```
    pub fn loader_error<E: StdError + 'static>(&self) -> Option<&E> {
        match self.inner.kind {
            ErrorKind::Load => self.inner.source.as_deref()?.downcast_ref(),
            _ => None,
        }
    }

    fn change(mut self, change: impl FnOnce(&mut Inner)) -> Self {
        change(Arc::make_mut(&mut self.inner));
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.inner.message)?;
        for (index, (name, value)) in self.context().enumerate() {
            f.write_str(if index == 0 { " (" } else { ", " })?;
            write!(f, "{name}: {value}")?;
        }
        if self.inner.context.is_empty() { Ok(()) } else { f.write_str(")") }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut fields = f.debug_struct("Error");
        fields.field("kind", &self.inner.kind).field("message", &self.inner.message);
        for (name, value) in self.context() {
            fields.field(name, &value);
        }
        fields.field("retry", &self.inner.retry).field("source", &self.inner.source).finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.inner.source.as_deref().map(|source| source as _)
    }
}

/// So that what cannot fail may stand where something else can.
impl From<Infallible> for Error {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn display_is_one_line_with_every_fact_and_without_the_source() {
        let error = Error::new(ErrorKind::TooLarge, "the value is too large")
            .with("cache", "user")
            .with("bytes", 9)
            .because(fmt::Error);
        assert_eq!(error.to_string(), "the value is too large (cache: user, bytes: 9)");
        assert_eq!(error.source().map(ToString::to_string), Some(fmt::Error.to_string()));
    }

    #[test]
    fn a_clone_told_to_another_waiter_is_not_changed_by_the_first() {
        let first = Error::load(fmt::Error);
        let second = first.clone().with("waiter", 2);
        assert_eq!(first.context().count(), 0);
        assert!(second.loader_error::<fmt::Error>().is_some());
    }

    #[test]
    fn only_a_failed_load_gives_out_a_loader_error() {
        let error = Error::new(ErrorKind::Codec, "undecodable").because(fmt::Error);
        assert!(error.loader_error::<fmt::Error>().is_none());
        assert!(Error::load(fmt::Error).loader_error::<std::io::Error>().is_none());
    }

    #[test]
    fn retry_follows_the_kind_unless_advised_otherwise() {
        assert_eq!(Error::new(ErrorKind::Unavailable, "x").retry(), Retry::Now);
        assert_eq!(Error::new(ErrorKind::Invalid, "x").retry(), Retry::Never);
        assert_eq!(Error::load("x").advise(Retry::Now).retry(), Retry::Now);
    }
}
