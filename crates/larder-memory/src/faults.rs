//! What can be broken, and how.
//!
//! Each fault takes effect at once, and is something that happens to a connection to a server on another machine; the one
//! exception, shuffled notices, is worse than that.

use std::sync::Arc;

use crate::chaos::Chaos;
use crate::connection::{Connection, lock};
use crate::gate::Gate;
use crate::server::Inner;
use crate::state::State;
use crate::wire::Wire;

/// Breaks what lies between the server and one node. From [`Link::faults`](crate::Link::faults).
///
/// Faults of the bus befall every subscription of the node alike; those of calls befall its remote and what it publishes.
#[derive(Clone, Debug)]
pub struct Faults {
    connection: Arc<Connection>,
}

/// Faults of the bus.
impl Faults {
    /// Lets the next `notices` to this node vanish, and nobody is told. Zero takes it back.
    pub fn lose(&self, notices: usize) {
        self.wire(|wire| wire.lose(notices));
    }

    /// Lets every notice to this node vanish, and nobody is told.
    pub fn lose_all(&self) {
        self.wire(|wire| wire.lose_all(true));
    }

    /// Lets notices come through again.
    pub fn lose_none(&self) {
        self.wire(|wire| wire.lose_all(false));
    }

    /// Lets each of the next `notices` to this node come twice.
    pub fn duplicate(&self, notices: usize) {
        self.wire(|wire| wire.duplicate(notices));
    }

    /// Keeps everything towards this node on its way, sync points too. What has arrived can still be taken.
    pub fn hold(&self) {
        self.wire(Wire::hold);
    }

    /// Ends a hold: all arrives, in its order.
    pub fn release(&self) {
        self.wire(Wire::release);
    }

    /// Ends a hold: all arrives, the notices among it in an order that depends on nothing but `seed`.
    pub fn release_shuffled(&self, seed: u64) {
        self.wire(|wire| wire.release_shuffled(seed));
    }

    /// Breaks the connection, and the node knows: what it had not taken is gone, it is told that it lost something, and
    /// then nothing more.
    pub fn cut(&self) {
        self.wire(Wire::cut);
    }

    /// Breaks the connection, and the node does not know: nothing more arrives. A host that vanished looks like that.
    pub fn silence(&self) {
        self.wire(Wire::silence);
    }

    /// Ends a [`cut`](Self::cut), with a sync point, or a [`silence`](Self::silence), without. What was sent meanwhile is
    /// lost.
    pub fn mend(&self) {
        self.state(State::mend);
    }

    /// Leaves the notices to this node to the dice.
    pub fn chaos(&self, chaos: Chaos) {
        self.wire(|wire| wire.set_chaos(Some(chaos)));
    }

    /// Ends chaos: what was late arrives.
    pub fn calm(&self) {
        self.wire(|wire| wire.set_chaos(None));
    }

    fn wire(&self, change: impl FnOnce(&mut Wire)) {
        self.state(|state, wire| change(state.wire(wire)));
    }

    fn state(&self, change: impl FnOnce(&mut State, u64)) {
        change(&mut self.connection.state(), self.connection.wire());
    }
}

/// Faults of calls.
impl Faults {
    /// Lets every call of this node hang before it has its effect.
    pub fn freeze(&self) {
        self.gate().freeze(true);
    }

    /// Lets calls go on, those that hang too.
    pub fn thaw(&self) {
        self.gate().freeze(false);
    }

    /// Lets the next `calls` of this node fail without effect. Zero takes it back.
    pub fn fail(&self, calls: usize) {
        self.gate().fail(calls);
    }

    /// Lets the next `calls` of this node have their effect and then fail, as if the answer was lost. Those that
    /// [`fail`](Self::fail) come first. Zero takes it back.
    pub fn fail_after(&self, calls: usize) {
        self.gate().fail_after(calls);
    }

    fn gate(&self) -> &Gate {
        self.connection.gate().expect("faults are handed out only where there is one")
    }
}

impl Faults {
    pub(crate) fn new(connection: Arc<Connection>) -> Self {
        Self { connection }
    }
}

/// Breaks the server, for all its apps and nodes. From [`MemoryServer::faults`](crate::MemoryServer::faults).
#[derive(Clone, Debug)]
pub struct ServerFaults {
    server: Arc<Inner>,
}

impl ServerFaults {
    pub(crate) fn new(server: Arc<Inner>) -> Self {
        Self { server }
    }

    /// Lets a replica catch up: it now holds all that the server holds.
    pub fn replicate(&self) {
        self.server.states().iter().for_each(|state| lock(state).replicate());
    }

    /// Puts the replica in the place of the server: what came after it last caught up is gone, acknowledged or not. If it
    /// never did, everything is. Every subscription is told that it lost something, and that the server is another.
    pub fn fail_over(&self) {
        self.server.states().iter().for_each(|state| lock(state).fail_over());
    }

    /// Uses up the server's memory: whatever would store a value or a lease is
    /// [refused](larder_core::ErrorKind::Refused); invalidations pass, and so do answers that store nothing.
    pub fn fill_up(&self) {
        self.server.settings().set_full(true);
    }

    /// Gives the server memory again.
    pub fn make_room(&self) {
        self.server.settings().set_full(false);
    }
}
