//! What is added, one after the other. Each step keeps what the ones before it have.

use std::sync::Arc;
use std::time::Duration;

use larder::memory::MemoryServer;
use larder::{AppName, Cache, Clock, Larder, StaleIfError, Tiers};

use crate::lease::Unleased;

/// How long a product is fresh, and how long it may be kept to be served in trouble.
const FRESH: Duration = Duration::from_secs(60);
const KEPT: Duration = Duration::from_secs(3_600);

/// How long a product is left alone whose load has failed, and how long readers wait for one where there is a stale product.
const REST: Duration = Duration::from_secs(30);
const SOFT: Duration = Duration::from_millis(30);

const APP: &str = "prod.shop";

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Step {
    Nothing,
    Local,
    SingleFlight,
    StaleIfError,
    EarlyRefresh,
    SoftTimeout,
    Shared,
    Jitter,
    Bus,
    Lease,
}

pub(crate) const STEPS: [Step; 10] = [
    Step::Nothing,
    Step::Local,
    Step::SingleFlight,
    Step::StaleIfError,
    Step::EarlyRefresh,
    Step::SoftTimeout,
    Step::Shared,
    Step::Jitter,
    Step::Bus,
    Step::Lease,
];

impl Step {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Nothing => "no cache",
            Self::Local => "+ memory of each instance",
            Self::SingleFlight => "+ one load per key",
            Self::StaleIfError => "+ stale if the load fails",
            Self::EarlyRefresh => "+ refresh ahead of time",
            Self::SoftTimeout => "+ soft timeout",
            Self::Shared => "+ shared tier",
            Self::Jitter => "+ jitter",
            Self::Bus => "+ bus",
            Self::Lease => "+ lease",
        }
    }

    /// An instance's part of the fleet.
    pub(crate) async fn instance(self, server: &MemoryServer, clock: &Clock) -> larder::Result<Larder> {
        let builder = Larder::builder(APP).clock(clock.clone());
        let link = server.connect(&APP.parse::<AppName>()?);
        match self {
            Self::Lease => builder.upstream(link.remote(), link.bus()),
            Self::Bus => builder.upstream(Unleased(Arc::new(link.remote())), link.bus()),
            _ if self >= Self::Shared => builder.remote(Unleased(Arc::new(link.remote()))),
            _ => builder,
        }
        .build()
        .await
    }

    /// Its products.
    pub(crate) fn products(self, larder: &Larder) -> larder::Result<Cache<u64, u64>> {
        let tiers = if self >= Self::Shared { Tiers::BOTH } else { Tiers::LOCAL };
        let cache = larder.cache("product").tiers(tiers).capacity(10_000);
        let cache = if self >= Self::Jitter { cache } else { cache.jitter(0) };
        let cache = if self >= Self::EarlyRefresh { cache.refresh_ahead(0.8) } else { cache };
        let cache = if self >= Self::SoftTimeout { cache.soft_timeout(SOFT) } else { cache };
        if self >= Self::StaleIfError {
            cache.time_to_live(KEPT).local_time_to_live(KEPT).fresh_for(FRESH).rest_after_error(REST)
        } else {
            cache.time_to_live(FRESH).stale_if_error(StaleIfError::Fail)
        }
        .build()
    }
}
