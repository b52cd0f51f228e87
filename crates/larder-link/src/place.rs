//! What a connection leads to, over all reconnections.

use std::future::pending;

use redis::aio::MultiplexedConnection;
use redis::{PushInfo, RedisResult};

use crate::sentinel::{Sentinels, confirm_master};
use crate::target::Target;

/// A place that may be at one server today and at another tomorrow.
#[derive(Clone, Debug)]
pub(crate) enum Place {
    Fixed(Target),
    Master(Sentinels),
}

impl Place {
    /// Connects, and says to which server.
    pub(crate) async fn connect(
        &self,
        hear: impl Fn(PushInfo) + Send + Sync + 'static,
    ) -> RedisResult<(MultiplexedConnection, Target)> {
        match self {
            Self::Fixed(target) => Ok((target.connect(hear).await?, target.clone())),
            Self::Master(sentinels) => {
                let target = sentinels.find().await?;
                let mut connection = target.connect(hear).await?;
                confirm_master(&mut connection).await?;
                Ok((connection, target))
            }
        }
    }

    /// Returns when it is no longer at this server.
    pub(crate) async fn left(&self, server: &Target) {
        match self {
            Self::Fixed(_) => pending().await,
            Self::Master(sentinels) => sentinels.replaced(server).await,
        }
    }

    pub(crate) fn name(&self) -> String {
        match self {
            Self::Fixed(target) => target.place(),
            Self::Master(sentinels) => sentinels.name.clone(),
        }
    }
}
