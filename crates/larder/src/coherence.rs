//! Coherence: what the bus tells becomes what the local tier knows.
//!
//! # The problem
//!
//! Every copy in every process must go when anybody writes, and the messages that say so may be lost, held up, or sent by
//! a server that has forgotten some. A node cannot know of a message that it did not get.
//!
//! # The idea
//!
//! It need not know the message; it need only know *that* it has missed one. Each notice names the one before it, so a
//! loss shows at the next notice of the same chain. And from time to time the server is asked where each chain stands,
//! behind all notices that were sent until then: this is a *sync point*. If every position is what the node has followed
//! so far, then everything that was invalidated before the question was asked has been heard of. From then on the node
//! may trust its copies for as long as the bus may take to notice a loss. If no sync point renews that trust in time, it
//! ends by itself.
//!
//! A gap costs no search: the partition is flushed, which is one store. What lies there is suspect, and what is being
//! loaded is fenced. A gap in the chain of tags costs less still: tags are states and not events, so what was missed
//! can be asked for.
//!
//! # Invariants
//!
//! - The effects of a notice come before the step along its chain. Who sees the position sees the effects.
//! - Trust goes first and the flush second. A load that still finds trust is then caught by the flush.
//! - Trust is given only for the time after a *question*, never after an answer, and only while no gap is open.
//!
//! Nothing in here waits, reads a clock, or knows a runtime. What has to be asked of the server is returned as
//! [`Repairs`], and the [`mender`](crate::mender) sees to it.

mod repairs;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use larder_core::{
    Announced, Assurance, BusEvent, CacheName, Chain, Event, Fence, Moment, Notice, Observer, Sequence,
    TagDelta, TagLedger,
};

use crate::chains::{Chains, Step};
use crate::milestones::Milestones;
use crate::observe::observe;
use crate::shelves::Shelves;
use crate::stats::NodeCounters;

pub(crate) use repairs::Repairs;

/// A node's standing towards the bus.
#[derive(Debug)]
pub(crate) struct Coherence {
    pub(crate) fence: Arc<Fence>,
    pub(crate) ledger: Arc<TagLedger>,
    pub(crate) shelves: Shelves,
    pub(crate) chains: Chains,
    /// The latest positions that came from the server and not from a notice.
    told: Chains,
    /// And those of some time ago.
    milestones: Milestones,
    /// Whether the server has forgotten more than anybody remembers, so that all it has is outdated.
    is_outdated: AtomicBool,
    pub(crate) counters: NodeCounters,
    observer: Arc<dyn Observer>,
    assurance: Assurance,
    /// For how long a loss may go unnoticed.
    pub(crate) bound: Duration,
    sync: Mutex<Sync>,
    has_ended: AtomicBool,
}

/// Whether the node is in sync. Behind one lock with the giving and taking of trust, so that a watchdog which finds that
/// trust has run out cannot undo a sync point that comes at the same moment.
#[derive(Debug, Default)]
struct Sync {
    is_in: bool,
    /// When the last sync point was asked for that was believed.
    last: Option<Moment>,
    /// When the last sync point was asked for, if it could not be believed yet.
    asked: Option<Moment>,
    repairs: Repairs,
    /// Whether repairs have been taken and not yet been reported done.
    is_repairing: bool,
}

impl Coherence {
    pub(crate) fn new(assurance: Assurance, observer: Arc<dyn Observer>) -> Self {
        let bound = match assurance {
            Assurance::Within(bound) => bound,
            _ => Duration::ZERO,
        };
        let coherence = Self {
            fence: Arc::default(),
            ledger: Arc::default(),
            shelves: Shelves::default(),
            chains: Chains::new(),
            told: Chains::new(),
            milestones: Milestones::new(bound),
            is_outdated: AtomicBool::new(false),
            counters: NodeCounters::default(),
            observer,
            assurance,
            bound,
            sync: Mutex::default(),
            has_ended: AtomicBool::new(false),
        };
        if assurance != Assurance::None {
            // Until the first sync point nothing is known.
            coherence.fence.trust_until(Moment::ORIGIN);
        }
        coherence
    }

