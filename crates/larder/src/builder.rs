//! How a process's part of the fleet is set up.

use std::sync::Arc;
use std::time::Duration;

use larder_core::{AppName, Assurance, Bus, Capacity, Clock, Error, ErrorKind, Observer, Remote, Result};

use tokio::sync::{Notify, watch};

use crate::batch::Batches;
use crate::breaker::Breaker;
use crate::breaker::circuit::Circuit;
use crate::coherence::Coherence;
use crate::larder::Larder;
use crate::layout::{DeployGuard, Registry};
use crate::node::{Node, Patience};
use crate::owner::ProcessLocal;
use crate::publisher::Publisher;
use crate::recovery::Recovery;
use crate::start::Need;
use crate::tasks::Tasks;
#[cfg(feature = "redis")]
use crate::upstream::Tuning;
use crate::upstream::{Choice, Means, Upstream};
use crate::warm::Readiness;

/// Sets up a [`Larder`].
///
/// # Examples
///
/// Two instances of a service in one process, for a test:
///
/// ```
/// use larder::{Larder, memory::MemoryServer, Clock};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> larder::Result<()> {
/// let server = MemoryServer::new(Clock::default());
/// let first = Larder::builder("test.shop").embedded_on(&server).build().await?;
/// let second = Larder::builder("test.shop").embedded_on(&server).build().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use]
pub struct LarderBuilder {
    app: String,
    clock: Clock,
    upstream: Choice,
    patience: Patience,
    breaker: Breaker,
    capacity: Option<Capacity>,
    observer: Arc<dyn Observer>,
    need: Need,
    deploy_guard: DeployGuard,
    #[cfg(feature = "redis")]
    tuning: Tuning,
    #[cfg(feature = "metrics")]
    metrics_every: Option<Duration>,
}

impl LarderBuilder {
    pub(crate) fn new(app: String) -> Self {
        Self {
            app,
            clock: Clock::default(),
            upstream: Choice::Alone,
            patience: Patience::default(),
            breaker: Breaker::default(),
            capacity: None,
            observer: Arc::new(()),
            need: Need::Optional,
            deploy_guard: DeployGuard::default(),
            #[cfg(feature = "redis")]
            tuning: Tuning::default(),
            #[cfg(feature = "metrics")]
            metrics_every: None,
        }
    }

    /// Uses a shared tier and a bus within this process. No server is needed; nobody else shares it.
    ///
    /// Default: neither. Each process then has its own memory only, and does not hear of the others' writes.
    #[cfg(feature = "embedded")]
    pub fn embedded(self) -> Self {
        Self { upstream: Choice::Embedded(None), ..self }
    }

    /// Uses a shared tier and a bus within this process, which other instances in it share.
    #[cfg(feature = "embedded")]
    pub fn embedded_on(self, server: &larder_memory::MemoryServer) -> Self {
        Self { upstream: Choice::Embedded(Some(server.clone())), ..self }
    }

    /// Uses a shared tier and a bus on Redis or Valkey: a single server, the master that sentinels name, or a cluster. The
    /// forms of addresses are told at [`Address`](crate::redis::Address).
    ///
    /// A process has one connection to each master for calls, and one for the bus.
    #[cfg(feature = "redis")]
    pub fn redis<A>(self, address: A) -> Self
    where
        A: TryInto<larder_link::Address>,
        A::Error: Into<Error>,
    {
        Self { upstream: Choice::Redis(Box::new(address.try_into().map_err(Into::into))), ..self }
    }

    /// Sets how closely is watched whether this process hears all invalidations. The staleness bound comes of it.
    ///
    /// Default: every second, with half a second for the answer; on a cluster, a quarter of a second more.
    #[cfg(feature = "redis")]
    pub fn probing(mut self, probing: larder_bus::Probing) -> Self {
        self.tuning.probing = probing;
        self
    }

    /// Keeps a log of what is announced on the servers, and catches up from it after a short disconnection.
    ///
    /// Default: none is kept, and after a disconnection all copies in this process are suspect: each is fetched anew from the
    /// shared tier when it is next asked for. See [`RedisBus::log`](crate::redis::RedisBus::log).
    #[cfg(feature = "redis")]
    pub fn bus_log(mut self) -> Self {
        self.tuning.keeps_log = true;
        self
    }

    /// Does not start without the shared tier.
    ///
    /// Default: a process starts without it, and goes on trying to reach it.
    pub fn require_upstream(self) -> Self {
        Self { need: Need::Required, ..self }
    }

    /// Sets what is done about caches that would miss what other builds have stored, or are missed by them.
    ///
    /// Default: [`DeployGuard::Warn`].
    pub fn deploy_guard(self, what: DeployGuard) -> Self {
        Self { deploy_guard: what, ..self }
    }

    /// Uses a shared tier and a bus of one's own. The traits, and all that it takes to implement them, are in `larder_core`.
    pub fn upstream(self, remote: impl Remote, bus: impl Bus) -> Self {
        Self { upstream: Choice::Given(Arc::new(remote), Some(Arc::new(bus))), ..self }
    }

    /// Uses a shared tier without a bus. Copies in this process are then as stale as they are old.
    pub fn remote(self, remote: impl Remote) -> Self {
        Self { upstream: Choice::Given(Arc::new(remote), None), ..self }
    }

