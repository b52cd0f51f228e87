//! How long stored values have left, and how that differs from one place to another.

use std::fmt;
use std::time::Duration;

/// How finely lifetimes are told apart: into so many classes from one power of two to the next.
const FINENESS: u32 = 64;

/// Up to the longest that there is, which is 2³² - 1 milliseconds.
const CLASSES: usize = (FINENESS * 27) as usize;

/// How long the values of a cache have left, over all that a [`Survey`](crate::Survey) has found. Told within two percent.
///
/// # Examples
///
/// Whether two environments, or the servers before and after a move, keep the values of a cache alike:
///
/// ```
/// # use larder::Larder;
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> larder::Result<()> {
/// # let staging = Larder::builder("staging.shop").embedded().build().await?;
/// # let production = Larder::builder("prod.shop").embedded().build().await?;
/// let (mut one, mut other) = (staging.survey("user")?, production.survey("user")?);
/// one.run(10_000).await?;
/// other.run(10_000).await?;
/// let comparison = one.lifetimes().compare(other.lifetimes());
/// println!("{comparison}");
/// assert!(!comparison.differs());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lifetimes {
    /// How many have so much left.
    classes: Vec<u64>,
    unending: u64,
}

impl Default for Lifetimes {
    fn default() -> Self {
        Self { classes: vec![0; CLASSES], unending: 0 }
    }
}

impl Lifetimes {
    /// Counts one value; `None` is one that never ends.
    pub(crate) fn count(&mut self, left: Option<Duration>) {
        let class = left.map(|left| class_of(u32::try_from(left.as_millis()).unwrap_or(u32::MAX)));
        match class.map(|class| self.classes.get_mut(class)) {
            Some(Some(count)) => *count += 1,
            _ => self.unending += 1,
        }
    }

    /// How many values were counted.
    pub fn counted(&self) -> u64 {
        self.ending() + self.unending
    }

    /// How many of them never end.
    pub fn unending(&self) -> u64 {
        self.unending
    }

    /// How much that share of the values, from 0 to 1, has left at most. `None` if there are none, or it includes one that
    /// never ends.
    pub fn quantile(&self, share: f64) -> Option<Duration> {
        #[expect(clippy::cast_precision_loss, reason = "counts are far below that")]
        let wanted = (self.counted() as f64 * share.clamp(0.0, 1.0)).ceil().max(1.0);
        let mut seen = 0_u64;
        let class = self.classes.iter().position(|count| {
            seen += count;
            #[expect(clippy::cast_precision_loss, reason = "counts are far below that")]
            let is_reached = seen as f64 >= wanted;
            is_reached
        })?;
        Some(Duration::from_millis(longest_of(class)))
    }

    /// Compares what is left here with what is left there.
    pub fn compare(&self, other: &Self) -> Comparison {
        let rows = SHARES.map(|share| (share, self.quantile(share), other.quantile(share)));
        Comparison { counted: [self.counted(), other.counted()], distance: self.distance(other), rows }
    }

    /// The largest difference between the shares that have no more than some time left, over all times.
    fn distance(&self, other: &Self) -> f64 {
        let (mut here, mut there, mut largest) = (0, 0, 0.0_f64);
        for (one, another) in self.classes.iter().zip(&other.classes) {
            here += one;
            there += another;
            largest = largest.max((share(here, self.counted()) - share(there, other.counted())).abs());
        }
        largest
    }

    fn ending(&self) -> u64 {
        self.classes.iter().sum()
    }
}

/// What is shown of two of them.
const SHARES: [f64; 6] = [0.01, 0.1, 0.5, 0.9, 0.99, 1.0];

/// What two [`Lifetimes`] have in common. Its text is a small table.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    counted: [u64; 2],
    distance: f64,
    rows: [(f64, Option<Duration>, Option<Duration>); 6],
}

impl Comparison {
    /// How far they are apart, from 0 to 1: the largest difference between the shares of values that have no more than some
    /// time left, whichever time that is.
    pub fn distance(&self) -> f64 {
        self.distance
    }

