//! The write path.
//!
//! ```text
//!   drop here ─▶ one step per partition on the server: remove, number, announce ─▶ drop here again ─▶ receipt
//!                └─ not reached: pending, and what the shared tier holds under it is not used until it is told
//! ```
//!
//! The first drop is for the readers of this process who come during the step, the second for the loads that began before
//! it and have read what it removed: whoever begins to read after the receipt joins none of them. The whole runs in a
//! task of its own, so that a caller who is cancelled in the middle leaves no write that half of the fleet knows of.

use std::sync::Arc;

use larder_core::{Announced, Error, ErrorKind, Frame, Notice, Result, Sequence, Token};
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::intent::{Intent, Step};
use crate::node::{Node, Upstream};
use crate::receipt::Receipt;

impl Node {
    /// Invalidates everywhere.
    pub(crate) async fn carry_out(self: &Arc<Self>, intents: Vec<Intent>) -> Result<Receipt> {
        let steps = Step::gather(intents);
        for step in &steps {
            self.drop_copies(step);
        }
        let (done, receipt) = oneshot::channel();
        let node = self.clone();
        self.tasks.spawn(async move {
            // Nobody may be waiting any more.
            let _ = done.send(node.take_all(steps).await);
        })?;
        receipt.await.map_err(|_| Error::new(ErrorKind::Closed, "the cache was shut down during a write"))
    }

    /// Tells the server what is pending. Returns whether nothing is any more.
    pub(crate) async fn recover(self: &Arc<Self>) -> bool {
        !self.announce(self.recovery.pending()).await.is_deferred()
    }

    /// The same for who is in a task already, and has dropped what is here.
    pub(crate) async fn announce(self: &Arc<Self>, intents: impl IntoIterator<Item = Intent>) -> Receipt {
        self.take_all(Step::gather(intents)).await
    }

    /// Takes all steps at once, and drops again when each is done.
    async fn take_all(self: &Arc<Self>, steps: Vec<Step>) -> Receipt {
        let mut under_way = JoinSet::new();
        for step in steps {
            let node = self.clone();
            under_way.spawn(async move { node.take(step).await });
        }
        let mut receipt = Receipt::default();
        while let Some(taken) = under_way.join_next().await {
            receipt = receipt.and(taken.unwrap_or_else(|_| Receipt::new(Vec::new(), true)));
        }
        receipt
    }

    /// Takes one step, or remembers that it could not be taken.
    async fn take(&self, step: Step) -> Receipt {
        let notice = step.notice();
        let Some(upstream) = &self.upstream else {
            self.drop_copies(&step);
            self.coherence.hear_of_tags(&notice, self.next_sequence());
            return Receipt::default();
        };
        let deferrals = self.recovery.deferrals();
        let taken = timeout(self.patience.write, upstream.take(&step, &notice)).await;
        let Ok(Ok(sequence)) = taken else {
            // Before the drop: who begins to read after it must not take what the shared tier still has.
            self.defer(step.clone());
            self.drop_copies(&step);
            return Receipt::new(Vec::new(), true);
        };
        self.drop_copies(&step);
        self.coherence.hear_of_tags(&notice, sequence);
        let intents = step.into_intents();
        self.recovery.settle(&intents, deferrals);
        self.recovery.told(intents, self.clock.now());
        Receipt::new(vec![Token::new(notice.chain(), sequence)], false)
    }

    /// Drops this process's copies, and fences what is being loaded. Tags take effect by their place in the server's
    /// order, once they have one.
    fn drop_copies(&self, step: &Step) {
        let shelves = &self.coherence.shelves;
        match step.notice() {
            Notice::Keys(_, hashes) => shelves.evict(&hashes),
            Notice::Expired(_, hashes) => shelves.expire(&hashes),
            Notice::Cache(cache) => shelves.clear(Some(&cache)),
            Notice::Everything => shelves.clear(None),
            _ => {}
        }
    }

    /// Keeps a step that could not be taken for later.
    fn defer(&self, step: Step) {
        if let Step::Tags(_) = step {
            // Without a place in the order they cannot tell the old from the new, so that all is suspect.
            self.coherence.fence.flush_all();
        }
        self.recovery.defer(step.into_intents());
        self.trouble.notify_one();
    }

    /// A place in an order of this process's own, where there is no server to give one.
    fn next_sequence(&self) -> Sequence {
        let by_clock = self.clock.unix_millis().saturating_mul(1_000);
        Sequence::new(by_clock.max(self.coherence.ledger.seen().get() + 1))
    }
}

impl Upstream {
    /// One step on the server, and its announcement, if the server could not make it.
    async fn take(&self, step: &Step, notice: &Notice) -> Result<Sequence> {
        let announced = self.remote.invalidate(&step.invalidation(), &self.frame(notice)).await?;
        self.announce(notice, announced).await?;
        Ok(announced.sequence)
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
