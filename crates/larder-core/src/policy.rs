//! How long things live and how much of them there may be.

use std::num::NonZeroU32;
use std::time::Duration;

use crate::error::{Error, ErrorKind, Result};

/// How long something may be kept: one millisecond to about 49 days.
///
/// The type has no value for "for ever". Every entry expires; what must live longer than 49 days
/// belongs into a database.
///
/// # Examples
///
/// ```
/// use larder_core::Ttl;
/// use std::time::Duration;
///
/// const TEN_MINUTES: Ttl = Ttl::seconds(600);
/// assert_eq!(TEN_MINUTES.as_duration(), Duration::from_secs(600));
/// assert!(Ttl::new(Duration::ZERO).is_err());
/// assert!(Ttl::new(Duration::MAX).is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ttl(NonZeroU32);

impl Ttl {
    /// The shortest: one millisecond.
    pub const MIN: Self = Self(NonZeroU32::MIN);
    /// The longest: 2³² - 1 milliseconds, which is what the stored header has room for.
    pub const MAX: Self = Self(NonZeroU32::MAX);

    /// Checks and takes a duration. Fractions of a millisecond are dropped.
    pub fn new(duration: Duration) -> Result<Self> {
        u32::try_from(duration.as_millis()).ok().and_then(Self::from_millis).ok_or_else(|| {
            Error::new(ErrorKind::Invalid, "a time to live must be from 1 ms to 49 days")
                .with("duration", format_args!("{duration:?}"))
        })
    }

    /// So many milliseconds; `None` for zero.
    pub const fn from_millis(millis: u32) -> Option<Self> {
        match NonZeroU32::new(millis) {
            Some(millis) => Some(Self(millis)),
            None => None,
        }
    }

    /// So many seconds, for constants.
    ///
    /// # Panics
    ///
    /// If `seconds` is zero or more than 49 days; in a constant that is an error of the compiler.
    #[expect(clippy::panic, reason = "meant for constants, where it cannot compile")]
    pub const fn seconds(seconds: u32) -> Self {
        match seconds.checked_mul(1_000) {
            Some(millis) => match NonZeroU32::new(millis) {
                Some(millis) => Self(millis),
                None => panic!("a time to live must be from 1 ms to 49 days"),
            },
            None => panic!("a time to live must be from 1 ms to 49 days"),
        }
    }

    /// In milliseconds: never zero.
    pub const fn as_millis(self) -> u32 {
        self.0.get()
    }

    /// As a duration.
    pub const fn as_duration(self) -> Duration {
        Duration::from_millis(self.0.get() as u64)
    }
}

impl TryFrom<Duration> for Ttl {
    type Error = Error;

    fn try_from(duration: Duration) -> Result<Self> {
        Self::new(duration)
    }
}

/// How long a value is fresh, and how long it may be kept at all.
///
/// Past `fresh_for` a value is *stale*: it may still be served while it is refreshed, or because
/// the origin fails. Past `time_to_live` it is gone.
///
/// # Examples
///
/// ```
/// use larder_core::{Lifetime, Ttl};
///
/// let lifetime = Lifetime::new(Ttl::seconds(3_600)).fresh_for(Ttl::seconds(60));
/// assert_eq!(lifetime.fresh(), Ttl::seconds(60));
/// assert_eq!(lifetime.time_to_live(), Ttl::seconds(3_600));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Lifetime {
    fresh: Ttl,
    time_to_live: Ttl,
}

impl Lifetime {
    /// Fresh for as long as it lives.
    pub const fn new(time_to_live: Ttl) -> Self {
        Self { fresh: time_to_live, time_to_live }
    }

    /// Stale after `fresh`, which is shortened to the time to live if it is longer.
    #[must_use]
    pub fn fresh_for(self, fresh: Ttl) -> Self {
        Self { fresh: fresh.min(self.time_to_live), ..self }
    }

    /// How long the value counts as fresh.
    pub const fn fresh(self) -> Ttl {
        self.fresh
    }

    /// How long the value may be kept.
    pub const fn time_to_live(self) -> Ttl {
        self.time_to_live
    }
}

