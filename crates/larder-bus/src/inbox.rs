//! What has been heard and not been taken yet.
//!
//! The connection hands over what it hears without waiting, so the queue must end somewhere. Where it does, everything in it
//! is replaced by one word: that something is lost. That is the truth, and it is small.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use larder_core::{BusEvent, Chain, Moment, Notice, PARTITIONS, Sequence};
use tokio::sync::Notify;

use crate::wire::Told;

/// How many bytes may wait, about.
const MOST: usize = 8 << 20;

/// What an event takes beside the hashes in it.
const EVENT: usize = 128;

#[derive(Debug)]
pub(crate) struct Inbox {
    state: Mutex<State>,
    arrived: Notify,
}

#[derive(Debug)]
struct State {
    queue: VecDeque<BusEvent>,
    bytes: usize,
    /// The last sequence heard of each chain.
    heard: Vec<Sequence>,
    /// Whether a sync point has come over the present connection. Notices before it tell nothing that it does not.
    is_in_order: bool,
    /// What came while something was missing that is being read from the log. `None` if nothing is.
    held: Option<Held>,
}

/// What waits until what was missed has been read.
#[derive(Debug, Default)]
pub(crate) struct Held {
    notices: Vec<Told>,
    bytes: usize,
    /// The servers' answer, and when they were asked.
    pub(crate) answer: Option<(Moment, Vec<(Chain, Sequence)>)>,
}

impl Inbox {
    pub(crate) fn new() -> Self {
        let heard = vec![Sequence::ZERO; PARTITIONS + 1];
        let state = State { queue: VecDeque::new(), bytes: 0, heard, is_in_order: false, held: None };
        Self { state: Mutex::new(state), arrived: Notify::new() }
    }

    /// A notice has come.
    pub(crate) fn notice(&self, told: Told) {
        let mut state = self.state();
        if state.held.is_some() {
            state.hold(told);
            return;
        }
        let chain = told.notice.chain();
        if let Some(heard) = state.heard.get_mut(index(chain)) {
            *heard = told.sequence;
        }
        if state.is_in_order {
            let Told { notice, previous, sequence, .. } = told;
            state.push(BusEvent::Noticed { notice, previous, sequence });
            self.arrived.notify_one();
        }
    }

    /// The servers have answered, behind all notices up to then.
    pub(crate) fn answer(&self, asked: Moment, at: Vec<(Chain, Sequence)>) {
        if let Some(held) = &mut self.state().held {
            held.answer = Some((asked, at));
            return;
        }
        self.push(BusEvent::SyncPoint { asked, at });
    }

    /// Something else has come, or is missing.
    pub(crate) fn push(&self, event: BusEvent) {
        let mut state = self.state();
        state.is_in_order |= matches!(event, BusEvent::SyncPoint { .. });
        state.push(event);
        self.arrived.notify_one();
    }

    /// The connection is broken: whatever comes next comes after a gap.
    pub(crate) fn break_off(&self) {
        let mut state = self.state();
        let was_paused = state.held.take().is_some();
        if std::mem::take(&mut state.is_in_order) || was_paused {
            state.push(BusEvent::Lost(None));
            self.arrived.notify_one();
        }
        state.heard.fill(Sequence::ZERO);
    }

    /// The connection is broken, and what comes next will be held until what was missed has been read. Returns false if
    /// there is nothing to go on from.
    pub(crate) fn pause(&self) -> bool {
        let mut state = self.state();
        let is_known = state.is_in_order || state.held.is_some();
        state.is_in_order = false;
        state.held = is_known.then(Held::default);
        is_known
    }

    /// What is held, if anything is.
    pub(crate) fn held_answer(&self) -> Option<(Moment, Vec<(Chain, Sequence)>)> {
        self.state().held.as_ref()?.answer.clone()
    }

    pub(crate) fn is_paused(&self) -> bool {
        self.state().held.is_some()
    }

    /// Goes on after a pause: first what was missed, then the servers' answer, then what came since.
    pub(crate) fn resume(&self, missed: Vec<BusEvent>, asked: Moment, at: Vec<(Chain, Sequence)>) {
        let mut state = self.state();
        let Some(held) = state.held.take() else { return };
        for event in missed {
            state.push(event);
        }
        state.is_in_order = true;
        state.push(BusEvent::SyncPoint { asked, at });
        drop(state);
        self.arrived.notify_one();
        for told in held.notices {
            let is_later = self.heard().get(index(told.notice.chain())).is_some_and(|at| told.sequence > *at);
            if is_later {
                self.notice(told);
            }
        }
    }

    /// What was heard last of each chain.
    pub(crate) fn heard(&self) -> Vec<Sequence> {
        self.state().heard.clone()
    }

    /// Makes a sync point of what the servers told some time ago, and what was heard before that and since.
    ///
    /// A chain that has been followed further than was told is in order: the rest came since. But if it had been so
    /// already before they were asked, they have forgotten, and what they told stands.
    pub(crate) fn synchronize(&self, asked: Moment, told: Vec<(Chain, Sequence)>, before: &[Sequence]) {
        let mut state = self.state();
        let mut at = told;
        for (chain, told) in &mut at {
            let [before, heard] =
                [before, &state.heard].map(|of| of.get(index(*chain)).copied().unwrap_or_default());
            if before <= *told {
                *told = heard.max(*told);
            }
        }
        state.is_in_order = true;
        state.push(BusEvent::SyncPoint { asked, at });
        self.arrived.notify_one();
    }

