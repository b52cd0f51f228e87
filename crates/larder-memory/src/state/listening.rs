//! Who listens, and what they are told.

use std::sync::Arc;

use larder_core::{Announced, BusEvent, Notice, Result};
use tokio::sync::Notify;

use super::{Data, State};
use crate::wire::Wire;

impl State {
    /// Adds a node.
    pub(crate) fn connect(&mut self) -> u64 {
        let wire = self.next_wire;
        self.next_wire += 1;
        self.wires.insert(wire, Wire::default());
        wire
    }

    pub(crate) fn disconnect(&mut self, wire: u64) {
        self.wires.remove(&wire);
    }

    /// Begins to queue for one more subscription: from where the chains stand now.
    pub(crate) fn subscribe(&mut self, wire: u64) -> Result<(u64, Arc<Notify>)> {
        let first = self.sync_point();
        self.wire(wire).subscribe(first)
    }

    /// Answers a probe behind everything that was announced so far.
    pub(crate) fn probe(&mut self, wire: u64, queue: u64) {
        let sync_point = self.sync_point();
        self.wire(wire).answer(queue, sync_point);
    }

    pub(crate) fn take(&mut self, wire: u64, queue: u64) -> Option<BusEvent> {
        let (event, has_overflowed) = self.wire(wire).take(queue)?;
        if has_overflowed {
            self.probe(wire, queue);
        }
        Some(event)
    }

    /// Sends a notice to every node.
    pub(crate) fn publish(&mut self, notice: &Notice, announced: Announced) {
        let Announced { previous, sequence, .. } = announced;
        for wire in self.wires.values_mut() {
            wire.send(BusEvent::Noticed { notice: notice.clone(), previous, sequence });
        }
    }

    /// Makes a broken connection work again.
    pub(crate) fn mend(&mut self, wire: u64) {
        let sync_point = self.sync_point();
        self.wire(wire).mend(&sync_point);
    }

    /// Goes back to what was last replicated.
    pub(crate) fn fail_over(&mut self) {
        self.data = self.replica.clone().unwrap_or_else(Data::new);
        let sync_point = self.sync_point();
        for wire in self.wires.values_mut() {
            wire.fail_over(&sync_point);
        }
    }

    /// The way to a node that is connected.
    pub(crate) fn wire(&mut self, wire: u64) -> &mut Wire {
        self.wires.get_mut(&wire).expect("whoever asks holds the connection")
    }

    /// Where the chains stand, asked and answered now.
    fn sync_point(&self) -> BusEvent {
        BusEvent::SyncPoint { asked: self.now(), at: self.data.sequences.all() }
    }
}
