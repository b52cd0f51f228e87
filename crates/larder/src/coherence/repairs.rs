//! What a node has to put in order with the server.

use std::collections::BTreeMap;

use larder_core::{Chain, Sequence};

/// What must be asked or told of the server before the node can be in sync.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Repairs {
    /// Which tags were invalidated.
    pub(crate) tags: bool,
    /// That these chains went further than it remembers.
    pub(crate) raise: BTreeMap<Chain, Sequence>,
    /// What it may have forgotten.
    pub(crate) replay: bool,
}

impl Repairs {
    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    pub(super) fn add(&mut self, more: Self) {
        self.tags |= more.tags;
        self.replay |= more.replay;
        for (chain, at) in more.raise {
            let raised = self.raise.entry(chain).or_default();
            *raised = at.max(*raised);
        }
    }
}