    /// How far apart two samples as large as these would be by chance, once in a thousand comparisons.
    pub fn chance(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "counts are far below that")]
        let [one, other] = self.counted.map(|counted| counted as f64);
        // Of the distribution of Kolmogorov and Smirnov.
        if one * other > 0.0 { (1.95 * ((one + other) / (one * other)).sqrt()).min(1.0) } else { 1.0 }
    }

    /// Whether they are further apart than chance would have them, and by more than a twentieth: that much comes and goes
    /// with the time of day.
    pub fn differs(&self) -> bool {
        self.distance > self.chance().max(0.05)
    }

    /// Shares, and how much these have left at most, here and there.
    pub fn rows(&self) -> &[(f64, Option<Duration>, Option<Duration>)] {
        &self.rows
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [one, other] = self.counted;
        writeln!(f, "values: {one} here, {other} there")?;
        for (share, here, there) in self.rows {
            writeln!(f, "{:>4} % have at most: {} here, {} there", share * 100.0, Left(here), Left(there))?;
        }
        let verdict = if self.differs() { "they differ" } else { "they are alike" };
        write!(f, "{verdict}: apart by {:.3}, by chance up to {:.3}", self.distance, self.chance())
    }
}

struct Left(Option<Duration>);

impl fmt::Display for Left {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(left) => write!(f, "{:.1} s", left.as_secs_f64()),
            None => f.write_str("no end"),
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below that")]
fn share(count: u64, of: u64) -> f64 {
    count as f64 / of.max(1) as f64
}

/// Below the fineness each millisecond is a class; above, each power of two has so many.
fn class_of(millis: u32) -> usize {
    let halvings = millis.max(1).ilog2().saturating_sub(FINENESS.ilog2());
    (halvings * FINENESS + (millis >> halvings)) as usize
}

/// The most milliseconds in a class.
fn longest_of(class: usize) -> u64 {
    let (class, fineness) = (class as u64, u64::from(FINENESS));
    let halvings = (class / fineness).saturating_sub(1);
    ((class - halvings * fineness + 1) << halvings) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lifetimes(millis: impl IntoIterator<Item = u64>) -> Lifetimes {
        let mut lifetimes = Lifetimes::default();
        millis.into_iter().for_each(|millis| lifetimes.count(Some(Duration::from_millis(millis))));
        lifetimes
    }

    #[test]
    fn classes_are_narrow_and_leave_nothing_out() {
        let check = |millis: u32| {
            let (class, millis) = (class_of(millis), u64::from(millis));
            assert!(class < CLASSES, "{millis} is in {class}");
            let longest = longest_of(class);
            assert!(
                longest >= millis && longest - millis <= millis / 64,
                "{millis} is in one up to {longest}"
            );
            class
        };
        let mut before = 0;
        for millis in 0..300_000 {
            let class = check(millis);
            assert!(class == before || class == before + 1, "{millis}");
            before = class;
        }
        for bits in 0..32 {
            check(1 << bits);
            check(u32::MAX >> bits);
        }
    }

    #[test]
    fn a_share_has_no_more_than_that_left() {
        let lifetimes = lifetimes(1..=1_000);
        for (share, expected) in [(0.0, 1), (0.01, 10), (0.5, 500), (0.9, 900), (1.0, 1_000)] {
            let told = lifetimes.quantile(share).unwrap().as_millis();
            assert!(told >= expected && told - expected <= expected / 64, "{share}: {told}");
        }
        assert_eq!(Lifetimes::default().quantile(0.5), None);
    }

    #[test]
    fn what_never_ends_is_beyond_all_times() {
        let mut half = lifetimes([5; 10]);
        (0..10).for_each(|_| half.count(None));
        assert_eq!((half.counted(), half.unending()), (20, 10));
        assert_eq!(half.quantile(0.5), Some(Duration::from_millis(5)));
        assert_eq!(half.quantile(0.51), None);
        let comparison = half.compare(&lifetimes([5; 20]));
        assert!((comparison.distance() - 0.5).abs() < 1e-9, "{comparison}");
        assert!(comparison.to_string().contains("no end here"), "{comparison}");
    }

    #[test]
    fn samples_of_one_kind_are_alike_and_those_of_two_are_not() {
        let uniform = |seed: u64, most: u64| {
            let mut dice = fastrand::Rng::with_seed(seed);
            lifetimes((0..2_000).map(move |_| dice.u64(1..most)))
        };
        let (one, other) = (uniform(1, 600_000), uniform(2, 600_000));
        assert!(!one.compare(&other).differs(), "{}", one.compare(&other));
        let shorter = uniform(3, 540_000);
        assert!(one.compare(&shorter).differs(), "{}", one.compare(&shorter));
        // Of few values nothing can be said, and of none at all.
        let few = lifetimes([1_000, 2_000, 3_000]);
        assert!(!one.compare(&few).differs() && !one.compare(&Lifetimes::default()).differs());
    }
}
