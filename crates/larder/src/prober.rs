//! The task that finds out whether a server that was in trouble answers again.
//!
//! No caller does it, so that none waits for it. The [`mender`](crate::mender) asks by the same way whenever it has something to
//! tell, and need not wait until the rest is over; the circuit lets one of the two at a time.

use std::slice;
use std::sync::Arc;
use std::time::Duration;

use larder_core::{CacheName, Key, Namespace, Remote, Result};
use tokio::time::{sleep, timeout};

use crate::breaker::circuit::{Change, Went};
use crate::node::{Node, Patience};
use crate::step::judge;

/// How long it waits at least before it looks again: a clock may be a coarse one, or the mender may be asking just now.
const TICK: Duration = Duration::from_millis(10);

/// What a question came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    InTime,
    /// Too late for a read.
    Late,
    None,
}

/// Closes the circuit again whenever it has opened, until this process's part is shut down.
pub(crate) async fn probe(node: Arc<Node>, remote: Arc<dyn Remote>) {
    let probe = async {
        loop {
            node.opened.notified().await;
            while let Some(rest) = node.circuit.rest(node.clock.now()) {
                if rest.is_zero() {
                    node.probe(&*remote).await;
                }
                sleep(rest.max(TICK)).await;
            }
        }
    };
    tokio::select! {
        biased;
        () = node.closed() => {}
        () = probe => {}
    }
}

impl Node {
    /// Whether the server answers those who must reach it, whatever the breaker says. While it is open, one of them asks.
    pub(crate) async fn is_reached(&self, remote: &dyn Remote) -> bool {
        self.circuit.is_closed() || self.probe(remote).await
    }

    /// Asks the server something that changes nothing, and closes the circuit if the answer comes soon enough for a read.
    /// Returns whether there was an answer that is soon enough for a write.
    async fn probe(&self, remote: &dyn Remote) -> bool {
        let (Ok(key), Some(probe)) = (self.question(), self.circuit.probe()) else {
            return self.circuit.is_closed();
        };
        self.tell(Change::Probing);
        let mut answer = self.ask(remote, &key).await;
        if answer == Answer::Late {
            // One that was frozen until now is late for that alone.
            answer = self.ask(remote, &key).await;
        }
        let went = if answer == Answer::InTime { Went::Well } else { Went::Badly };
        self.tell(probe.end(went, self.clock.now()));
        answer != Answer::None
    }

    async fn ask(&self, remote: &dyn Remote, key: &Key) -> Answer {
        let Patience { read, write } = self.patience;
        let began = self.clock.now();
        let Ok(answer) = timeout(read.max(write), remote.get(slice::from_ref(key))).await else {
            return Answer::None;
        };
        let (error, took) = (answer.err().map(|error| error.kind()), self.clock.now().since(began));
        let went = |took| judge(error, took, self.circuit.breaker.slowness(read));
        match (went(took), went(Duration::ZERO)) {
            (_, Some(Went::Badly)) => Answer::None,
            (Some(Went::Badly), _) => Answer::Late,
            _ => Answer::InTime,
        }
    }

    /// A key that need not be there. Another one each time: on a cluster, masters do not die together.
    fn question(&self) -> Result<Key> {
        let namespace = Namespace::new(self.app.clone(), CacheName::new("breaker")?);
        Key::new(&namespace, &fastrand::u64(..))
    }
}