    /// Whether copies may be served: by what the bus has told, or because there is none.
    pub(crate) fn is_trusted(&self, now: Moment) -> bool {
        self.fence.is_trusted(now)
    }

    /// Whether there is a bus that says what it loses.
    pub(crate) fn has_bus(&self) -> bool {
        self.assurance != Assurance::None
    }

    /// When the servers were asked to which this node owes its trust.
    pub(crate) fn last_in_sync(&self) -> Option<Moment> {
        self.sync.lock().unwrap_or_else(PoisonError::into_inner).last
    }

    /// How far a chain has been followed, and how far the servers themselves have said that it goes.
    pub(crate) fn positions(&self, chain: Chain) -> (Option<Sequence>, Option<Sequence>) {
        (self.chains.position(chain), self.told.position(chain))
    }

    /// Whether everything invalidated longer ago than the bound has been heard of. Without a bus that is never known.
    pub(crate) fn is_in_sync(&self, now: Moment) -> bool {
        self.has_bus() && self.is_trusted(now)
    }

    /// Whether all invalidations of tags have been heard of, too.
    pub(crate) fn knows_tags(&self, now: Moment) -> bool {
        self.is_in_sync(now) && !self.ledger.has_gap()
    }

    /// Hears an event.
    ///
    /// `horizon` is a sequence that no server can have given out yet. Numbers come from a channel that anyone may write to,
    /// and one from the far future, once believed, would outdate nothing any more and be behind nothing.
    pub(crate) fn hear(&self, event: BusEvent, horizon: Sequence) {
        match event {
            BusEvent::Noticed { notice, sequence, .. } if sequence > horizon => match notice.chain() {
                chain @ Chain::Keys(_) => self.flush(chain),
                Chain::Tags => self.lose_all(),
            },
            BusEvent::SyncPoint { at, .. } if at.iter().any(|(_, at)| *at > horizon) => self.lose_all(),
            BusEvent::Noticed { notice, previous, sequence } => self.notice(&notice, previous, sequence),
            BusEvent::SyncPoint { asked, at } => self.synchronize(asked, &at),
            BusEvent::Lost(Some(chain @ Chain::Keys(_))) => self.flush(chain),
            BusEvent::Reincarnated => {
                self.lose_all();
                // If its clock is behind, a number may come again for something else. None that was followed is where
                // the first sync point finds it.
                self.chains.forget_keys();
                self.repair(Repairs { replay: true, raise: self.told(), ..Repairs::default() });
            }
            // What a lost clear has outdated carries no tag, so a loss among the tags concerns everything. And what this
            // build does not understand may be a loss too.
            _ => self.lose_all(),
        }
    }

    /// Lets trust end when its time has come.
    pub(crate) fn tick(&self, now: Moment) {
        let mut sync = self.sync.lock().unwrap_or_else(PoisonError::into_inner);
        if sync.is_in && !self.fence.is_trusted(now) {
            self.distrust(&mut sync);
        }
    }

    /// When trust ends if nothing renews it; `None` if there is none, or no end to it.
    pub(crate) fn trusted_until(&self) -> Option<Moment> {
        let sync = self.sync.lock().unwrap_or_else(PoisonError::into_inner);
        Some(self.fence.trusted_until()).filter(|&until| sync.is_in && until < Moment::NEVER)
    }

    /// Whether there is something to repair.
    pub(crate) fn needs_repair(&self) -> bool {
        !self.sync.lock().unwrap_or_else(PoisonError::into_inner).repairs.is_empty()
    }

    /// What is to be repaired, and from then on counts as under way.
    pub(crate) fn take_repairs(&self) -> Repairs {
        let mut sync = self.sync.lock().unwrap_or_else(PoisonError::into_inner);
        sync.is_repairing = !sync.repairs.is_empty();
        std::mem::take(&mut sync.repairs)
    }

