//! What a read asks of the shared tier, within its budget.

use std::slice;
use std::sync::Arc;

use bytes::Bytes;
use larder_core::{Error, Event, Key, Moment, Remote, Result};
use tokio::time::Instant;

use crate::breaker::is_cut_off;
use crate::budget::Budget;
use crate::flight::Bearings;
use crate::route::Route;
use crate::store::{Found, Store};

impl<V: Send + Sync + 'static> Store<V> {
    /// Asks the shared tier. If it does not answer, it has nothing.
    pub(crate) async fn look_remote(
        &self,
        key: &Key,
        route: Route,
        bearings: Bearings,
        budget: &mut Budget,
    ) -> Found<V> {
        match self.stored(key, route, budget).await {
            Some((stored, asked)) => self.judge(key, stored, bearings, asked, route),
            None => Found::Nothing,
        }
    }

    /// What the shared tier has under a key, and when it was asked for that.
    pub(crate) async fn stored(
        &self,
        key: &Key,
        route: Route,
        budget: &mut Budget,
    ) -> Option<(Bytes, Moment)> {
        let remote = self.remote(key, route)?;
        let asked = self.shelf.now();
        match self.ask(&**remote, slice::from_ref(key), asked, budget).await {
            Ok(mut stored) => Some((stored.pop().flatten()?, asked)),
            Err(error) => {
                self.degraded(&error);
                None
            }
        }
    }

    /// Asks for what is stored, and first for what tags have been invalidated, if this node may have missed some.
    pub(crate) async fn ask(
        &self,
        remote: &dyn Remote,
        keys: &[Key],
        now: Moment,
        budget: &mut Budget,
    ) -> Result<Vec<Option<Bytes>>> {
        let timer = Instant::now();
        let stored = if self.node.coherence.knows_tags(now) {
            budget.spend(remote.get(keys)).await
        } else {
            // Boxed, for every read would have to make room for what seldom happens.
            Box::pin(self.ask_for_tags_too(remote, keys, budget)).await
        };
        if !stored.as_ref().is_err_and(is_cut_off) {
            self.counters.remote_time.record(timer.elapsed());
        }
        stored
    }

    async fn ask_for_tags_too(
        &self,
        remote: &dyn Remote,
        keys: &[Key],
        budget: &mut Budget,
    ) -> Result<Vec<Option<Bytes>>> {
        let (stored, tags_at) = budget.spend(remote.get_and_tags(keys)).await?;
        if tags_at > self.node.coherence.ledger.known() {
            budget.spend(self.node.learn_up_to(remote, tags_at)).await?;
        }
        Ok(stored)
    }

    /// The shared tier, if this read makes use of it, and it has been told all that it should know of the key.
    pub(crate) fn remote(&self, key: &Key, route: Route) -> Option<&Arc<dyn Remote>> {
        let remote = self.node.remote().filter(|_| route.tiers.has_remote() && self.envelope.is_some())?;
        Some(remote).filter(|_| !self.node.recovery.doubts(key))
    }

    pub(crate) fn budget(&self) -> Budget {
        Budget::new(self.node.clone())
    }

    pub(crate) fn degraded(&self, error: &Error) {
        self.counters.degraded.add_one();
        // That the breaker is open is told once, and not by every read that goes on without.
        if is_cut_off(error) {
            return;
        }
        tracing::debug!(cache = %self.name, %error, "the shared tier is of no help");
        self.node.observe(&Event::Degraded { cache: &self.name, error });
    }
}
