//! The nodes, what they share, and what they may touch.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use fastrand::Rng;
use larder::memory::{Faults, MemoryServer, Probe};
use larder::{AppName, Cache, Clock, Larder, Receipt, Tag, Tier};
use larder_testkit::TokioClock;
use larder_testkit::history::{Source, Witness};

use crate::contact::Contact;
use crate::habit::Habit;
use crate::mischief::Climate;
use crate::origin::Origin;

/// What the caches hold: the key, so that one can see whose value it is, and the version.
pub(crate) type Value = (u64, u64);

/// How many nodes there are at any time.
pub(crate) const NODES: usize = 3;

/// The keys. The first two lie in one partition. The last two are written by versioned writes alone, the others by
/// invalidations.
pub(crate) const KEYS: [u64; 6] = [0, SIBLING, 2, 3, 4, 5];

const SIBLING: u64 = 59;

/// Whether a key's writers insert versions. Whoever mixes the two has no order between them.
pub(crate) const fn is_versioned(key: u64) -> bool {
    key >= 4
}

pub(crate) const fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// Within which time a loss is noticed, and a tick.
pub(crate) fn bound() -> Duration {
    Probe::default().bound() + millis(1)
}

/// The tag that the value of a key has. Two keys share one.
pub(crate) fn tag_of(key: u64) -> Tag {
    Tag::of("row", &(key % 3)).expect("it is a good tag")
}

/// One process.
#[derive(Clone)]
pub(crate) struct Node {
    /// No other has it, even if that one takes its place.
    pub(crate) number: usize,
    pub(crate) larder: Larder,
    pub(crate) cache: Cache<u64, Value>,
    pub(crate) faults: Faults,
    is_dead: Arc<AtomicBool>,
}

impl Node {
    /// Dies in the middle of whatever it does: from now on nothing of it reaches anybody, and nobody asks it.
    pub(crate) fn die(&self) {
        self.is_dead.store(true, Ordering::Relaxed);
        self.faults.silence();
        self.faults.freeze();
    }

    pub(crate) fn is_dead(&self) -> bool {
        self.is_dead.load(Ordering::Relaxed)
    }

    /// Whether it is as if nothing had ever been wrong.
    pub(crate) fn is_well(&self) -> bool {
        self.larder.is_in_sync() && self.larder.deferred() == 0
    }
}

/// Everybody.
pub(crate) struct Fleet {
    pub(crate) climate: Climate,
    pub(crate) habit: Habit,
    pub(crate) server: MemoryServer,
    pub(crate) clock: Clock,
    pub(crate) origin: Origin,
    pub(crate) witness: Witness<u64>,
    nodes: Mutex<Vec<Node>>,
    /// Receipts, each with the key and the version it was given for.
    receipts: Mutex<Vec<(u64, u64, Receipt)>>,
    /// What should not have happened.
    complaints: Mutex<Vec<String>>,
}

impl Fleet {
    pub(crate) async fn new(climate: Climate, habit: Habit, dice: &mut Rng) -> Arc<Self> {
        let clock = TokioClock::new().clock();
        let fleet = Self {
            climate,
            habit,
            server: MemoryServer::unreliable(clock.clone(), Probe::default()),
            witness: Witness::new(clock.clone()),
            clock,
            origin: Origin::default(),
            nodes: Mutex::default(),
            receipts: Mutex::default(),
            complaints: Mutex::default(),
        };
        for number in 0..NODES {
            let node = fleet.start(number, dice.fork()).await;
            fleet.nodes().push(node);
        }
        Arc::new(fleet)
    }

    /// Starts a process.
    pub(crate) async fn start(&self, number: usize, dice: Rng) -> Node {
        let app = AppName::new("test.shop").expect("it is a good name");
        let link = self.server.connect(&app);
        let builder = Larder::builder("test.shop")
            .upstream(Contact::new(link.remote(), self.climate, dice), link.bus());
        let larder = builder.clock(self.clock.clone()).build().await.expect("it starts in any case");
        let cache = larder.cache("row").time_to_live(Duration::from_secs(3_600));
        let cache = self.habit.set_up(cache).build().expect("it is set up well");
        let faults = link.faults().expect("the server is unreliable");
        Node { number, larder, cache, faults, is_dead: Arc::default() }
    }

    /// The node that is at this place now.
    pub(crate) fn node(&self, place: usize) -> Node {
        self.nodes().get(place % NODES).cloned().expect("no place is empty")
    }

    pub(crate) fn all(&self) -> Vec<Node> {
        self.nodes().clone()
    }

    pub(crate) fn replace(&self, place: usize, node: Node) {
        if let Some(there) = self.nodes().get_mut(place % NODES) {
            *there = node;
        }
    }

    pub(crate) fn keep_receipt(&self, key: u64, version: u64, receipt: Receipt) {
        self.receipts.lock().unwrap_or_else(PoisonError::into_inner).push((key, version, receipt));
    }

    /// One of the last receipts.
    pub(crate) fn receipt(&self, dice: &mut Rng) -> Option<(u64, u64, Receipt)> {
        let receipts = self.receipts.lock().unwrap_or_else(PoisonError::into_inner);
        let ago = dice.usize(1..6);
        receipts.len().checked_sub(ago).and_then(|place| receipts.get(place).cloned())
    }

    pub(crate) fn complain(&self, complaint: String) {
        self.complaints.lock().unwrap_or_else(PoisonError::into_inner).push(complaint);
    }

    pub(crate) fn complaints(&self) -> Vec<String> {
        self.complaints.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn nodes(&self) -> MutexGuard<'_, Vec<Node>> {
        self.nodes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How the checker calls a tier.
pub(crate) fn source(tier: Tier) -> Source {
    match tier {
        Tier::Local => Source::Local,
        Tier::Remote => Source::Remote,
        _ => Source::Origin,
    }
}

#[cfg(test)]
mod tests {
    use larder_core::{CacheName, Key, Namespace};

    use super::*;

    fn partition(key: u64) -> usize {
        let app = AppName::new("test.shop").unwrap();
        let namespace = Namespace::new(app, CacheName::new("row").unwrap());
        Key::new(&namespace, &key).unwrap().hash().partition().index()
    }

    #[test]
    fn two_keys_lie_in_one_partition() {
        let sibling = (6..1_000).find(|key| partition(*key) == partition(0));
        assert_eq!(sibling, Some(SIBLING));
    }
}
