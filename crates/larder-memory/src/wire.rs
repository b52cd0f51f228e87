//! The way from the server to one node, and what goes wrong on it.

use std::collections::BTreeMap;
use std::sync::Arc;

use larder_core::{BusEvent, Error, ErrorKind, Result};
use tokio::sync::Notify;

use crate::chaos::{Chaos, Weather};
use crate::queue::Queue;

/// One node's way. What it carries goes to every subscription of the node alike.
#[derive(Debug, Default)]
pub(crate) struct Wire {
    queues: BTreeMap<u64, Queue>,
    next_queue: u64,
    line: Line,
    /// Whether a failover came while nothing could be told.
    missed_failover: bool,
    is_held: bool,
    /// How many of the next notices vanish.
    losses: usize,
    loses_all: bool,
    /// How many of the next notices come twice.
    duplicates: usize,
    weather: Option<Weather>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Line {
    #[default]
    Open,
    /// Broken, and the node knows.
    Cut,
    /// Broken, and the node does not know.
    Silent,
}

impl Wire {
    /// Adds a queue that begins with `first`.
    pub(crate) fn subscribe(&mut self, first: BusEvent) -> Result<(u64, Arc<Notify>)> {
        if self.line != Line::Open {
            return Err(Error::new(ErrorKind::Unavailable, "the bus cannot be reached"));
        }
        let mut queue = Queue::default();
        queue.push(first, self.is_held);
        let (id, bell) = (self.next_queue, queue.bell());
        self.next_queue += 1;
        self.queues.insert(id, queue);
        Ok((id, bell))
    }

    pub(crate) fn unsubscribe(&mut self, queue: u64) {
        self.queues.remove(&queue);
    }

    /// Sends a notice, which has to pass whatever goes wrong.
    pub(crate) fn send(&mut self, notice: BusEvent) {
        if self.line != Line::Open || self.is_lost() {
            return;
        }
        let arriving = match &mut self.weather {
            Some(weather) => weather.send(notice),
            None => vec![notice],
        };
        let is_doubled = self.duplicates > 0;
        self.duplicates -= usize::from(is_doubled);
        for notice in arriving {
            if is_doubled {
                self.deliver(&notice);
            }
            self.deliver(&notice);
        }
    }

    /// Answers a probe of one subscription, if one can come through and none is on its way already.
    pub(crate) fn answer(&mut self, queue: u64, sync_point: BusEvent) {
        let is_held = self.is_held;
        if let Some(queue) = self.open_queue(queue).filter(|queue| !queue.awaits_answer()) {
            queue.push(sync_point, is_held);
        }
    }

    /// Takes what comes next; and whether it speaks of an overflow, which a sync point has to follow.
    pub(crate) fn take(&mut self, queue: u64) -> Option<(BusEvent, bool)> {
        let queue = self.queues.get_mut(&queue)?;
        if queue.take_overflow() {
            return Some((BusEvent::Lost(None), true));
        }
        queue.pop().map(|event| (event, false))
    }

    pub(crate) fn lose(&mut self, notices: usize) {
        self.losses = notices;
    }

    pub(crate) fn lose_all(&mut self, all: bool) {
        self.loses_all = all;
        self.losses = 0;
    }

    pub(crate) fn duplicate(&mut self, notices: usize) {
        self.duplicates = notices;
    }

    pub(crate) fn hold(&mut self) {
        self.is_held = true;
    }

    pub(crate) fn release(&mut self) {
        self.is_held = false;
        self.queues.values_mut().for_each(Queue::release);
    }

    pub(crate) fn release_shuffled(&mut self, seed: u64) {
        self.is_held = false;
        let mut dice = fastrand::Rng::with_seed(seed);
        self.queues.values_mut().for_each(|queue| queue.release_shuffled(&mut dice));
    }

    /// Breaks the connection, which the node notices.
    pub(crate) fn cut(&mut self) {
        if self.line == Line::Cut {
            return;
        }
        self.line = Line::Cut;
        for queue in self.queues.values_mut() {
            queue.empty();
            queue.push(BusEvent::Lost(None), false);
        }
    }

    /// Breaks the connection, which the node does not notice.
    pub(crate) fn silence(&mut self) {
        if self.line == Line::Open {
            self.line = Line::Silent;
        }
    }

    /// Makes the connection work again. After a cut it is a new one, and begins like one.
    pub(crate) fn mend(&mut self, sync_point: &BusEvent) {
        let before = std::mem::take(&mut self.line);
        if std::mem::take(&mut self.missed_failover) {
            self.fail_over(sync_point);
        } else if before == Line::Cut {
            self.deliver(sync_point);
        }
    }

    /// Tells that the server is another one.
    pub(crate) fn fail_over(&mut self, sync_point: &BusEvent) {
        if self.line != Line::Open {
            self.missed_failover = true;
            return;
        }
        self.queues.values_mut().for_each(Queue::empty_line);
        for event in [&BusEvent::Lost(None), &BusEvent::Reincarnated, sync_point] {
            self.deliver(event);
        }
    }

    /// Begins chaos, or ends it: then what was late arrives.
    pub(crate) fn set_chaos(&mut self, chaos: Option<Chaos>) {
        let late = self.weather.as_mut().map(Weather::clear).unwrap_or_default();
        self.weather = chaos.map(Weather::new);
        if self.line == Line::Open {
            for notice in &late {
                self.deliver(notice);
            }
        }
    }

    fn is_lost(&mut self) -> bool {
        let is_counted = self.losses > 0;
        self.losses -= usize::from(is_counted);
        is_counted || self.loses_all
    }

    fn deliver(&mut self, event: &BusEvent) {
        for queue in self.queues.values_mut() {
            queue.push(event.clone(), self.is_held);
        }
    }

    fn open_queue(&mut self, queue: u64) -> Option<&mut Queue> {
        self.queues.get_mut(&queue).filter(|_| self.line == Line::Open)
    }
}