    /// Hears of something to repair.
    pub(crate) fn repair(&self, repairs: Repairs) {
        self.sync.lock().unwrap_or_else(PoisonError::into_inner).repairs.add(repairs);
    }

    /// Hears that what was to be repaired has been.
    pub(crate) fn repaired(&self) {
        let mut sync = self.sync.lock().unwrap_or_else(PoisonError::into_inner);
        sync.is_repairing = false;
        if let Some(asked) = sync.asked {
            self.trust_from(&mut sync, asked);
        }
    }

    /// Hears that nothing will be heard any more.
    pub(crate) fn end(&self) {
        self.has_ended.store(true, Ordering::Release);
        self.lose_all();
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.has_ended.load(Ordering::Acquire)
    }

    /// Learns which tags and caches were invalidated.
    pub(crate) fn learn(&self, missed: &TagDelta) {
        self.ledger.learn(missed);
        let caches = missed.caches.iter().map(|(cache, at)| (Some(cache), *at));
        for (cache, at) in caches.chain([(None, missed.everything)]) {
            self.shelves.clear_at(cache, at);
        }
        // Only now: who sees that it is known relies on its effects.
        self.ledger.settle(missed.seen);
    }

    /// Hears of the invalidation of tags or caches, from the bus or because this node made it.
    pub(crate) fn hear_of_tags(&self, notice: &Notice, at: Sequence) {
        match notice {
            Notice::Tags(tags) => tags.iter().for_each(|&tag| self.ledger.invalidate(tag, at)),
            Notice::Cache(cache) => self.clear(Some(cache), at),
            Notice::Everything => self.clear(None, at),
            _ => {}
        }
    }

    fn clear(&self, cache: Option<&CacheName>, at: Sequence) {
        // The ledger first: from then on nothing older comes from the shared tier, to lie on a shelf that is clear already.
        self.ledger.clear(cache, at);
        self.shelves.clear_at(cache, at);
    }

    fn notice(&self, notice: &Notice, previous: Sequence, sequence: Sequence) {
        self.counters.heard.add_one();
        let chain = notice.chain();
        let step = self.chains.step(chain, previous, sequence);
        match notice {
            Notice::Keys(_, hashes) => self.shelves.evict(hashes),
            Notice::Expired(_, hashes) => self.shelves.expire(hashes),
            _ => self.hear_of_tags(notice, sequence),
        }
        match (step, chain) {
            (Step::Gap, Chain::Tags) => self.miss_tags(sequence),
            (Step::Gap, chain) => self.flush(chain),
            (Step::Next, Chain::Tags) if self.ledger.known() >= previous => self.ledger.know(sequence),
            _ => {}
        }
        self.chains.move_to(chain, sequence);
    }

    fn synchronize(&self, asked: Moment, at: &[(Chain, Sequence)]) {
        let mut sync = self.sync.lock().unwrap_or_else(PoisonError::into_inner);
        for chain in Chains::all() {
            let position = at.iter().find(|(told, _)| *told == chain).map(|(_, position)| *position);
            match position {
                Some(position) => sync.repairs.add(self.compare(chain, position)),
                // What the server does not tell cannot be in sync.
                None => return,
            }
        }
        if self.milestones.pass(asked, at) {
            self.is_outdated.store(true, Ordering::Release);
        }
        sync.asked = Some(asked);
        self.trust_from(&mut sync, asked);
    }

