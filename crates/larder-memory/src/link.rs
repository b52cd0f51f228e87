//! One node's connection.

use std::sync::Arc;

use crate::bus::MemoryBus;
use crate::connection::Connection;
use crate::faults::Faults;
use crate::remote::MemoryRemote;

/// One node's connection to a [`MemoryServer`](crate::MemoryServer). It lasts as long as anything that was made from it.
#[derive(Clone, Debug)]
pub struct Link {
    connection: Arc<Connection>,
}

impl Link {
    pub(crate) fn new(connection: Connection) -> Self {
        Self { connection: Arc::new(connection) }
    }

    /// The shared tier, as this node sees it.
    pub fn remote(&self) -> MemoryRemote {
        MemoryRemote::new(self.connection.clone())
    }

    /// The bus, as this node hears it.
    pub fn bus(&self) -> MemoryBus {
        MemoryBus::new(self.connection.clone())
    }

    /// What can be broken between the server and this node: nothing on a reliable server.
    pub fn faults(&self) -> Option<Faults> {
        self.connection.gate().map(|_| Faults::new(self.connection.clone()))
    }
}
