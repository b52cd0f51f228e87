//! What one subscription has yet to hear.

use std::collections::VecDeque;
use std::sync::Arc;

use larder_core::BusEvent;
use tokio::sync::Notify;

/// How many events a subscription may be behind.
const MOST_EVENTS: usize = 1 << 16;

#[derive(Debug, Default)]
pub(crate) struct Queue {
    /// What can be taken.
    arrived: VecDeque<BusEvent>,
    /// What a hold keeps on its way.
    under_way: VecDeque<BusEvent>,
    /// Whether it grew too long and was dropped, which is yet to be told, before all else.
    has_overflowed: bool,
    /// Wakes who waits for an event.
    bell: Arc<Notify>,
}

impl Queue {
    pub(crate) fn push(&mut self, event: BusEvent, is_held: bool) {
        if self.arrived.len() + self.under_way.len() >= MOST_EVENTS {
            self.empty();
            self.has_overflowed = true;
            self.bell.notify_one();
        }
        if is_held {
            self.under_way.push_back(event);
        } else {
            self.arrived.push_back(event);
            self.bell.notify_one();
        }
    }

    /// Lets what was held arrive.
    pub(crate) fn release(&mut self) {
        self.arrived.append(&mut self.under_way);
        self.bell.notify_one();
    }

    /// The same, with the notices among it in another order. All else keeps its place.
    pub(crate) fn release_shuffled(&mut self, dice: &mut fastrand::Rng) {
        let is_notice = |event: &BusEvent| matches!(event, BusEvent::Noticed { .. });
        let mut notices: Vec<BusEvent> =
            self.under_way.iter().filter(|event| is_notice(event)).cloned().collect();
        dice.shuffle(&mut notices);
        let places = self.under_way.iter_mut().filter(|event| is_notice(event));
        for (place, notice) in places.zip(notices) {
            *place = notice;
        }
        self.release();
    }

    /// Forgets all that was not taken.
    pub(crate) fn empty(&mut self) {
        self.arrived.clear();
        self.under_way.clear();
    }

    /// Forgets what has not arrived.
    pub(crate) fn empty_line(&mut self) {
        self.under_way.clear();
    }

    /// Whether it grew too long since this was last asked.
    pub(crate) fn take_overflow(&mut self) -> bool {
        std::mem::take(&mut self.has_overflowed)
    }

    pub(crate) fn pop(&mut self) -> Option<BusEvent> {
        self.arrived.pop_front()
    }

    /// Whether a sync point is on its way.
    pub(crate) fn awaits_answer(&self) -> bool {
        self.under_way.iter().any(|event| matches!(event, BusEvent::SyncPoint { .. }))
    }

    pub(crate) fn bell(&self) -> Arc<Notify> {
        self.bell.clone()
    }
}
