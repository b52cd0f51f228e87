//! Whether all caches have what they begin with.

use std::fmt;
use std::sync::Arc;

use tokio::sync::watch;

/// Counts the caches of a process that are still getting warm.
pub(crate) struct Readiness(watch::Sender<usize>);

impl Readiness {
    pub(crate) fn new() -> Self {
        Self(watch::Sender::new(0))
    }

    /// One more, until what is returned is dropped, however that comes about.
    pub(crate) fn pending(self: &Arc<Self>) -> Pending {
        self.0.send_modify(|pending| *pending += 1);
        Pending(self.clone())
    }

    pub(crate) fn is_ready(&self) -> bool {
        *self.0.borrow() == 0
    }

    pub(crate) async fn ready(&self) {
        // The sender is in here, so that this cannot fail before it is told.
        let _ = self.0.subscribe().wait_for(|pending| *pending == 0).await;
    }
}

impl fmt::Debug for Readiness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Readiness").field("pending", &*self.0.borrow()).finish()
    }
}

/// A cache that is getting warm.
#[derive(Debug)]
pub(crate) struct Pending(Arc<Readiness>);

impl Drop for Pending {
    fn drop(&mut self) {
        self.0.0.send_modify(|pending| *pending -= 1);
    }
}
