//! An outbox by one connection, and a node that is told.

use larder_outbox::{Outbox, Relay, RunningRelay};
use larder_testkit::redis::RedisServer;
use sqlx::pool::Pool;

use crate::homes::Home;
use crate::rig::{Node, Renamed, emptied};

pub(super) struct Stage<H: Home> {
    pub(super) home: H,
    /// Of one connection.
    pub(super) pool: Pool<H::D>,
    /// By that.
    pub(super) outbox: Outbox<H::D>,
    pub(super) node: Node,
    pub(super) redis: RedisServer,
}

impl<H: Home> Stage<H> {
    pub(super) async fn set() -> Self {
        let (home, redis) = (H::start().await, RedisServer::start().unwrap());
        let (pool, outbox) = home.narrow().await;
        let node = Node::start(&redis).await;
        Self { home, pool, outbox, node, redis }
    }

    /// A relay that has a pool of its own.
    pub(super) fn relay(&self) -> RunningRelay<H::D> {
        Relay::new(self.home.outbox(), &self.node.larder).unwrap().spawn()
    }

    /// How many rows wait, by the connection that was left. Whoever left it has committed by then, or never will.
    pub(super) async fn pending(&self) -> u64 {
        self.outbox.backlog().await.unwrap().pending
    }

    /// Commits a row over the connection that was left.
    pub(super) async fn write(&self, id: u64) {
        let mut transaction = self.pool.begin().await.unwrap();
        self.outbox.announce(&mut transaction, &Renamed(id)).await.unwrap();
        transaction.commit().await.unwrap();
    }

    /// A row that is written now is told, and so are these that were written before.
    pub(super) async fn check_sound(&self, written: &[u64], context: &str) {
        self.node.load(0).await;
        self.write(0).await;
        assert_eq!(self.pending().await, written.len() as u64 + 1, "{context}");
        let relay = self.relay();
        for id in written.iter().chain([&0]) {
            self.node.forgets(*id).await;
        }
        emptied::<H>(&self.outbox).await;
        relay.stop().await;
    }
}
