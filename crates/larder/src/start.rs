//! How a process's part begins.

use std::sync::Arc;
use std::time::Duration;

use larder_core::{Error, ErrorKind, Remote, Result};
use tokio::time::timeout;

use crate::follower::follow;
use crate::layout::keep_registered;
use crate::mender::mend;
use crate::node::Node;
use crate::prober::probe;
use crate::upstream::Upstream;
use crate::watchdog;

/// For how long a start waits to be in sync with the fleet.
const START: Duration = Duration::from_millis(500);

/// Whether a process starts without the shared tier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    Optional,
    Required,
}

impl Node {
    /// Starts, and waits until the process is in sync with the fleet, for a moment. Too late is no failure, unless the shared
    /// tier is required: the follower goes on.
    pub(crate) async fn start(self: &Arc<Self>, need: Need) -> Result<()> {
        self.begin()?;
        let started = async {
            self.check().await?;
            self.synchronized().await;
            Ok(())
        };
        match timeout(START, started).await {
            Ok(Err(error)) if need == Need::Required || !is_passing(&error) => Err(error),
            Ok(Err(error)) => {
                tracing::warn!(app = %self.app, %error, "the shared tier cannot be reached yet");
                Ok(())
            }
            Err(_) if need == Need::Required => Err(late()),
            Ok(Ok(())) | Err(_) => Ok(()),
        }
    }

    /// Begins to follow the bus, if there is one, and to mend what goes wrong with the shared tier, if there is one.
    fn begin(self: &Arc<Self>) -> Result<()> {
        let Some(Upstream { remote, bus }) = self.upstream.clone() else {
            return Ok(());
        };
        self.tasks.spawn(probe(self.clone(), remote.clone()))?;
        if self.registry.is_on() {
            self.tasks.spawn(keep_registered(self.clone(), remote.clone()))?;
        }
        self.tasks.spawn(mend(self.clone(), remote))?;
        let Some(bus) = bus else {
            return Ok(());
        };
        if !self.coherence.bound.is_zero() && self.clock.is_system() {
            watchdog::start(&self.coherence, self.clock.clone());
        }
        self.tasks.spawn(follow(self.clone(), bus))
    }

    /// Makes sure that what is shared can be used.
    async fn check(&self) -> Result<()> {
        let Some(Upstream { remote, bus }) = &self.upstream else {
            return Ok(());
        };
        remote.check().await?;
        if let Some(bus) = bus {
            bus.check().await?;
        }
        if self.registry.is_on() {
            self.learn_layouts(&**remote).await;
        }
        Ok(())
    }

    /// Knows how others store their caches, before any is built here.
    async fn learn_layouts(&self, remote: &dyn Remote) {
        match self.registry.exchange(remote, &[], self.patience.write).await {
            Ok(others) => self.registry.learn(others),
            Err(error) => tracing::debug!(app = %self.app, %error, "how others store cannot be told yet"),
        }
    }

    /// Waits until this process is in sync with the fleet.
    pub(crate) async fn synchronized(&self) {
        loop {
            let heard = self.heard.notified();
            if self.coherence.is_trusted(self.clock.now()) {
                return;
            }
            heard.await;
        }
    }
}

/// Whether it may go well later.
fn is_passing(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Unavailable | ErrorKind::Elapsed)
}

fn late() -> Error {
    Error::new(ErrorKind::Elapsed, "the shared tier was not in sync in time")
        .with("waited", format_args!("{START:?}"))
}