/// Shortens lifetimes by a random share, so that what was stored together does not expire together.
///
/// It never lengthens one: a time to live stays an upper bound.
///
/// # Examples
///
/// ```
/// use larder_core::{Jitter, Lifetime, Ttl};
///
/// let lifetime = Lifetime::new(Ttl::seconds(100));
/// // The dice come from outside: 0.5 is the middle of what they can show.
/// let jittered = Jitter::default().shorten(lifetime, 0.5);
/// assert_eq!(jittered.time_to_live(), Ttl::seconds(95));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Jitter {
    percent: u8,
}

impl Jitter {
    /// Every lifetime exactly as given.
    pub const NONE: Self = Self { percent: 0 };

    /// Up to this many percent shorter, at most 90.
    pub fn percent(percent: u8) -> Result<Self> {
        if percent <= 90 {
            Ok(Self { percent })
        } else {
            Err(Error::new(ErrorKind::Invalid, "jitter must be at most 90 percent").with("percent", percent))
        }
    }

    /// Shortens `lifetime`; `dice` is uniform in `0.0..1.0`.
    #[must_use]
    pub fn shorten(self, lifetime: Lifetime, dice: f64) -> Lifetime {
        let keep = 1.0 - f64::from(self.percent) / 100.0 * dice.clamp(0.0, 1.0);
        Lifetime { fresh: scale(lifetime.fresh, keep), time_to_live: scale(lifetime.time_to_live, keep) }
    }
}

impl Default for Jitter {
    /// Ten percent.
    fn default() -> Self {
        Self { percent: 10 }
    }
}

fn scale(ttl: Ttl, factor: f64) -> Ttl {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the factor is in 0.1..=1.0")]
    let millis = (f64::from(ttl.as_millis()) * factor).round() as u32;
    Ttl::from_millis(millis).unwrap_or(Ttl::MIN)
}

/// What a local tier is good for while the bus cannot say what was invalidated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum WhileDisconnected {
    /// What was read from the shared tier or the origin is kept for as long as the bus promises to hide a loss, and not a
    /// moment longer. So no hit is staler than ever, and the origin is still asked at most once per key in that time.
    #[default]
    Bounded,
    /// Nothing is served from it, and nothing kept.
    Bypass,
    /// Everything is served from it, marked as stale.
    Serve,
}

/// How much a [`Local`](crate::Local) may hold before it evicts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Capacity {
    /// So many entries, whatever their size.
    Entries(u64),
    /// So many bytes, over all the caches that share the local: values as they are weighed, keys,
    /// and what an entry costs by itself.
    Bytes(u64),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jitter_shortens_both_times_alike_and_never_to_nothing() {
        let lifetime = Lifetime::new(Ttl::seconds(100)).fresh_for(Ttl::seconds(10));
        let jitter = Jitter::percent(50).unwrap();
        assert_eq!(jitter.shorten(lifetime, 0.0), lifetime);
        let most = jitter.shorten(lifetime, 1.0);
        assert_eq!((most.fresh(), most.time_to_live()), (Ttl::seconds(5), Ttl::seconds(50)));
        assert_eq!(jitter.shorten(Lifetime::new(Ttl::MIN), 1.0).time_to_live(), Ttl::MIN);
        assert_eq!(jitter.shorten(Lifetime::new(Ttl::MAX), f64::NAN).time_to_live(), Ttl::MIN);
    }

    #[test]
    fn nothing_is_fresh_for_longer_than_it_lives() {
        let lifetime = Lifetime::new(Ttl::seconds(5)).fresh_for(Ttl::seconds(9));
        assert_eq!(lifetime.fresh(), Ttl::seconds(5));
    }

    #[test]
    fn the_range_of_a_ttl_is_that_of_the_stored_field() {
        assert_eq!(Ttl::new(Duration::from_millis(u64::from(u32::MAX))).unwrap(), Ttl::MAX);
        assert!(Ttl::new(Duration::from_millis(u64::from(u32::MAX) + 1)).is_err());
        let error = Ttl::new(Duration::from_micros(999)).unwrap_err().to_string();
        assert_eq!(error, "a time to live must be from 1 ms to 49 days (duration: 999µs)");
    }
}
