//! What is broken when: all of it follows from the seed.

use std::time::Duration;

use fastrand::Rng;

use crate::fault::Fault;

/// Every fault once, in any order, and then again.
#[derive(Debug)]
pub(crate) struct Schedule {
    dice: Rng,
    faults: Vec<&'static Fault>,
    /// What is left of this round.
    bag: Vec<&'static Fault>,
}

/// One fault that is injected.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Injection {
    pub(crate) fault: &'static Fault,
    /// From which follows how it goes.
    pub(crate) seed: u64,
    /// How long all is well after the fleet is in sync again.
    pub(crate) pause: Duration,
}

impl Schedule {
    pub(crate) fn new(seed: u64, faults: Vec<&'static Fault>) -> Self {
        Self { dice: Rng::with_seed(seed), faults, bag: Vec::new() }
    }

    /// All that it plays, given time.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'static str> {
        self.faults.iter().map(|fault| fault.name)
    }
}

impl Iterator for Schedule {
    type Item = Injection;

    fn next(&mut self) -> Option<Injection> {
        if self.bag.is_empty() {
            self.bag.clone_from(&self.faults);
            self.dice.shuffle(&mut self.bag);
        }
        let fault = self.bag.pop()?;
        let (seed, pause) = (self.dice.u64(..), Duration::from_millis(self.dice.u64(200..1_200)));
        Some(Injection { fault, seed, pause })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::faults;
    use crate::stage::Topology;

    fn schedule(seed: u64) -> Vec<(&'static str, u64)> {
        let schedule = Schedule::new(seed, faults::on(Topology::Standalone));
        schedule.take(50).map(|injection| (injection.fault.name, injection.seed)).collect()
    }

    #[test]
    fn a_seed_is_one_schedule() {
        assert_eq!(schedule(7), schedule(7));
        assert_ne!(schedule(7), schedule(8));
    }

    #[test]
    fn no_fault_comes_again_before_every_other_was_there() {
        let count = faults::on(Topology::Standalone).len();
        let mut round: Vec<_> = schedule(7).iter().take(count).map(|(name, _)| *name).collect();
        round.sort_unstable();
        round.dedup();
        assert_eq!(round.len(), count);
    }
}
