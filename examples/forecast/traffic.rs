//! What users ask for, at each time of a month.
//!
//! Items are read by rank: the tenth about a tenth as often as the first. What has which rank depends on the time:
//!
//! - Most reads are of items that are there at all times, of which one in twenty makes room for another each day.
//! - Some are of what belongs to a time of the day, and of what belongs to the weekend.
//! - On Monday mornings there are reports, which nobody reads otherwise.
//! - And there is news: some each hour, of which half as much is read every six hours.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "ranks and rates are not that exact"
)]

use std::f64::consts::TAU;

use fastrand::Rng;

/// A time, in seconds since the beginning of a Thursday: years may begin on one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct At(pub(crate) u64);

const NAMES: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];

impl At {
    pub(crate) const fn on(day: u64, hour: u64, minute: u64) -> Self {
        Self(((day * 24 + hour) * 60 + minute) * 60)
    }

    pub(crate) fn day(self) -> u64 {
        self.0 / 86_400
    }

    /// The hour, counted from the beginning.
    pub(crate) fn hour(self) -> u64 {
        self.0 / 3_600
    }

    fn hour_of_day(self) -> f64 {
        (self.0 % 86_400) as f64 / 3_600.0
    }

    fn weekday(self) -> &'static str {
        NAMES.into_iter().cycle().nth((self.day() % 7) as usize).unwrap_or_default()
    }

    fn is_weekend(self) -> bool {
        matches!(self.weekday(), "Sat" | "Sun")
    }

    fn is_time_of_reports(self) -> bool {
        self.weekday() == "Mon" && (8.0..11.0).contains(&self.hour_of_day())
    }
}

impl std::fmt::Display for At {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let minutes = self.0 % 86_400 / 60;
        write!(f, "{} {:02}:{:02}", self.weekday(), minutes / 60, minutes % 60)
    }
}

/// How much there is of everything, for one instance.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Traffic {
    /// Reads a second when most is read, at eight in the evening.
    pub(crate) peak: f64,
    /// How many items are there at all times; the other kinds are in proportion.
    pub(crate) items: u64,
}

impl Traffic {
    /// How many reads there are in a second, on the average: at four in the morning a twentieth of those at the peak.
    pub(crate) fn rate(self, at: At) -> f64 {
        let day = f64::midpoint(1.0, ((at.hour_of_day() - 20.0) / 24.0 * TAU).cos());
        self.peak * (0.05 + 0.95 * day)
    }

    /// What one read asks for.
    pub(crate) fn draw(self, at: At, dice: &mut Rng) -> u64 {
        let kind = dice.f64();
        if at.is_time_of_reports() && kind < 0.3 {
            return item(1, rank(self.items / 20, dice));
        }
        match kind {
            ..0.55 => self.evergreen(at, dice),
            ..0.85 => self.of_the_time(at, dice),
            _ => self.news(at, dice),
        }
    }

    fn evergreen(self, at: At, dice: &mut Rng) -> u64 {
        let rank = rank(self.items, dice);
        // Each rank gets another item every twenty days, and each on another day.
        let generation = (at.day() + mix(rank) % 20) / 20;
        item(2, generation * self.items + rank)
    }

    fn of_the_time(self, at: At, dice: &mut Rng) -> u64 {
        let rank = rank(self.items / 20, dice);
        if at.is_weekend() && dice.bool() {
            return item(3, rank);
        }
        // Quarters of the day that go over into each other: whoever reads is up to three hours early or late.
        let hour = (at.hour_of_day() + dice.f64() * 6.0) % 24.0;
        item(4 + (hour / 6.0) as u64, rank)
    }

    fn news(self, at: At, dice: &mut Rng) -> u64 {
        let an_hour = self.items / 1_000;
        let age = (-dice.f64().max(f64::MIN_POSITIVE).log2() * 6.0) as u64;
        item(8, at.hour().saturating_sub(age) * an_hour + rank(an_hour, dice))
    }
}

/// By Zipf's law, with an exponent of one: its logarithm is as likely to be anywhere.
fn rank(items: u64, dice: &mut Rng) -> u64 {
    ((items as f64 + 1.0).powf(dice.f64()) - 1.0) as u64
}

fn item(kind: u64, number: u64) -> u64 {
    kind << 40 | number
}

fn mix(number: u64) -> u64 {
    number.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32
}
