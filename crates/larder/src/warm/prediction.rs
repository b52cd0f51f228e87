//! What a new instance will be asked for.
//!
//! Each season gives an estimate of how often a key is read at present: that of the last minutes is the best as a rule, and
//! useless after a night without traffic, for then its counts have faded; that of the same hour knows what the last minutes
//! cannot, that reports are read on Mondays at nine. All are in reads a second, and the prediction is their mean, by weights.

use std::collections::HashMap;
use std::time::Duration;

use larder_core::{Reads, Season, WeekHour};

const HOUR: u64 = 3_600_000;

/// How long before its beginning an hour is looked at.
const AHEAD: Duration = Duration::from_secs(15 * 60);

/// How much the last minutes count, and the hour, in this week and in those before it, and the same on the day before.
const RECENT: f64 = 0.5;
const SAME_HOUR: f64 = 0.25;
const YESTERDAY: f64 = 0.25;

/// The seasons that tell something of that time, each with its weight. Together these are one.
pub(crate) fn seasons(unix_millis: u64) -> Vec<(Season, f64)> {
    let hour = |share: f64, hour: WeekHour| {
        [(Season::Hour(hour), share * SAME_HOUR), (Season::Hour(hour.yesterday()), share * YESTERDAY)]
    };
    let ahead = Duration::from_millis(HOUR - unix_millis % HOUR) <= AHEAD;
    let mut seasons = vec![(Season::Recent, RECENT)];
    if ahead {
        seasons.extend(hour(0.5, WeekHour::at(unix_millis)));
        seasons.extend(hour(0.5, WeekHour::at(unix_millis.saturating_add(HOUR))));
    } else {
        seasons.extend(hour(1.0, WeekHour::at(unix_millis)));
    }
    seasons
}

/// The keys that will be read most, by what is known of each season and how much that weighs.
pub(crate) fn predict(known: Vec<(Season, f64, Vec<Reads>)>, most: usize) -> Vec<String> {
    let mut rates: HashMap<String, f64> = HashMap::new();
    for (season, weight, reads) in known {
        for Reads { key, count, .. } in reads {
            *rates.entry(key).or_default() += weight * season.rate(count);
        }
    }
    let mut ranked: Vec<_> = rates.into_iter().collect();
    // Those that are equal by their texts, so that the same is predicted each time.
    ranked
        .sort_unstable_by(|(key, rate), (other, other_rate)| other_rate.total_cmp(rate).then(key.cmp(other)));
    ranked.into_iter().take(most).map(|(key, _)| key).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NINE: u64 = 9 * HOUR;

    fn check(known: Vec<(Season, f64, Vec<Reads>)>, expected: &[&str]) {
        assert_eq!(predict(known, 3), expected);
    }

    /// As many reads as there are of so many a second.
    fn read(season: Season, rates: &[(&str, f64)]) -> (Season, f64, Vec<Reads>) {
        let weight = if season == Season::Recent { RECENT } else { SAME_HOUR };
        let reads = rates.iter().map(|(key, rate)| Reads::new(*key, rate / season.rate(1.0)));
        (season, weight, reads.collect())
    }

    #[test]
    fn what_is_read_now_comes_before_what_was_read_at_this_hour() {
        let hour = Season::Hour(WeekHour::at(NINE));
        check(
            vec![
                read(Season::Recent, &[("a", 4.0), ("b", 3.0)]),
                read(hour, &[("c", 5.0), ("a", 4.0), ("d", 1.0)]),
            ],
            &["a", "b", "c"],
        );
    }

    #[test]
    fn after_a_night_without_traffic_the_hour_decides() {
        let hour = Season::Hour(WeekHour::at(NINE));
        // Eight hours are 32 half-lives.
        let evening = 1_000.0 * 0.5_f64.powi(32);
        check(
            vec![
                read(Season::Recent, &[("evening", evening)]),
                read(hour, &[("morning", 0.1), ("report", 0.01)]),
            ],
            &["morning", "report", "evening"],
        );
    }

    #[test]
    fn nothing_is_predicted_of_nothing_and_no_more_than_is_wanted() {
        check(vec![], &[]);
        check(vec![read(Season::Recent, &[])], &[]);
        check(
            vec![read(Season::Recent, &[("d", 1.0), ("c", 1.0), ("b", 1.0), ("a", 1.0)])],
            &["a", "b", "c"],
        );
    }

    #[test]
    fn weights_are_one_and_an_hour_that_is_about_to_begin_has_half_of_its_own() {
        for at in [NINE, NINE + HOUR / 2, NINE + HOUR - 1] {
            let whole: f64 = seasons(at).iter().map(|(_, weight)| weight).sum();
            assert!((whole - 1.0).abs() < 1e-9, "{whole}");
        }
        let weight = |at, hour: u64| {
            let of = |season: &&(Season, f64)| season.0 == Season::Hour(WeekHour::at(hour));
            seasons(at).iter().find(of).map(|(_, weight)| *weight)
        };
        assert_eq!(weight(NINE, NINE), Some(0.25));
        assert_eq!(weight(NINE, NINE + HOUR), None);
        let soon = NINE + HOUR - 14 * 60_000;
        assert_eq!(weight(soon, NINE), Some(0.125));
        assert_eq!(weight(soon, NINE + HOUR), Some(0.125));
        assert_eq!(weight(soon, NINE + HOUR + 6 * 24 * HOUR), Some(0.125));
    }
}