    /// The next event.
    pub(crate) async fn next(&self) -> BusEvent {
        loop {
            if let Some(event) = self.state().pop() {
                return event;
            }
            self.arrived.notified().await;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn hold(&mut self, told: Told) {
        let Some(held) = &mut self.held else { return };
        held.bytes += EVENT;
        held.notices.push(told);
        if held.bytes > MOST {
            // Then it was no short absence.
            self.held = None;
            self.push(BusEvent::Lost(None));
            self.heard.fill(Sequence::ZERO);
        }
    }

    fn push(&mut self, event: BusEvent) {
        if let BusEvent::SyncPoint { at, .. } = &event {
            // Whatever is missing up to here, its loss is known from now on.
            for (chain, told) in at {
                if let Some(heard) = self.heard.get_mut(index(*chain)) {
                    *heard = *told;
                }
            }
        }
        self.bytes += weight(&event);
        self.queue.push_back(event);
        if self.bytes > MOST {
            self.queue.clear();
            self.queue.push_back(BusEvent::Lost(None));
            self.bytes = EVENT;
        }
    }

    fn pop(&mut self) -> Option<BusEvent> {
        let event = self.queue.pop_front()?;
        self.bytes = self.bytes.saturating_sub(weight(&event));
        if self.queue.is_empty() && self.queue.capacity() > 1_024 {
            // After a burst.
            self.queue.shrink_to(64);
        }
        Some(event)
    }
}

fn index(chain: Chain) -> usize {
    match chain {
        Chain::Keys(partition) => partition.index(),
        Chain::Tags => PARTITIONS,
    }
}

fn weight(event: &BusEvent) -> usize {
    EVENT
        + match event {
            BusEvent::Noticed { notice: Notice::Keys(_, hashes) | Notice::Expired(_, hashes), .. } => {
                16 * hashes.len()
            }
            BusEvent::Noticed { notice: Notice::Tags(tags), .. } => 8 * tags.len(),
            BusEvent::SyncPoint { at, .. } => 16 * at.len(),
            _ => 0,
        }
}

#[cfg(test)]
mod tests {
    use larder_core::{KeyHash, Partition};

    use super::*;
    use crate::positions::chains;

    fn notice(sequence: u64) -> Told {
        let partition = Partition::new(0).unwrap();
        let notice = Notice::Keys(partition, vec![KeyHash::from_bytes([0; 16])]);
        Told { notice, sender: 0, previous: Sequence::new(sequence - 1), sequence: Sequence::new(sequence) }
    }

    fn sync_point(at: u64) -> BusEvent {
        let at = chains().map(|chain| (chain, Sequence::new(at))).collect();
        BusEvent::SyncPoint { asked: Moment::ORIGIN, at }
    }

    fn drain(inbox: &Inbox) -> Vec<BusEvent> {
        std::iter::from_fn(|| inbox.state().pop()).collect()
    }

    #[test]
    fn notices_before_the_first_sync_point_are_not_told() {
        let inbox = Inbox::new();
        inbox.notice(notice(1));
        inbox.push(sync_point(1));
        inbox.notice(notice(2));
        let events = drain(&inbox);
        assert!(matches!(*events, [BusEvent::SyncPoint { .. }, BusEvent::Noticed { .. }]), "{events:?}");
    }

    #[test]
    fn an_overflow_becomes_one_loss_and_takes_no_more_room() {
        let inbox = Inbox::new();
        inbox.push(sync_point(0));
        let mut most = 0;
        for sequence in 1..200_000 {
            inbox.notice(notice(sequence));
            most = most.max(inbox.state().bytes);
        }
        assert!(most <= MOST + EVENT);
        let events = drain(&inbox);
        assert_eq!(events.iter().filter(|event| **event == BusEvent::Lost(None)).count(), 1);
        assert_eq!((events.first(), inbox.state().bytes), (Some(&BusEvent::Lost(None)), 0));
    }

    #[test]
    fn a_break_is_told_once() {
        let inbox = Inbox::new();
        inbox.break_off();
        inbox.push(sync_point(0));
        inbox.break_off();
        inbox.break_off();
        assert!(matches!(*drain(&inbox), [BusEvent::SyncPoint { .. }, BusEvent::Lost(None)]));
    }

    /// What a sync point says of the first chain.
    fn check(before: u64, told: u64, heard: &[u64], expected: u64) {
        let inbox = Inbox::new();
        if before > 0 {
            inbox.notice(notice(before));
        }
        let snapshot = inbox.heard();
        for &sequence in heard {
            inbox.notice(notice(sequence));
        }
        let told = chains().map(|chain| (chain, Sequence::new(told))).collect();
        inbox.synchronize(Moment::ORIGIN, told, &snapshot);
        let Some(BusEvent::SyncPoint { at, .. }) = inbox.state().pop() else { panic!("it is told") };
        assert_eq!(at[0].1, Sequence::new(expected), "{before} {heard:?}");
    }

    #[test]
    fn what_came_after_the_question_is_in_order_and_what_was_forgotten_is_told() {
        check(0, 7, &[], 7);
        check(7, 7, &[], 7);
        check(7, 7, &[8, 9], 9);
        check(7, 9, &[8], 9);
        check(9, 7, &[], 7);
        check(9, 7, &[8], 7);
    }

    #[test]
    fn what_was_forgotten_is_told_once() {
        let inbox = Inbox::new();
        inbox.notice(notice(9));
        let told = || chains().map(|chain| (chain, Sequence::new(7))).collect::<Vec<_>>();
        inbox.synchronize(Moment::ORIGIN, told(), &inbox.heard());
        assert_eq!(inbox.heard()[0], Sequence::new(7));
    }
}
