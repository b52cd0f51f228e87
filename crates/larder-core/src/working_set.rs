//! What a fleet reads, so that a new node knows what it will be asked for before it is asked.

use std::time::Duration;

use crate::policy::Ttl;

const HOURS: u64 = 7 * 24;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);
const WEEK: Duration = Duration::from_secs(HOURS * 3_600);

/// How often a key was read.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Reads {
    /// The key's text.
    pub key: String,
    /// How often, by an estimate.
    pub count: f64,
}

impl Reads {
    /// So many reads of a key of that text.
    pub fn new(key: impl Into<String>, count: f64) -> Self {
        Self { key: key.into(), count }
    }

    /// The count as one that has a logarithm: of what is none, next to nothing.
    pub fn counted(&self) -> f64 {
        counted(self.count)
    }
}

/// A time of which is remembered what was read then.
///
/// Counts fade: after each [half-life](Self::half_life) half of them is left. It is the same for all nodes and builds, for they
/// count together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Season {
    /// The last quarter of an hour, about.
    Recent,
    /// One hour of the week, this week and in those before it.
    Hour(WeekHour),
}

impl Season {
    /// After how long half of a count is left.
    pub const fn half_life(self) -> Duration {
        match self {
            Self::Recent => MINUTE.saturating_mul(15),
            Self::Hour(_) => WEEK,
        }
    }

    /// For how long it is kept after the last read was added.
    pub const fn kept(self) -> Ttl {
        match self {
            Self::Recent => Ttl::seconds(7 * 24 * 3_600),
            Self::Hour(_) => Ttl::seconds(21 * 24 * 3_600),
        }
    }

    /// How many reads a second a count stands for that has been fading and growing for long.
    pub fn rate(self, count: f64) -> f64 {
        match self {
            Self::Recent => count * std::f64::consts::LN_2 / self.half_life().as_secs_f64(),
            // The sum of a half, a quarter and so on, of weeks that were alike, is that of one week.
            Self::Hour(_) => count / HOUR.as_secs_f64(),
        }
    }
}

/// An hour of the week, by the clock of UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WeekHour(u8);

impl WeekHour {
    /// The hour in which this lies: milliseconds since the Unix epoch, which was at the beginning of the first one.
    pub const fn at(unix_millis: u64) -> Self {
        Self((unix_millis / 3_600_000 % HOURS) as u8)
    }

    /// The hour at the same time of the day before.
    #[must_use]
    pub const fn yesterday(self) -> Self {
        Self(((self.0 as u64 + HOURS - 24) % HOURS) as u8)
    }

    /// Its number, from 0 to 167.
    pub const fn index(self) -> u8 {
        self.0
    }
}

/// A count that fades, as a number that does not change by itself.
///
/// It is the logarithm of what the count would be by now had it grown, since the Unix epoch, as fast as others fade. So counts
/// of different times compare as they are, nothing has ever to be scaled down, and nothing overflows.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Fading(f64);

impl Fading {
    /// So many reads at that time: milliseconds since the Unix epoch.
    pub fn new(season: Season, count: f64, unix_millis: u64) -> Self {
        Self(counted(count).ln() + growth(season, unix_millis))
    }

    /// The two together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let (high, low) = (self.0.max(other.0), self.0.min(other.0));
        Self(high + (low - high).exp().ln_1p())
    }

    /// What is left of it at that time.
    pub fn left(self, season: Season, unix_millis: u64) -> f64 {
        (self.0 - growth(season, unix_millis)).exp()
    }
}

fn counted(count: f64) -> f64 {
    if count > 0.0 { count.min(f64::MAX) } else { f64::MIN_POSITIVE }
}

#[expect(clippy::cast_precision_loss, reason = "a millisecond more or less makes no difference")]
fn growth(season: Season, unix_millis: u64) -> f64 {
    unix_millis as f64 / 1_000.0 * std::f64::consts::LN_2 / season.half_life().as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// In the year 2026.
    const NOW: u64 = 1_800_000_000_000;

    fn check(left: f64, expected: f64) {
        assert!((left - expected).abs() < expected / 1e6, "{left} {expected}");
    }

    #[test]
    fn half_of_a_count_is_left_after_its_half_life() {
        for season in [Season::Recent, Season::Hour(WeekHour::at(NOW))] {
            let half_life = u64::try_from(season.half_life().as_millis()).unwrap();
            let count = Fading::new(season, 1_000.0, NOW);
            check(count.left(season, NOW), 1_000.0);
            check(count.left(season, NOW + half_life), 500.0);
            check(count.left(season, NOW + 10 * half_life), 1_000.0 / 1_024.0);
        }
    }

    #[test]
    fn counts_of_different_times_add_up_in_either_order() {
        let (early, late) =
            (Fading::new(Season::Recent, 800.0, NOW), Fading::new(Season::Recent, 1.0, NOW + 3 * 900_000));
        check(early.and(late).left(Season::Recent, NOW + 3 * 900_000), 101.0);
        check(late.and(early).left(Season::Recent, NOW + 3 * 900_000), 101.0);
        assert!(late < early);
    }

    #[test]
    fn counts_stay_finite_for_longer_than_anybody_counts() {
        let century = 100 * 365 * 24 * 3_600_000;
        let count =
            Fading::new(Season::Recent, 1.0, NOW).and(Fading::new(Season::Recent, 7.0, NOW + century));
        check(count.left(Season::Recent, NOW + century), 7.0);
        check(Fading::new(Season::Recent, 7.0, NOW).left(Season::Recent, NOW), 7.0);
    }

    #[test]
    fn the_hours_of_a_week_come_round() {
        let hour = |hours: u64| WeekHour::at(hours * 3_600_000);
        assert_eq!((hour(0).index(), hour(167).index(), hour(168).index()), (0, 167, 0));
        assert_eq!(hour(30).yesterday(), hour(6));
        assert_eq!(hour(3).yesterday(), hour(168 + 3 - 24));
    }

    #[test]
    fn a_steady_rate_is_estimated_from_either_season() {
        // Ten reads a second for a day, and in one hour of each of ten weeks.
        let (mut recent, mut weekly) = (Fading::new(Season::Recent, 10.0, NOW), None::<Fading>);
        for second in 1..24 * 3_600 {
            recent = recent.and(Fading::new(Season::Recent, 10.0, NOW + second * 1_000));
        }
        let rate = Season::Recent.rate(recent.left(Season::Recent, NOW + 24 * 3_600_000));
        assert!((rate - 10.0).abs() < 0.1, "{rate}");
        let hour = Season::Hour(WeekHour::at(NOW));
        let week = u64::try_from(WEEK.as_millis()).unwrap();
        for passed in 0..10 {
            let read = Fading::new(hour, 36_000.0, NOW + passed * week);
            weekly = Some(weekly.map_or(read, |before| before.and(read)));
        }
        let rate = hour.rate(weekly.unwrap().left(hour, NOW + 10 * week));
        assert!((rate - 10.0).abs() < 0.1, "{rate}");
    }
}
