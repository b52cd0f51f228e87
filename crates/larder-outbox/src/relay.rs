//! The relay: what is committed in the outbox, told to the fleet.

mod backoff;
mod leader;
mod work;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use larder::{Error, Result};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::backlog::Backlog;
use crate::database::{Database, Sealed};
#[cfg(feature = "metrics")]
use crate::meter;
use crate::outbox::Outbox;
use crate::voice::Voice;
pub(crate) use work::Record;
use work::Work;

/// Tells the fleet what is committed in an [`Outbox`], at least once.
///
/// Run one in every process of the service: one of them leads, the others wait for its end. That it announces the same twice,
/// or that two believe to lead for a moment, does no harm: what is dropped once more is loaded once more.
///
/// In Postgres it makes a connection of its own, by the options of the outbox's pool and without the hooks of that: what it is told
/// must not wait for a connection to become free.
///
/// # Examples
///
/// ```no_run
/// # async fn run(pool: sqlx::PgPool, larder: larder::Larder) -> larder::Result<()> {
/// use larder_outbox::{Outbox, Relay};
///
/// let outbox = Outbox::postgres(pool, "prod.shop")?;
/// let relay = Relay::new(&outbox, &larder)?.spawn();
/// // … until the process ends:
/// println!("{:?}", relay.stats().await?);
/// relay.stop().await;
/// # Ok(())
/// # }
/// ```
pub struct Relay<D: Database> {
    work: Work<D>,
    #[cfg(feature = "metrics")]
    metrics_every: Option<Duration>,
}

impl<D: Database> Relay<D> {
    /// A relay that does not run yet.
    ///
    /// # Errors
    ///
    /// `Invalid` if the voice is that of another app.
    pub fn new(outbox: &Outbox<D>, voice: impl Into<Voice>) -> Result<Self> {
        let voice = voice.into().of(&outbox.rows.app)?;
        let look = <D as Sealed>::POLL;
        Ok(Self {
            work: Work { outbox: outbox.clone(), voice, look, record: Arc::default() },
            #[cfg(feature = "metrics")]
            metrics_every: None,
        })
    }

    /// How often it looks for rows that nobody has told it of. Default: each second in Postgres, where it is told of all but
    /// those of a [silent](Outbox::silent) outbox, and ten times a second in SQLite.
    #[must_use]
    pub fn look_every(mut self, interval: Duration) -> Self {
        self.work.look = interval;
        self
    }

    /// Publishes metrics by itself, as [`publish_metrics`](RunningRelay::publish_metrics) does: at once, and then as often as this.
    ///
    /// Default: never.
    #[cfg(feature = "metrics")]
    #[must_use]
    pub fn metrics_every(self, interval: Duration) -> Self {
        Self { metrics_every: Some(interval), ..self }
    }

    /// Runs until it has something to tell, and the larder or the publisher is shut down. A database that does not answer is
    /// waited for.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, what has been announced just then may be announced once more, by whoever leads next.
    pub async fn run(self) {
        let (_never, stop) = watch::channel(false);
        Box::pin(self.run_until(stop)).await;
    }

    #[cfg(not(feature = "metrics"))]
    async fn run_until(self, stop: watch::Receiver<bool>) {
        self.work.run(stop).await;
    }

    #[cfg(feature = "metrics")]
    async fn run_until(self, stop: watch::Receiver<bool>) {
        let Some(interval) = self.metrics_every else {
            return self.work.run(stop).await;
        };
        let (outbox, record) = (self.work.outbox.clone(), self.work.record.clone());
        tokio::select! {
            biased;
            () = self.work.run(stop) => {}
            () = meter::publish_every(outbox, record, interval) => {}
        }
    }

    /// The same in a task of its own, until it is told to stop.
    ///
    /// # Panics
    ///
    /// Outside of a runtime of tokio.
    pub fn spawn(self) -> RunningRelay<D> {
        let (stopper, stop) = watch::channel(false);
        let (outbox, record) = (self.work.outbox.clone(), self.work.record.clone());
        let task = tokio::spawn(self.run_until(stop));
        RunningRelay { outbox, record, stopper, task }
    }
}

/// A relay that runs. If it is dropped, the relay stops by itself, in order, after what it is about.
pub struct RunningRelay<D: Database> {
    outbox: Outbox<D>,
    record: Arc<Record>,
    stopper: watch::Sender<bool>,
    task: JoinHandle<()>,
}

/// How a relay fares, and what is left to do.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RelayStats {
    /// What lies in the outbox, and how late it is. It is the same whichever relay of an app is asked.
    pub backlog: Backlog,
    /// Whether this relay is the one that announces.
    pub is_leader: bool,
    /// How many rows it has told the fleet of.
    pub handled: u64,
    /// How many of them it has told of once more, [as their writers wished](Outbox::again_after).
    pub repeated: u64,
    /// What it stumbled over last, if it has not recovered.
    pub trouble: Option<Error>,
}

impl<D: Database> RunningRelay<D> {
    /// How it fares. The backlog is asked of the database.
    ///
    /// # Errors
    ///
    /// As [`Outbox::backlog`].
    ///
    /// # Cancel safety
    ///
    /// It only reads.
    pub async fn stats(&self) -> Result<RelayStats> {
        let backlog = self.outbox.backlog().await?;
        Ok(self.record.stats(backlog))
    }

    /// Publishes the [`stats`](Self::stats) through the facade `metrics`, for the recorder that the service has installed.
    ///
    /// # Errors
    ///
    /// As [`Outbox::backlog`]; then nothing is published.
    ///
    /// # Cancel safety
    ///
    /// It only reads.
    #[cfg(feature = "metrics")]
    pub async fn publish_metrics(&self) -> Result<()> {
        let backlog = self.outbox.backlog().await?;
        meter::publish(self.outbox.rows.app.as_str(), &self.record, backlog);
        Ok(())
    }

    /// Whether this relay is the one that announces. Asks nobody.
    pub fn is_leader(&self) -> bool {
        self.record.is_leader()
    }

    /// Lets it end what it is about, and another one lead. What is not announced by then stays for that.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the relay stops all the same.
    pub async fn stop(self) {
        self.stopper.send_replace(true);
        // It ends by itself only, and if it has panicked there is nothing left to stop.
        _ = self.task.await;
    }
}

impl<D: Database> fmt::Debug for Relay<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Relay").field("outbox", &self.work.outbox).finish_non_exhaustive()
    }
}

impl<D: Database> fmt::Debug for RunningRelay<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunningRelay")
            .field("outbox", &self.outbox)
            .field("is_leader", &self.is_leader())
            .finish_non_exhaustive()
    }
}
