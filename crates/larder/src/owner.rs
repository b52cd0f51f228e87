//! What ends with the last handle.

use std::sync::Arc;

use larder_core::{Capacity, Slot};
use larder_moka::MokaLocal;

use crate::node::Node;

/// Held by every handle of a process and every cache. With the last of them, everything ends.
pub(crate) struct Owner {
    pub(crate) node: Arc<Node>,
    pub(crate) local: ProcessLocal,
}

impl Drop for Owner {
    fn drop(&mut self) {
        self.node.tasks.abort();
    }
}

/// The map that all caches share that have no limit of their own.
#[derive(Debug)]
pub(crate) struct ProcessLocal(pub(crate) Option<(Capacity, Arc<MokaLocal<Slot>>)>);

impl ProcessLocal {
    pub(crate) fn new(capacity: Option<Capacity>) -> Self {
        Self(capacity.map(|capacity| (capacity, Arc::new(MokaLocal::new(capacity)))))
    }
}