    /// Compares a chain with where the server says it is.
    fn compare(&self, chain: Chain, at: Sequence) -> Repairs {
        let mut repairs = Repairs::default();
        if let Some(told) = self.told.position(chain).filter(|&told| told > at) {
            repairs.raise.insert(chain, told);
        }
        self.hear_from_server(chain, at);
        let followed = self.chains.position(chain);
        // If it has forgotten what this node has seen, tell it again what it should know.
        repairs.replay = followed.is_some_and(|followed| followed > at);
        if followed == Some(at) {
            match chain {
                Chain::Tags if self.ledger.has_gap() => repairs.tags = true,
                Chain::Tags => self.ledger.know(at),
                Chain::Keys(_) => {}
            }
            return repairs;
        }
        match chain {
            Chain::Tags if self.ledger.known() >= at => {}
            Chain::Tags => {
                self.ledger.open_gap(at);
                repairs.tags = true;
            }
            Chain::Keys(partition) if followed.is_none() => self.fence.flush(partition),
            Chain::Keys(_) => self.flush(chain),
        }
        self.chains.move_to(chain, at);
        repairs
    }

    /// How far the server itself has told this node that each chain had gone.
    fn told(&self) -> BTreeMap<Chain, Sequence> {
        let mut told: BTreeMap<_, _> =
            Chains::all().filter_map(|chain| Some((chain, self.told.position(chain)?))).collect();
        // Loads have been born after what only a notice told, and a number at or below their birth would not outdate them.
        // It lies before the horizon, and the server does not take what lies beyond.
        told.insert(Chain::Tags, self.ledger.seen());
        told
    }

    /// Hears from the server itself that a chain has gone on, by something that was `sent` then. Where it was before, nobody
    /// else may ever be told.
    pub(crate) fn hear_of_step(&self, chain: Chain, step: Announced, sent: Moment) {
        self.look_back(chain, step.previous, sent);
        self.hear_from_server(chain, step.sequence);
    }

    /// Hears from the server itself where a chain was when something that was `sent` then came there.
    pub(crate) fn look_back(&self, chain: Chain, at: Sequence, sent: Moment) {
        if self.milestones.look_back(chain, at, sent) {
            self.is_outdated.store(true, Ordering::Release);
        }
    }

    /// Whether all that the server has was found to be outdated since this was last asked.
    pub(crate) fn take_outdated(&self) -> bool {
        self.is_outdated.load(Ordering::Acquire) && self.is_outdated.swap(false, Ordering::AcqRel)
    }

    /// Hears from the server itself how far a chain has gone. Notices do not count: they come by a channel that anyone may
    /// write to, and what is raised stays so for ever.
    fn hear_from_server(&self, chain: Chain, at: Sequence) {
        if self.told.position(chain).is_none_or(|told| told < at) {
            self.told.move_to(chain, at);
        }
    }

    fn miss_tags(&self, up_to: Sequence) {
        self.counters.gaps.add_one();
        self.ledger.open_gap(up_to);
        observe(&*self.observer, &Event::Flushed { chain: Some(Chain::Tags) });
        self.repair(Repairs { tags: true, ..Repairs::default() });
    }

    fn flush(&self, chain: Chain) {
        if let Chain::Keys(partition) = chain {
            self.fence.flush(partition);
        }
        self.counters.gaps.add_one();
        observe(&*self.observer, &Event::Flushed { chain: Some(chain) });
    }

    fn lose_all(&self) {
        let mut sync = self.sync.lock().unwrap_or_else(PoisonError::into_inner);
        sync.asked = None;
        self.distrust(&mut sync);
    }

    fn distrust(&self, sync: &mut Sync) {
        sync.is_in = false;
        if self.assurance != Assurance::None {
            self.fence.trust_until(Moment::ORIGIN);
        }
        self.fence.flush_all();
        self.counters.losses.add_one();
        observe(&*self.observer, &Event::Flushed { chain: None });
    }

    fn trust_from(&self, sync: &mut Sync, asked: Moment) {
        if sync.is_repairing || !sync.repairs.is_empty() || self.ledger.has_gap() {
            return;
        }
        sync.asked = None;
        sync.is_in = true;
        sync.last = Some(asked);
        self.fence.trust_until(match self.assurance {
            Assurance::Within(bound) => asked.after(bound),
            Assurance::Lossless | Assurance::None => Moment::NEVER,
            // A promise that this build does not understand is none.
            _ => Moment::ORIGIN,
        });
    }
}

#[cfg(test)]
mod tests;
