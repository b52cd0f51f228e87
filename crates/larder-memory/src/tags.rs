//! Which tags and caches were invalidated when.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Bound;

use larder_core::{CacheName, Sequence, TagDelta, TagHash};

/// How many tags are remembered.
const MOST_TAGS: usize = 1 << 16;

#[derive(Clone, Debug, Default)]
pub(crate) struct TagStamps {
    latest: HashMap<TagHash, Sequence>,
    /// The same, oldest first.
    order: BTreeSet<(Sequence, TagHash)>,
    /// The latest stamp that was forgotten. What was born before it may have had that tag.
    floor: Sequence,
    /// Never forgotten: there are as many as there are caches.
    caches: BTreeMap<CacheName, Sequence>,
    everything: Sequence,
}

impl TagStamps {
    pub(crate) fn stamp(&mut self, tags: &[TagHash], at: Sequence) {
        for &tag in tags {
            if let Some(before) = self.latest.insert(tag, at) {
                self.order.remove(&(before, tag));
            }
            self.order.insert((at, tag));
        }
        self.trim();
    }

    pub(crate) fn clear(&mut self, cache: &CacheName, at: Sequence) {
        self.caches.insert(cache.clone(), at);
    }

    pub(crate) fn clear_everything(&mut self, at: Sequence) {
        self.everything = at;
    }

    /// All that came after `since`; complete up to `seen`.
    pub(crate) fn delta(&self, since: Sequence, seen: Sequence) -> TagDelta {
        let after = (since, TagHash::from_bits(u64::MAX));
        let newer = self.order.range((Bound::Excluded(after), Bound::Unbounded));
        let mut delta = TagDelta::default();
        delta.tags = newer.map(|&(at, tag)| (tag, at)).collect();
        delta.floor = self.floor;
        delta.caches = self.caches.iter().map(|(cache, at)| (cache.clone(), *at)).collect();
        delta.everything = self.everything;
        delta.seen = seen;
        delta
    }

    /// Forgets the oldest beyond the limit, and owns up to it.
    fn trim(&mut self) {
        while self.order.len() > MOST_TAGS {
            if let Some((at, tag)) = self.order.pop_first() {
                self.latest.remove(&tag);
                self.floor = at.max(self.floor);
            }
        }
    }
}
