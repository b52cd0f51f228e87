//! Steps on the shared tier: waited for, and counted by the breaker.

use std::future::Future;
use std::time::Duration;

use larder_core::{Error, ErrorKind, Event, Result};
use tokio::time::error::Elapsed;
use tokio::time::timeout;

use crate::breaker::circuit::{Change, Pass, Went};
use crate::node::Node;

/// For how long a step is waited for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Waiting {
    /// For all steps together of what it is a part of.
    pub(crate) whole: Duration,
    /// For this one.
    pub(crate) left: Duration,
}

impl Node {
    /// Waits for a step of a write.
    pub(crate) async fn wait_as_writer<T>(
        &self,
        step: impl Future<Output = Result<T>>,
        pass: Option<Pass>,
    ) -> Result<Result<T>, Elapsed> {
        let waiting = Waiting { whole: self.patience.write, left: self.patience.write };
        self.wait(step, waiting, pass).await
    }

    /// Waits for a step, and lets the breaker know how it went, if it passed there. One that is dropped meanwhile says
    /// nothing.
    pub(crate) async fn wait<T>(
        &self,
        step: impl Future<Output = Result<T>>,
        waiting: Waiting,
        pass: Option<Pass>,
    ) -> Result<Result<T>, Elapsed> {
        let began = self.clock.now();
        let outcome = timeout(waiting.left, step).await;
        let now = self.clock.now();
        let slowness = self.circuit.breaker.slowness(waiting.whole);
        let went = match &outcome {
            Ok(outcome) => judge(outcome.as_ref().err().map(Error::kind), now.since(began), slowness),
            // Who had little time left cannot blame the server.
            Err(_) => (waiting.left >= slowness / 2).then_some(Went::Badly),
        };
        if let (Some(pass), Some(went)) = (pass, went)
            && let Some(change) = self.circuit.note(pass, went, now)
        {
            self.tell(change);
        }
        outcome
    }

    /// Lets everybody know what has become of the breaker.
    pub(crate) fn tell(&self, change: Change) {
        let app = &self.app;
        match change {
            Change::Opened { calls, failed } => {
                tracing::warn!(%app, calls, failed, "the shared tier is in trouble and not used for now");
            }
            Change::Probing => tracing::debug!(%app, "the shared tier is asked whether it answers again"),
            Change::Reopened => tracing::debug!(%app, "the shared tier is still in trouble"),
            Change::Closed { after } => tracing::info!(%app, ?after, "the shared tier is used again"),
        }
        self.observe(&Event::Breaker { state: change.state() });
        if matches!(change, Change::Opened { .. }) {
            self.opened.notify_one();
        }
    }
}

/// Waits for a step that is no part of a read or a write: the breaker is not told of it.
pub(crate) async fn in_time<T>(patience: Duration, step: impl Future<Output = Result<T>>) -> Result<T> {
    timeout(patience, step).await.unwrap_or_else(|_| Err(elapsed()))
}

pub(crate) fn elapsed() -> Error {
    Error::new(ErrorKind::Elapsed, "the shared tier did not answer in time")
}

/// What an answer says of the server; nothing, if it was the caller who was wrong.
pub(crate) fn judge(error: Option<ErrorKind>, took: Duration, slowness: Duration) -> Option<Went> {
    match error {
        // Who refuses has answered: a full server is not a dead one.
        None | Some(ErrorKind::Refused) => Some(if took > slowness { Went::Badly } else { Went::Well }),
        Some(ErrorKind::Elapsed | ErrorKind::Unavailable | ErrorKind::Overloaded) => Some(Went::Badly),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(error: Option<ErrorKind>, took: u64, went: Option<Went>) {
        let [took, slowness] = [took, 50].map(Duration::from_millis);
        assert_eq!(judge(error, took, slowness), went, "{error:?} {took:?}");
    }

    #[test]
    fn only_what_the_server_did_not_do_in_time_is_bad() {
        check(None, 50, Some(Went::Well));
        check(None, 51, Some(Went::Badly));
        check(Some(ErrorKind::Refused), 1, Some(Went::Well));
        check(Some(ErrorKind::Unavailable), 1, Some(Went::Badly));
        check(Some(ErrorKind::Elapsed), 1, Some(Went::Badly));
        for own in [ErrorKind::Invalid, ErrorKind::TooLarge, ErrorKind::Codec, ErrorKind::Closed] {
            check(Some(own), 1_000, None);
        }
    }
}
