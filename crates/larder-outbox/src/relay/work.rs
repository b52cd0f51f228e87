//! What a relay does from its start to its end.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use larder::{Error, ErrorKind, Result};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use super::RelayStats;
use super::backoff::Backoff;
use super::leader::{Leader, Outcome};
use crate::backlog::Backlog;
use crate::database::{Database, Sealed, Session};
use crate::error::late;
use crate::outbox::Outbox;
use crate::voice::Voice;

/// How often those who do not lead look whether they can.
const TO_FOLLOW: Duration = Duration::from_secs(1);

/// How long the database may take for whatever it is asked. A connection that is dead and looks alive is found out by this.
const PATIENCE: Duration = Duration::from_secs(10);

/// A relay's part of the world.
pub(crate) struct Work<D: Database> {
    pub(crate) outbox: Outbox<D>,
    pub(crate) voice: Voice,
    pub(crate) look: Duration,
    pub(crate) record: Arc<Record>,
}

/// What a relay has done, for whoever asks.
#[derive(Debug, Default)]
pub(crate) struct Record {
    is_leader: AtomicBool,
    handled: AtomicU64,
    repeated: AtomicU64,
    trouble: Mutex<Option<Error>>,
    /// Whether the shared tier could not be told of rows that are still there.
    has_deferred: AtomicBool,
    /// Whether the recorder was told what the metrics mean.
    #[cfg(feature = "metrics")]
    pub(crate) described: std::sync::OnceLock<()>,
}

/// Whether to go on.
type Stop = watch::Receiver<bool>;

impl<D: Database> Work<D> {
    pub(crate) async fn run(self, mut stop: Stop) {
        let mut backoff = Backoff::new();
        while let Err(error) = self.serve(&mut stop, &mut backoff).await {
            self.record.is_leader.store(false, Ordering::Relaxed);
            if error.kind() == ErrorKind::Closed {
                break;
            }
            tracing::warn!(%error, "the relay of the outbox begins anew");
            self.record.stumble(Some(error));
            tokio::select! {
                () = sleep(backoff.next()) => {}
                () = stopped(&mut stop) => break,
            }
        }
        self.record.is_leader.store(false, Ordering::Relaxed);
    }

    /// Until the relay is stopped, or the way to the database is lost.
    async fn serve(&self, stop: &mut Stop, backoff: &mut Backoff) -> Result<()> {
        let open = <D as Sealed>::open(&self.outbox.pool, self.outbox.rows.clone());
        let mut session = within(open).await?;
        match self.work(&mut session, stop, backoff).await {
            Err(error) if error.kind() != ErrorKind::Closed => Err(error),
            // Nothing is wrong with the session, and another relay can go on at once.
            outcome => within(session.step_down()).await.and(outcome),
        }
    }

    async fn work(&self, session: &mut D::Session, stop: &mut Stop, backoff: &mut Backoff) -> Result<()> {
        while !*stop.borrow() {
            let outcome = self.step(session).await?;
            tokio::select! {
                waited = self.wait(session, outcome, backoff) => waited?,
                () = stopped(stop) => break,
            }
        }
        Ok(())
    }

    async fn wait(
        &self,
        session: &mut D::Session,
        outcome: Option<Outcome>,
        backoff: &mut Backoff,
    ) -> Result<()> {
        let limit = match outcome {
            Some(Outcome::More) => return Ok(()),
            Some(Outcome::Deferred) => {
                // Whatever is written meanwhile could not be told either.
                sleep(backoff.next()).await;
                return Ok(());
            }
            Some(Outcome::Done(next)) => {
                // Those that wait because they could not be told are not due, and the trouble is not over.
                if next.is_none() || !self.record.has_deferred.load(Ordering::Relaxed) {
                    self.record.stumble(None);
                }
                next.unwrap_or(self.look).min(self.look)
            }
            None => {
                self.record.stumble(None);
                TO_FOLLOW
            }
        };
        *backoff = Backoff::new();
        session.wait(limit).await
    }

    /// Does what there is to do for the one who leads. `None` if that is another.
    async fn step(&self, session: &mut D::Session) -> Result<Option<Outcome>> {
        if !within(session.lead()).await? {
            self.record.is_leader.store(false, Ordering::Relaxed);
            return Ok(None);
        }
        if !self.record.is_leader.swap(true, Ordering::Relaxed) {
            tracing::info!(app = %self.outbox.rows.app, "this relay of the outbox leads from now on");
            within(session.take_back()).await?;
        }
        let mut leader =
            Leader { session, voice: &self.voice, app: &self.outbox.rows.app, record: &self.record };
        leader.round().await.map(Some)
    }
}

impl Record {
    pub(crate) fn handled(&self, rows: usize, repeated: usize) {
        self.handled.fetch_add(rows as u64, Ordering::Relaxed);
        self.repeated.fetch_add(repeated as u64, Ordering::Relaxed);
    }

    pub(crate) fn defer(&self, has_deferred: bool) {
        self.has_deferred.store(has_deferred, Ordering::Relaxed);
        if has_deferred {
            let error = Error::new(ErrorKind::Unavailable, "the shared tier could not be told of all rows");
            self.stumble(Some(error));
        }
    }

    pub(crate) fn stumble(&self, over: Option<Error>) {
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = over;
    }

    pub(crate) fn is_leader(&self) -> bool {
        self.is_leader.load(Ordering::Relaxed)
    }

    pub(crate) fn stats(&self, backlog: Backlog) -> RelayStats {
        RelayStats {
            backlog,
            is_leader: self.is_leader(),
            handled: self.handled.load(Ordering::Relaxed),
            repeated: self.repeated.load(Ordering::Relaxed),
            trouble: self.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone(),
        }
    }
}

/// Returns when the relay is told to stop, or nobody is left who could tell it.
async fn stopped(stop: &mut Stop) {
    _ = stop.wait_for(|is_stopped| *is_stopped).await;
}

/// What the database says, if it says it in time.
pub(crate) async fn within<T>(answer: impl Future<Output = Result<T>>) -> Result<T> {
    timeout(PATIENCE, answer).await.unwrap_or_else(|_elapsed| Err(late()))
}
