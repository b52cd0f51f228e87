//! A few keys that stand for many.

/// Decides which keys stay, so that about so many do, and for how much each of them then stands. What is to be expected of a key
/// is its count, however often this is done.
///
/// So a key that is read seldom by each of many instances has its due in what the fleet has read, though each tells of it
/// seldom.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Thinning {
    /// Who has that count stays in any case, and who has less with a chance of their share of it.
    least: f64,
}

impl Thinning {
    /// One that leaves about `most` of keys with these counts.
    #[expect(clippy::cast_precision_loss, reason = "there are not that many keys")]
    pub(crate) fn new(counts: &(impl Iterator<Item = f64> + Clone), most: usize) -> Self {
        let mut least = f64::INFINITY;
        // Each time there are more that stay in any case, and less of what the others have to share; it ends after a few times.
        loop {
            let (mut staying, mut rest) = (0, 0.0);
            for count in counts.clone() {
                if count >= least {
                    staying += 1;
                } else {
                    rest += count;
                }
            }
            let shared = rest / most.saturating_sub(staying) as f64;
            if staying >= most || shared.is_nan() || shared >= least {
                return Self { least };
            }
            least = shared;
        }
    }

    /// The count with which a key stays, if it does: that is left to chance, which is from 0 to 1.
    pub(crate) fn of(self, count: f64, chance: f64) -> Option<f64> {
        (chance * self.least < count).then_some(count.max(self.least))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A few keys that are read much, and a thousand that are read once or twice.
    fn counts() -> impl Iterator<Item = f64> + Clone {
        let much = (0..10).map(|number| 1_000.0 - f64::from(number));
        much.chain((0..1_000).map(|number| if number < 500 { 2.0 } else { 1.0 }))
    }

    #[test]
    fn what_is_read_much_stays_as_it_is_and_the_others_come_to_as_much_as_before() {
        let mut dice = fastrand::Rng::with_seed(3);
        let thinning = Thinning::new(&counts(), 110);
        let (mut kept, mut little, mut twice) = (0, 0.0, 0.0);
        for _ in 0..1_000 {
            for (key, count) in counts().enumerate() {
                let left = thinning.of(count, dice.f64());
                assert!(key >= 10 || left == Some(count), "{key}: {left:?}");
                kept += usize::from(left.is_some());
                little += left.filter(|_| key >= 10).unwrap_or(0.0);
                twice += left.filter(|_| key == 10).unwrap_or(0.0);
            }
        }
        assert!((109_000..111_000).contains(&kept), "{kept}");
        assert!((little / 1_000.0 - 1_500.0).abs() < 20.0, "{little}");
        assert!((twice / 1_000.0 - 2.0).abs() < 0.5, "{twice}");
    }

    #[test]
    fn where_there_is_room_all_stay() {
        for most in [1_010, 5_000] {
            let thinning = Thinning::new(&counts(), most);
            assert!(counts().all(|count| thinning.of(count, 0.999) == Some(count)), "{thinning:?}");
        }
    }

    #[test]
    fn counts_that_are_none_do_no_harm() {
        let odd = [f64::INFINITY, f64::NAN, 1.0, 0.0, -1.0];
        for most in 0..6 {
            let thinning = Thinning::new(&odd.into_iter(), most);
            assert!(odd.iter().filter(|count| thinning.of(**count, 0.5).is_some()).count() <= odd.len());
        }
    }
}
