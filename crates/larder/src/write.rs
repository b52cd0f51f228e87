//! The write path.
//!
//! ```text
//!   drop here ─▶ one step per partition on the server: remove, number, announce ─▶ drop here again ─▶ receipt
//!                └─ not reached, or left alone: pending, and what the shared tier holds under it is not used until it is told
//! ```
//!
//! Writers who come while a step is under way share the next one: see [`batch`](crate::batch).
//!
//! The first drop is for the readers of this process who come during the step, the second for the loads that began before
//! it and have read what it removed: whoever begins to read after the receipt joins none of them. The whole runs in a
//! task of its own, so that a caller who is cancelled in the middle leaves no write that half of the fleet knows of.

use std::future::Future;
use std::sync::Arc;

use larder_core::{Announced, Error, ErrorKind, Frame, Moment, Notice, Result, Sequence, Token};
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use crate::intent::{Intent, Step};
use crate::node::Node;
use crate::receipt::Receipt;
use crate::upstream::Upstream;

/// As many steps are under way at once for one writer: more would wait for each other in the server's queue, and run out of
/// time there.
const MOST_AT_ONCE: usize = 64;

/// Whether a step is taken because somebody has just written, or because it could not be taken before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Attempt {
    First,
    Again,
}

/// What became of a step.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    Told(Receipt),
    /// It is deferred, because the server or the way to it said no, or because the breaker is open.
    Failed,
    /// It is deferred, because nobody said anything in time.
    Unanswered,
}

impl Taken {
    pub(crate) fn into_receipt(self) -> Receipt {
        match self {
            Self::Told(receipt) => receipt,
            Self::Failed | Self::Unanswered => Receipt::deferred(),
        }
    }
}

impl Node {
    /// Invalidates everywhere.
    pub(crate) async fn carry_out(self: &Arc<Self>, intents: Vec<Intent>) -> Result<Receipt> {
        let steps = Step::gather(intents);
        for step in &steps {
            self.drop_copies(&step.notice());
        }
        let node = self.clone();
        self.in_task(async move { node.take_all(steps, Attempt::First).await }).await
    }

    /// The same for who is in a task already, and has dropped what is here.
    pub(crate) async fn announce(self: &Arc<Self>, intents: impl IntoIterator<Item = Intent>) -> Receipt {
        self.take_all(Step::gather(intents), Attempt::First).await
    }

    /// Tells the server what is pending. Returns whether nothing is any more.
    pub(crate) async fn recover(self: &Arc<Self>) -> bool {
        let steps = Step::gather(self.recovery.pending());
        !self.take_all(steps, Attempt::Again).await.is_deferred()
    }

