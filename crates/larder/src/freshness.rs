//! Reads at least as fresh as a receipt.

use larder_core::{Chain, Key, Token};

use crate::read::Route;
use crate::receipt::Receipt;
use crate::store::Store;

impl<V: Send + Sync + 'static> Store<V> {
    /// Does what the notices behind a receipt would do to `key`, for those that have not come yet. Then a read of it
    /// is as fresh as the receipt asks: what this process had is gone, what it is loading is fenced, and what the shared
    /// tier has was stored after the receipt was written.
    ///
    /// Returns a route around the shared tier, if it cannot be known which tags were invalidated.
    pub(crate) async fn catch_up(&self, key: &Key, receipt: &Receipt, route: Route) -> Route {
        let behind = receipt.tokens().iter().filter(|token| self.is_behind(**token));
        let mut route = route;
        for token in behind {
            match token.chain() {
                Chain::Keys(partition) if partition == key.hash().partition() => self.shelf.evict(key.hash()),
                Chain::Keys(_) => {}
                Chain::Tags if self.catch_up_with_tags().await => {}
                Chain::Tags => {
                    self.shelf.evict(key.hash());
                    route.tiers = route.tiers.without_remote();
                }
            }
        }
        route
    }

    fn is_behind(&self, token: Token) -> bool {
        let coherence = &self.node.coherence;
        let position = coherence.chains.position(token.chain());
        let is_known = match token.chain() {
            Chain::Keys(_) => position.is_some_and(|position| position >= token.sequence()),
            Chain::Tags => coherence.ledger.known() >= token.sequence(),
        };
        !is_known
    }

    async fn catch_up_with_tags(&self) -> bool {
        let Some(remote) = self.node.remote() else {
            return false;
        };
        let known = self.node.coherence.ledger.known();
        match self.budget().spend(remote.invalidated_tags(known)).await {
            Ok(missed) => {
                self.node.coherence.learn(&missed);
                true
            }
            Err(error) => {
                self.degraded(&error);
                false
            }
        }
    }
}
