//! How long to wait before a connection is tried again.

use std::time::Duration;

use tokio::time::Instant;

/// The pauses between attempts: from the first to the longest.
const FIRST: Duration = Duration::from_millis(50);
const LONGEST: Duration = Duration::from_secs(1);

/// Pauses that grow without end to their number, each shortened by chance, so that a thousand nodes that lost the same
/// server do not come back in the same moment.
#[derive(Debug)]
pub(crate) struct Pauses {
    next: Duration,
    since: Instant,
}

impl Pauses {
    pub(crate) fn new() -> Self {
        Self { next: FIRST, since: Instant::now() }
    }

    /// Hears that a connection was made.
    pub(crate) fn connected(&mut self) {
        self.since = Instant::now();
    }

    /// Hears that it was lost. If it held for a while, the pauses begin anew; a server that hangs up on everybody at once
    /// is not asked more often for that.
    pub(crate) fn lost(&mut self) {
        if self.since.elapsed() >= LONGEST {
            self.next = FIRST;
        }
    }

    /// Waits for the next attempt: between half of the pause and all of it.
    pub(crate) async fn pass(&mut self) {
        let pause = self.next.mul_f64(0.5 + fastrand::f64() / 2.0);
        self.next = (self.next * 2).min(LONGEST);
        tokio::time::sleep(pause).await;
    }
}
