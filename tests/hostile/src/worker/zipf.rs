//! Keys of which some are asked for much more often than others.

use fastrand::Rng;

/// The law of Zipf: the second key half as often as the first, the third a third as often.
#[derive(Debug)]
pub(super) struct Zipf {
    /// For each key, the share of those up to it.
    shares: Vec<f64>,
}

impl Zipf {
    pub(super) fn new(keys: u32) -> Self {
        let weight = |key: u32| 1.0 / f64::from(key + 1);
        let all: f64 = (0..keys).map(weight).sum();
        let mut sum = 0.0;
        let shares = (0..keys).map(|key| {
            sum += weight(key) / all;
            sum
        });
        Self { shares: shares.collect() }
    }

    pub(super) fn pick(&self, dice: &mut Rng) -> u32 {
        let thrown = dice.f64();
        let place = self.shares.partition_point(|share| *share < thrown).min(self.shares.len() - 1);
        u32::try_from(place).expect("there are no more keys than a u32 can count")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_key_comes_twice_as_often_as_the_second() {
        let (zipf, mut dice) = (Zipf::new(300), Rng::with_seed(7));
        let mut counts = [0_u32; 300];
        for _ in 0..100_000 {
            counts[zipf.pick(&mut dice) as usize] += 1;
        }
        assert!((counts[1] * 17 / 10..counts[1] * 23 / 10).contains(&counts[0]), "{counts:?}");
        assert!(counts[299] > 0);
    }
}
