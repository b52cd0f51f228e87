//! Time as a parameter: what Larder calls "now".

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::policy::Ttl;

/// A point on the process's monotonic clock, in nanoseconds since an unspecified origin.
///
/// The origin lies so far before anything a [`Clock`] shows that whatever is kept was made after it.
///
/// Moments of different processes cannot be compared, and nothing in the protocol does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(u64);

impl Moment {
    /// Before everything.
    pub const ORIGIN: Self = Self(0);
    /// After everything: about five hundred years from the origin.
    pub const NEVER: Self = Self(u64::MAX);

    /// The moment that lies `nanos` nanoseconds after the origin.
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// Nanoseconds since the origin.
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// The moment `duration` later, at most [`NEVER`](Self::NEVER).
    #[must_use]
    pub fn after(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(nanos(duration)))
    }

    /// The moment `duration` earlier, at least [`ORIGIN`](Self::ORIGIN).
    #[must_use]
    pub fn before(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(nanos(duration)))
    }

    /// How long after `earlier` this is; zero if it is not.
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// How far the origin lies before a clock's zero: the longest time to live. A machine that has just started may get an
/// entry that is older than itself, and must not take it for a young one.
const HEAD_START: u64 = Ttl::MAX.as_millis() as u64 * 1_000_000;

/// Where time comes from when it is not the system's: in tests, from a hand that turns it.
pub trait TimeSource: fmt::Debug + Send + Sync + 'static {
    /// The monotonic time. Never goes back.
    fn now(&self) -> Moment;

    /// Milliseconds since the Unix epoch. May jump either way; used for ages told to people and
    /// for early refresh, never for a decision on correctness.
    fn unix_millis(&self) -> u64;
}

/// Tells the time to everything in Larder.
///
/// An enum rather than a bare `dyn`, because every L1 hit asks it: the system's clock is a
/// predicted branch and a call that stays in user space.
#[derive(Clone, Debug)]
pub struct Clock(Source);

#[derive(Clone, Debug)]
enum Source {
    Coarse,
    Precise,
    Custom(Arc<dyn TimeSource>),
}

impl Clock {
    /// The system's cheap clock, exact to the kernel's tick (1 to 10 ms). The default.
    ///
    /// On systems other than Linux it is the same as [`precise`](Self::precise).
    pub const fn coarse() -> Self {
        Self(Source::Coarse)
    }

    /// The system's exact clock, at about 25 ns a reading.
    pub const fn precise() -> Self {
        Self(Source::Precise)
    }

    /// A clock of one's own.
    pub fn custom(source: impl TimeSource) -> Self {
        Self(Source::Custom(Arc::new(source)))
    }

    /// Whether it shows the system's time.
    pub const fn is_system(&self) -> bool {
        !matches!(self.0, Source::Custom(_))
    }

    /// The monotonic time.
    #[inline]
    pub fn now(&self) -> Moment {
        let shown = match &self.0 {
            Source::Coarse => system::coarse(),
            Source::Precise => system::precise(),
            Source::Custom(source) => source.now(),
        };
        Moment(shown.0.saturating_add(HEAD_START))
    }

    /// Milliseconds since the Unix epoch; see [`TimeSource::unix_millis`] for what it is good for.
    pub fn unix_millis(&self) -> u64 {
        match &self.0 {
            Source::Coarse | Source::Precise => system::unix_millis(),
            Source::Custom(source) => source.unix_millis(),
        }
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::coarse()
    }
}

#[cfg(target_os = "linux")]
mod system {
    use super::Moment;
    use rustix::time::{ClockId, Timespec, clock_gettime};

    #[inline]
    pub(super) fn coarse() -> Moment {
        Moment(nanos(clock_gettime(ClockId::MonotonicCoarse)))
    }

    pub(super) fn precise() -> Moment {
        Moment(nanos(clock_gettime(ClockId::Monotonic)))
    }

    pub(super) fn unix_millis() -> u64 {
        nanos(clock_gettime(ClockId::RealtimeCoarse)) / 1_000_000
    }

    #[inline]
    fn nanos(time: Timespec) -> u64 {
        // Both clocks start at or after zero and fit for five centuries.
        time.tv_sec.cast_unsigned() * 1_000_000_000 + time.tv_nsec.cast_unsigned()
    }
}

#[cfg(not(target_os = "linux"))]
#[expect(clippy::disallowed_methods, reason = "this is where the time comes from")]
mod system {
    use super::Moment;
    use std::sync::LazyLock;
    use std::time::{Instant, SystemTime, UNIX_EPOCH};

    static ORIGIN: LazyLock<Instant> = LazyLock::new(Instant::now);

    pub(super) fn coarse() -> Moment {
        precise()
    }

    pub(super) fn precise() -> Moment {
        Moment::ORIGIN.after(ORIGIN.elapsed())
    }

    pub(super) fn unix_millis() -> u64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_saturate_at_both_ends() {
        assert_eq!(Moment::NEVER.after(Duration::MAX), Moment::NEVER);
        assert_eq!(Moment::ORIGIN.before(Duration::from_secs(1)), Moment::ORIGIN);
        assert_eq!(Moment::ORIGIN.since(Moment::NEVER), Duration::ZERO);
    }

    #[test]
    fn what_is_older_than_the_clock_has_its_age() {
        #[derive(Debug)]
        struct JustStarted;
        impl TimeSource for JustStarted {
            fn now(&self) -> Moment {
                Moment::ORIGIN
            }
            fn unix_millis(&self) -> u64 {
                0
            }
        }
        let now = Clock::custom(JustStarted).now();
        let made = now.before(Ttl::MAX.as_duration());
        assert_eq!(now.since(made), Ttl::MAX.as_duration());
    }

    #[test]
    fn the_system_clocks_share_an_origin_and_never_go_back() {
        let (coarse, precise) = (Clock::coarse(), Clock::precise());
        let first = coarse.now();
        let second = precise.now();
        // The coarse clock shows the last tick, so it is never ahead of the exact one.
        assert!(first <= second, "{first:?} {second:?}");
        assert!(second.since(first) < Duration::from_secs(5));
        assert!(precise.now() >= second);
    }

    #[test]
    fn wall_time_is_this_century() {
        let millis = Clock::coarse().unix_millis();
        assert!((1_700_000_000_000..4_102_444_800_000).contains(&millis), "{millis}");
    }
}