    /// Runs a write to its end, whatever becomes of its caller.
    pub(crate) async fn in_task<T: Send + 'static>(
        &self,
        write: impl Future<Output = T> + Send + 'static,
    ) -> Result<T> {
        let (done, outcome) = oneshot::channel();
        self.tasks.spawn(async move {
            // Nobody may be waiting any more.
            let _ = done.send(write.await);
        })?;
        outcome.await.map_err(|_| Error::new(ErrorKind::Closed, "the cache was shut down during a write"))
    }

    /// Takes steps side by side, and drops again when each is done.
    async fn take_all(self: &Arc<Self>, steps: Vec<Step>, attempt: Attempt) -> Receipt {
        let (mut under_way, mut receipt) = (JoinSet::new(), Receipt::default());
        for step in steps {
            if under_way.len() == MOST_AT_ONCE
                && let Some(taken) = under_way.join_next().await
            {
                receipt = receipt.and(taken.unwrap_or_else(|_| Receipt::deferred()));
            }
            let node = self.clone();
            under_way.spawn(async move {
                match attempt {
                    Attempt::First => node.take_with_others(step).await,
                    Attempt::Again => node.take(step, attempt).await.into_receipt(),
                }
            });
        }
        while let Some(taken) = under_way.join_next().await {
            receipt = receipt.and(taken.unwrap_or_else(|_| Receipt::deferred()));
        }
        receipt
    }

    /// Takes one step, or remembers that it could not be taken.
    pub(crate) async fn take(&self, step: Step, attempt: Attempt) -> Taken {
        let (notice, intents) = (step.notice(), step.clone().into_intents());
        let Some(upstream) = &self.upstream else {
            self.drop_copies(&notice);
            self.coherence.hear_of_tags(&notice, self.next_sequence());
            return Taken::Told(Receipt::default());
        };
        let pass = match attempt {
            Attempt::First => self.circuit.enter(),
            // What failed once may fail many times over, and the breaker must not take that for more than it is.
            Attempt::Again => None,
        };
        if attempt == Attempt::First && pass.is_none() {
            self.defer(step);
            return Taken::Failed;
        }
        let deferrals = self.recovery.deferrals();
        let now = self.clock.now();
        self.sends(&intents, now);
        // What is told again is pending already, unless it is not to be told any more.
        let mut untold = Untold { node: self, step: (attempt == Attempt::First).then(|| step.clone()) };
        let announced = match self.wait_as_writer(upstream.take(&step, &notice, now), pass).await {
            Ok(Ok(announced)) => announced,
            Ok(Err(_)) => return Taken::Failed,
            Err(_) => return Taken::Unanswered,
        };
        untold.step = None;
        self.drop_copies(&notice);
        self.hear_of_step(&notice, announced, now);
        self.coherence.hear_of_tags(&notice, announced.sequence);
        self.recovery.settle(&intents, deferrals);
        Taken::Told(Receipt::new([Token::new(notice.chain(), announced.sequence)], false))
    }

    /// Notes what is about to be sent. A failover may come between its effect and the answer, and take the effect back.
    pub(crate) fn sends(&self, intents: &[Intent], now: Moment) {
        self.recovery.told(intents, now, || self.last_found());
        self.coherence.counters.sent.add_one();
    }

    /// Hears from the server where an invalidation that was `sent` then has its place. That may be the first sign of a server
    /// that has gone back.
    pub(crate) fn hear_of_step(&self, notice: &Notice, announced: Announced, sent: Moment) {
        self.coherence.hear_of_step(notice.chain(), announced, sent);
        if self.doubt_outdated() {
            self.trouble.notify_one();
        }
    }

    /// Believes nothing of what the server has until that has been told to be outdated, if it was found to be. Returns whether
    /// it was.
    pub(crate) fn doubt_outdated(&self) -> bool {
        let is_outdated = self.coherence.take_outdated();
        if is_outdated {
            tracing::warn!(app = %self.app, "the server goes on from long ago: what it has is outdated");
            self.recovery.defer([Intent::Everything]);
        }
        is_outdated
    }

    /// Drops this process's copies, and fences what is being loaded. Tags take effect by their place in the server's
    /// order, once they have one.
    fn drop_copies(&self, notice: &Notice) {
        let shelves = &self.coherence.shelves;
        match notice {
            Notice::Keys(_, hashes) => shelves.evict(hashes),
            Notice::Expired(_, hashes) => shelves.expire(hashes),
            Notice::Cache(cache) => shelves.clear(Some(cache)),
            Notice::Everything => shelves.clear(None),
            _ => {}
        }
    }

    /// Keeps for later what the server could not be told.
    pub(crate) fn defer(&self, step: Step) {
        self.coherence.counters.deferred.add_one();
        let notice = step.notice();
        // Before the drop: who begins to read after it must not take what the shared tier still has.
        self.recovery.defer(step.into_intents());
        match notice {
            // Without a place in the order they cannot tell the old from the new, so that all is suspect.
            Notice::Tags(_) => self.coherence.fence.flush_all(),
            notice => self.drop_copies(&notice),
        }
        self.trouble.notify_one();
    }

    /// A place in an order of this process's own, where there is no server to give one.
    fn next_sequence(&self) -> Sequence {
        let by_clock = self.clock.unix_millis().saturating_mul(1_000);
        Sequence::new(by_clock.max(self.coherence.ledger.seen().get() + 1))
    }
}

/// A step that is deferred unless it is taken: whatever ends it, be it an error, its deadline, a panic or an abort.
struct Untold<'a> {
    node: &'a Node,
    /// `None` once it is taken.
    step: Option<Step>,
}

impl Drop for Untold<'_> {
    fn drop(&mut self) {
        if let Some(step) = self.step.take() {
            self.node.defer(step);
        }
    }
}

impl Upstream {
    /// One step on the server, and its announcement, if the server could not make it.
    async fn take(&self, step: &Step, notice: &Notice, now: Moment) -> Result<Announced> {
        let announced = self.remote.invalidate(&step.invalidation(now), &self.frame(notice)).await?;
        self.announce(notice, announced).await?;
        Ok(announced)
    }

    /// What the remote is to send with an invalidation.
    pub(crate) fn frame(&self, notice: &Notice) -> Frame {
        self.bus.as_ref().map_or_else(|| Frame::Plain(notice.clone()), |bus| bus.frame(notice))
    }

    /// Sends what the remote did not.
    pub(crate) async fn announce(&self, notice: &Notice, announced: Announced) -> Result<()> {
        match &self.bus {
            Some(bus) if !announced.sent => bus.publish(notice, announced).await,
            _ => Ok(()),
        }
    }
}
