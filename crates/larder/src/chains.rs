//! Where each of the server's orders of invalidations stands, as far as this node has followed it.

use std::sync::atomic::{AtomicU64, Ordering};

use larder_core::{Chain, PARTITIONS, Partition, Sequence};

/// A position in every chain.
///
/// Each notice names the sequence before its own. As long as that is the last one seen, nothing is missing. One task
/// follows the chains; everybody else only asks how far it has come.
#[derive(Debug)]
pub(crate) struct Chains {
    /// The last sequence followed, plus one; zero while the position is not known.
    positions: Box<[AtomicU64]>,
}

/// How a notice goes with those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// It is the next one.
    Next,
    /// It is the last one once more.
    Again,
    /// Others are missing before it, or the order has been broken in another way.
    Gap,
}

impl Chains {
    pub(crate) fn new() -> Self {
        Self { positions: (0..=PARTITIONS).map(|_| AtomicU64::new(0)).collect() }
    }

    pub(crate) fn all() -> impl Iterator<Item = Chain> {
        Partition::all().map(Chain::Keys).chain([Chain::Tags])
    }

    /// Says how a notice goes with those before it. To be [moved](Self::move_to) to when its effects are there.
    pub(crate) fn step(&self, chain: Chain, previous: Sequence, sequence: Sequence) -> Step {
        match self.position(chain) {
            Some(position) if position == previous => Step::Next,
            Some(position) if position == sequence => Step::Again,
            _ => Step::Gap,
        }
    }

    /// Sets a position, which may be lower than before: a server that has lost its memory begins lower, and if its numbers
    /// were taken for old ones, a later loss would go unnoticed.
    pub(crate) fn move_to(&self, chain: Chain, sequence: Sequence) {
        self.store(chain, sequence.get().saturating_add(1));
    }

    /// Forgets how far the chains of keys have been followed.
    pub(crate) fn forget_keys(&self) {
        for partition in Partition::all() {
            self.store(Chain::Keys(partition), 0);
        }
    }

    /// How far the chain has been followed; `None` if that is not known.
    pub(crate) fn position(&self, chain: Chain) -> Option<Sequence> {
        self.slot(chain).load(Ordering::Acquire).checked_sub(1).map(Sequence::new)
    }

    fn store(&self, chain: Chain, position: u64) {
        self.slot(chain).store(position, Ordering::Release);
    }

    fn slot(&self, chain: Chain) -> &AtomicU64 {
        let index = match chain {
            Chain::Keys(partition) => partition.index(),
            Chain::Tags => PARTITIONS,
        };
        self.positions.get(index).expect("there is one for each partition and one for the tags")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(position: Option<u64>, previous: u64, sequence: u64, expected: Step) {
        let chains = Chains::new();
        if let Some(position) = position {
            chains.move_to(Chain::Tags, Sequence::new(position));
        }
        let step = chains.step(Chain::Tags, Sequence::new(previous), Sequence::new(sequence));
        assert_eq!(step, expected, "{position:?} {previous} {sequence}");
    }

    #[test]
    fn only_the_next_and_the_last_once_more_are_no_gap() {
        check(Some(10), 10, 11, Step::Next);
        check(Some(0), 0, 7, Step::Next);
        check(Some(11), 10, 11, Step::Again);
        check(Some(10), 11, 12, Step::Gap);
        check(Some(12), 10, 11, Step::Gap);
        check(Some(10), 9, 11, Step::Gap);
        check(None, 0, 1, Step::Gap);
    }

    #[test]
    fn chains_are_followed_each_for_itself() {
        let chains = Chains::new();
        assert!(Chains::all().all(|chain| chains.position(chain).is_none()));
        for (number, chain) in Chains::all().enumerate() {
            chains.move_to(chain, Sequence::new(number as u64));
        }
        for (number, chain) in Chains::all().enumerate() {
            assert_eq!(chains.position(chain), Some(Sequence::new(number as u64)));
        }
    }
}
