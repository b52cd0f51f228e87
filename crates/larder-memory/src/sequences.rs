//! The server's orders of invalidations.

use larder_core::{Chain, PARTITIONS, Partition, Sequence};

/// The latest sequence of every chain.
#[derive(Clone, Debug)]
pub(crate) struct Sequences {
    keys: [Sequence; PARTITIONS],
    tags: Sequence,
}

impl Sequences {
    pub(crate) fn new() -> Self {
        Self { keys: [Sequence::ZERO; PARTITIONS], tags: Sequence::ZERO }
    }

    /// Adds a link to a chain: the sequence before it, and its own.
    ///
    /// By the clock, so that a number is not used again though the latest is lost; by one, should the clock stand still.
    pub(crate) fn advance(&mut self, chain: Chain, micros: u64) -> (Sequence, Sequence) {
        let latest = self.latest_mut(chain);
        let previous = *latest;
        *latest = Sequence::new(previous.get().saturating_add(1).max(micros));
        (previous, *latest)
    }

    /// Lets a chain go on after `at`.
    pub(crate) fn raise(&mut self, chain: Chain, at: Sequence) {
        let latest = self.latest_mut(chain);
        *latest = at.max(*latest);
    }

    pub(crate) fn of_tags(&self) -> Sequence {
        self.tags
    }

    pub(crate) fn all(&self) -> Vec<(Chain, Sequence)> {
        let keys = Partition::all().zip(&self.keys);
        let keys = keys.map(|(partition, latest)| (Chain::Keys(partition), *latest));
        keys.chain([(Chain::Tags, self.tags)]).collect()
    }

    fn latest_mut(&mut self, chain: Chain) -> &mut Sequence {
        match chain {
            Chain::Keys(partition) => {
                self.keys.get_mut(partition.index()).expect("there is one for every partition")
            }
            Chain::Tags => &mut self.tags,
        }
    }
}
