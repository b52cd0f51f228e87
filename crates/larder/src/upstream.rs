//! What a process shares with the fleet.

use std::sync::Arc;

use larder_core::{AppName, Bus, Clock, Remote, Result};

/// The tier that the fleet shares, and what it hears of invalidations by.
#[derive(Clone)]
pub(crate) struct Upstream {
    pub(crate) remote: Arc<dyn Remote>,
    /// `None`: copies are as stale as they are old.
    pub(crate) bus: Option<Arc<dyn Bus>>,
}

/// How a process is told where that is.
#[derive(Debug)]
pub(crate) enum Choice {
    Alone,
    #[cfg(feature = "embedded")]
    Embedded(Option<larder_memory::MemoryServer>),
    #[cfg(feature = "redis")]
    Redis(Box<Result<larder_link::Address>>),
    Given(Arc<dyn Remote>, Option<Arc<dyn Bus>>),
}

/// What a connection is made with.
#[cfg_attr(
    not(any(feature = "embedded", feature = "redis")),
    expect(dead_code, reason = "only what is made here needs it")
)]
pub(crate) struct Means<'a> {
    pub(crate) app: &'a AppName,
    pub(crate) clock: &'a Clock,
    #[cfg(feature = "redis")]
    pub(crate) tuning: Tuning,
}

/// How the bus is set up.
#[cfg(feature = "redis")]
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tuning {
    pub(crate) probing: larder_bus::Probing,
    pub(crate) keeps_log: bool,
}

impl Choice {
    /// Begins to connect, if there is something to connect to.
    #[cfg_attr(
        not(any(feature = "embedded", feature = "redis")),
        expect(unused_variables, reason = "only what is made here needs them")
    )]
    #[cfg_attr(
        not(feature = "redis"),
        expect(clippy::unnecessary_wraps, reason = "only an address can be wrong")
    )]
    pub(crate) fn connect(self, means: &Means<'_>) -> Result<Option<Upstream>> {
        Ok(match self {
            Self::Alone => None,
            #[cfg(feature = "embedded")]
            Self::Embedded(server) => {
                let server = server.unwrap_or_else(|| larder_memory::MemoryServer::new(means.clock.clone()));
                let link = server.connect(means.app);
                Some(Upstream { remote: Arc::new(link.remote()), bus: Some(Arc::new(link.bus())) })
            }
            #[cfg(feature = "redis")]
            Self::Redis(address) => Some(redis((*address)?, means)?),
            Self::Given(remote, bus) => Some(Upstream { remote, bus }),
        })
    }
}

#[cfg(feature = "redis")]
fn redis(address: larder_link::Address, means: &Means<'_>) -> Result<Upstream> {
    let remote = larder_redis::RedisRemote::open(address, means.app.clone());
    let bus = larder_bus::RedisBus::new(remote.link().clone(), means.app.clone(), means.clock.clone());
    let bus = bus.probing(means.tuning.probing)?;
    let bus = if means.tuning.keeps_log { bus.log() } else { bus };
    Ok(Upstream { remote: Arc::new(remote), bus: Some(Arc::new(bus)) })
}
