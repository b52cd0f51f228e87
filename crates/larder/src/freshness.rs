//! Reads at least as fresh as a receipt.

use larder_core::{Chain, Key, Token};

use crate::receipt::Receipt;
use crate::route::Route;
use crate::store::Store;

impl<V: Send + Sync + 'static> Store<V> {
    /// Does what the notices behind a receipt would do to `keys`, for those that have not come yet. Then a read of them
    /// is as fresh as the receipt asks: what this process had is gone, what it is loading is fenced, and what the shared
    /// tier has was stored after the receipt was written.
    ///
    /// Returns a route to the origin, if it cannot be known which tags were invalidated.
    pub(crate) async fn catch_up(&self, keys: &[Key], receipt: &Receipt, route: Route) -> Route {
        let mut knows_tags = true;
        for token in receipt.tokens().iter().filter(|token| self.is_behind(**token)) {
            match token.chain() {
                Chain::Keys(partition) => {
                    let concerned = keys.iter().filter(|key| key.hash().partition() == partition);
                    concerned.for_each(|key| self.shelf.evict(key.hash()));
                }
                Chain::Tags => knows_tags = self.catch_up_with_tags(*token).await,
            }
        }
        if knows_tags {
            return route;
        }
        for key in keys {
            self.shelf.evict(key.hash());
        }
        route.past_local().past_remote()
    }

    fn is_behind(&self, token: Token) -> bool {
        let coherence = &self.node.coherence;
        let reached = match token.chain() {
            Chain::Keys(_) => coherence.chains.position(token.chain()),
            Chain::Tags => Some(coherence.ledger.known()),
        };
        reached < Some(token.sequence())
    }

    async fn catch_up_with_tags(&self, token: Token) -> bool {
        let Some(remote) = self.node.remote() else {
            return false;
        };
        match self.budget().spend(self.node.learn_up_to(&**remote, token.sequence())).await {
            Ok(()) => true,
            Err(error) => {
                self.degraded(&error);
                false
            }
        }
    }
}
