//! The tasks of a process's cache: none runs that nobody owns.

use std::fmt;
use std::future::Future;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use larder_core::{Error, ErrorKind, Result};
use tokio::task::JoinSet;
use tokio::time::timeout;

/// How long tasks have to end that were told to.
const LAST: Duration = Duration::from_millis(500);

/// All that was spawned and is not over.
pub(crate) struct Tasks {
    /// `None` once it is shut down.
    running: Mutex<Option<JoinSet<()>>>,
}

impl Tasks {
    pub(crate) fn new() -> Self {
        Self { running: Mutex::new(Some(JoinSet::new())) }
    }

    /// Spawns a task on the current runtime, unless this is shut down.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) -> Result<()> {
        let mut running = self.running();
        let Some(tasks) = &mut *running else {
            return Err(Error::new(ErrorKind::Closed, "the cache has been shut down"));
        };
        // Those that are over are let go here, so that their memory does not pile up.
        while tasks.try_join_next().is_some() {}
        tasks.spawn(task);
        Ok(())
    }

    /// Accepts no more, lets what runs go on for `grace` at most, and ends the rest. Returns whether all ended by
    /// themselves.
    pub(crate) async fn shut_down(&self, grace: Duration) -> bool {
        let Some(mut tasks) = self.running().take() else {
            return true;
        };
        let ended = timeout(grace, async { while tasks.join_next().await.is_some() {} }).await;
        // One that blocks its thread does not end, and must not keep the shutdown from it.
        let _ = timeout(LAST, tasks.shutdown()).await;
        ended.is_ok()
    }

    /// Ends all of them at their next await, without waiting for that.
    pub(crate) fn abort(&self) {
        let running = self.running().take();
        // After the lock is let go: what a task drops may come back here.
        drop(running);
    }

    fn running(&self) -> MutexGuard<'_, Option<JoinSet<()>>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Tasks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let running = self.running().as_ref().map(JoinSet::len);
        f.debug_struct("Tasks").field("running", &running).finish()
    }
}
