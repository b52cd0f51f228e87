//! Faults by dice.

use larder_core::BusEvent;

/// How many notices are late at a time.
const MOST_LATE: usize = 16;

/// What befalls the notices to one node, by dice that fall alike for the same seed.
///
/// # Examples
///
/// ```
/// use larder_memory::Chaos;
///
/// let losses_only = Chaos::seeded(7).duplicate(0.0).delay(0.0).lose(0.5);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Chaos {
    seed: u64,
    lose: f64,
    duplicate: f64,
    delay: f64,
}

impl Chaos {
    /// Loses one notice in twenty, doubles one in twenty, and delays one in ten.
    pub const fn seeded(seed: u64) -> Self {
        Self { seed, lose: 0.05, duplicate: 0.05, delay: 0.1 }
    }

    /// Sets how likely a notice is to vanish, from 0 to 1.
    #[must_use]
    pub const fn lose(self, probability: f64) -> Self {
        Self { lose: probability, ..self }
    }

    /// Sets how likely a notice is to come twice, from 0 to 1.
    #[must_use]
    pub const fn duplicate(self, probability: f64) -> Self {
        Self { duplicate: probability, ..self }
    }

    /// Sets how likely a notice is to be overtaken by later ones, from 0 to 1. Those that are late come in any order.
    #[must_use]
    pub const fn delay(self, probability: f64) -> Self {
        Self { delay: probability, ..self }
    }
}

/// Chaos under way.
#[derive(Debug)]
pub(crate) struct Weather {
    chaos: Chaos,
    dice: fastrand::Rng,
    late: Vec<BusEvent>,
}

impl Weather {
    pub(crate) fn new(chaos: Chaos) -> Self {
        Self { chaos, dice: fastrand::Rng::with_seed(chaos.seed), late: Vec::new() }
    }

    /// What arrives when this notice is sent.
    pub(crate) fn send(&mut self, notice: BusEvent) -> Vec<BusEvent> {
        // All dice fall for every notice, so that one probability does not change what the others do.
        let [lost, doubled, late, cleared] = std::array::from_fn(|_| self.dice.f64());
        if lost < self.chaos.lose {
            return Vec::new();
        }
        let mut copies = vec![notice; if doubled < self.chaos.duplicate { 2 } else { 1 }];
        let is_late = late < self.chaos.delay;
        if is_late {
            self.late.append(&mut copies);
        }
        if self.late.len() >= MOST_LATE || (!is_late && cleared < 0.5) {
            copies.append(&mut self.clear());
        }
        copies
    }

    /// What was late, in any order.
    pub(crate) fn clear(&mut self) -> Vec<BusEvent> {
        self.dice.shuffle(&mut self.late);
        std::mem::take(&mut self.late)
    }
}
