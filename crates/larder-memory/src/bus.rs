//! The bus.

use std::sync::Arc;

use async_trait::async_trait;
use larder_core::{Announced, Assurance, Bus, Frame, Notice, Result, Subscription};

use crate::connection::Connection;
use crate::probe::Probe;
use crate::subscription::MemorySubscription;

/// The bus, as one node hears it.
///
/// A [`MemoryRemote`](crate::MemoryRemote) sends the notices by itself. To [`publish`](Bus::publish) is left to who
/// invalidates with a frame of another bus.
#[derive(Clone, Debug)]
pub struct MemoryBus {
    connection: Arc<Connection>,
}

impl MemoryBus {
    pub(crate) fn new(connection: Arc<Connection>) -> Self {
        Self { connection }
    }
}

#[async_trait]
impl Bus for MemoryBus {
    fn assurance(&self) -> Assurance {
        self.connection
            .settings()
            .probe()
            .map_or(Assurance::Lossless, |probe| Assurance::Within(Probe::bound(probe)))
    }

    fn frame(&self, notice: &Notice) -> Frame {
        Frame::Plain(notice.clone())
    }

    async fn publish(&self, notice: &Notice, announced: Announced) -> Result<()> {
        self.connection
            .call(|state| {
                state.publish(notice, announced);
                Ok(())
            })
            .await
    }

    async fn subscribe(&self) -> Result<Box<dyn Subscription>> {
        Ok(Box::new(MemorySubscription::new(self.connection.clone())?))
    }
}
