//! Everything that there is at one moment.

use crate::both::Both;
use crate::node::Node;
use crate::scenario::Scenario;
use crate::server::{Server, Value};
use crate::write::Write;

/// Everything that there is at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct State {
    /// The version that is committed.
    pub(crate) database: u8,
    pub(crate) server: Server,
    pub(crate) nodes: Both<Node>,
    pub(crate) writes: Both<Write>,
    /// What may still happen.
    pub(crate) budget: Budget,
    /// What a reader was given that it should not have been.
    pub(crate) wrong: Wrong,
}

/// How often something may happen. Of two numbers the first is for node A.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Budget {
    /// How many readers find nothing on the shelf.
    pub(crate) reads: Both<u8>,
    /// How many of them come with a receipt for another node's write.
    pub(crate) receipts: Both<u8>,
    /// How often a node asks where the chains stand.
    pub(crate) questions: Both<u8>,
    /// How many notices are lost.
    pub(crate) losses: u8,
    /// How many leases time out.
    pub(crate) expiries: u8,
    /// How many questions of a load the server does not answer in time.
    pub(crate) silences: u8,
    /// How many invalidations the server does not answer in time.
    pub(crate) outages: u8,
    /// How often a node loses its line to the bus.
    pub(crate) cuts: u8,
    /// How often the replica catches up.
    pub(crate) replications: u8,
    /// How often it takes over.
    pub(crate) failovers: u8,
}

/// What readers were given that they should not have been.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Wrong {
    /// Less than what was known to the node to be executed.
    pub(crate) is_stale: bool,
    /// Less than what was acknowledged on the node, or than a receipt asked for.
    pub(crate) is_unread: bool,
}

impl Budget {
    pub(crate) fn failing_over() -> Self {
        Self { replications: 1, failovers: 1, ..Self::default() }
    }
}

impl State {
    pub(crate) fn new(scenario: &Scenario) -> Self {
        Self {
            database: 0,
            server: Server::default(),
            nodes: Both::new(Node::new(), Node::new()),
            writes: Both::default(),
            budget: scenario.budget,
            wrong: Wrong::default(),
        }
    }

    /// The same with the value in the shared tier and its replica.
    pub(crate) fn warmed(mut self) -> Self {
        self.server.data.value = Some(Value { version: 0, birth: 0 });
        self.server.replica = self.server.data;
        self
    }
}
