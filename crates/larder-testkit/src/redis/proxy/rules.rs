//! What holds for all connections of a proxy.

use super::addresses::Addresses;
use super::counts::Counts;
use super::fault::Faults;
use super::loss::Loss;

/// What goes wrong, who is named, and what was counted.
#[derive(Debug, Default)]
pub(crate) struct Rules {
    pub(crate) faults: Faults,
    pub(crate) losses: Vec<Loss>,
    pub(crate) counts: Counts,
    /// Whom clients are told of instead of servers.
    pub(crate) addresses: Addresses,
}

impl Rules {
    /// Whether a message on this channel is lost. Of several losses the first that wants it takes it, and those after it
    /// never hear of it.
    pub(crate) fn lose(&mut self, channel: &[u8]) -> bool {
        let is_lost = self.losses.iter_mut().any(|loss| loss.takes(channel));
        self.counts.lost += u64::from(is_lost);
        is_lost
    }
}