    /// Sets one limit for the local tier of all caches that have none of their own.
    ///
    /// Default: each cache has its own limit, of 10,000 entries if it is not told otherwise.
    pub fn capacity(self, capacity: Capacity) -> Self {
        Self { capacity: Some(capacity), ..self }
    }

    /// Sets for how long one read waits for the shared tier, over all its steps.
    ///
    /// Default: 50 ms.
    pub fn read_budget(mut self, budget: Duration) -> Self {
        self.patience.read = budget;
        self
    }

    /// Sets for how long a write waits for an answer of the shared tier before it is deferred. One that finds others under
    /// way may wait for their answer first, and then for its own.
    ///
    /// Default: 500 ms.
    pub fn write_deadline(mut self, deadline: Duration) -> Self {
        self.patience.write = deadline;
        self
    }

    /// Sets how often the shared tier may fail before it is left alone, and for how long.
    ///
    /// Default: [`Breaker::default`]. After half of at least five steps within five seconds have failed, for a second.
    pub fn breaker(self, breaker: Breaker) -> Self {
        Self { breaker, ..self }
    }

    /// Sets the clock. One that is not the system's should agree with tokio's timers.
    ///
    /// Default: [`Clock::coarse`].
    pub fn clock(self, clock: Clock) -> Self {
        Self { clock, ..self }
    }

    /// Sets who is told what happens inside.
    ///
    /// Default: nobody.
    pub fn observer(self, observer: impl Observer) -> Self {
        Self { observer: Arc::new(observer), ..self }
    }

    /// Publishes metrics by itself, as [`publish_metrics`](Larder::publish_metrics) does: once this is built, and then as
    /// often as that, until it ends.
    ///
    /// Default: only when it is asked to.
    #[cfg(feature = "metrics")]
    pub fn metrics_every(self, interval: Duration) -> Self {
        Self { metrics_every: Some(interval), ..self }
    }

    /// Starts. Must be called within a tokio runtime, of either kind.
    ///
    /// It waits until the process is in sync with the fleet, half a second at most; if it is not by then, caches begin as
    /// they are told to do [while disconnected](crate::CacheBuilder::while_disconnected), and this goes on in the background.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Invalid`] with the name and the value of a setting that cannot work. [`ErrorKind::Refused`] if the shared tier
    /// can be reached and not be used: a permission is missing, an app of that name is laid out otherwise, or what is sent
    /// on the bus is not heard. One that cannot be reached is no error, unless it is
    /// [required](Self::require_upstream).
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, nothing was started.
    pub async fn build(self) -> Result<Larder> {
        let app = AppName::new(&self.app)?;
        check("read_budget", self.patience.read)?;
        check("write_deadline", self.patience.write)?;
        #[cfg(feature = "metrics")]
        check("metrics_every", self.metrics_every.unwrap_or(Duration::MAX))?;
        self.breaker.check()?;
        if let Some(capacity @ (Capacity::Entries(0) | Capacity::Bytes(0))) = self.capacity {
            return Err(Error::new(ErrorKind::Invalid, "caches without room should be without a local tier")
                .with("setting", "capacity")
                .with("value", format_args!("{capacity:?}")));
        }
        let means = Means {
            app: &app,
            clock: &self.clock,
            #[cfg(feature = "redis")]
            tuning: self.tuning,
        };
        let upstream = self.upstream.connect(&means)?;
        let node = Arc::new(Node {
            coherence: Arc::new(Coherence::new(assurance(upstream.as_ref()), self.observer.clone())),
            registry: Registry::new(app.clone(), self.deploy_guard),
            app,
            circuit: Circuit::new(self.breaker, self.patience.read, self.clock.now()),
            clock: self.clock,
            recovery: Recovery::new(),
            batches: Batches::new(),
            upstream,
            patience: self.patience,
            observer: self.observer,
            tasks: Tasks::new(),
            readiness: Arc::new(Readiness::new()),
            trouble: Notify::new(),
            opened: Notify::new(),
            mended: Notify::new(),
            heard: Notify::new(),
            closing: watch::Sender::new(false),
            learning: tokio::sync::Mutex::new(()),
            #[cfg(feature = "metrics")]
            described: std::sync::Once::new(),
        });
        let larder = Larder::new(node.clone(), ProcessLocal::new(self.capacity));
        node.start(self.need).await?;
        #[cfg(feature = "metrics")]
        if let Some(interval) = self.metrics_every {
            node.tasks.spawn(crate::meter::publish_every(node.clone(), interval))?;
        }
        tracing::info!(app = %node.app, in_sync = larder.is_in_sync(), "started");
        Ok(larder)
    }

    /// The same for a process that announces and caches nothing.
    ///
    /// # Errors
    ///
    /// As [`build`](Self::build).
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, nothing was started.
    pub async fn publisher(self) -> Result<Publisher> {
        self.build().await.map(Publisher::new)
    }
}

/// How much may be lost on the way without being reported. Without a shared tier there is nothing to hear, and without a
/// bus nothing is ever heard.
fn assurance(upstream: Option<&Upstream>) -> Assurance {
    upstream.and_then(|upstream| upstream.bus.as_ref()).map_or(Assurance::None, |bus| bus.assurance())
}

fn check(name: &'static str, duration: Duration) -> Result<()> {
    if duration.is_zero() {
        return Err(Error::new(ErrorKind::Invalid, "a time to wait must not be zero")
            .with("setting", name)
            .with("value", format_args!("{duration:?}")));
    }
    Ok(())
}
