//! A fleet, what happens in its domain, and patience.

use std::time::Duration;

use larder::Clock;
use larder::{Cache, DomainEvent, Larder, Touched};
use larder_outbox::Outbox;
use larder_testkit::redis::RedisServer;
use tokio::time::sleep;

use crate::homes::Home;

pub(crate) const APP: &str = "test.shop";

/// How long anything may take on a machine with other things to do.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A user has another name.
#[derive(Clone, Copy)]
pub(crate) struct Renamed(pub(crate) u64);

impl DomainEvent for Renamed {
    fn touches(&self, touched: &mut Touched) {
        touched.key("user", &self.0);
    }
}

/// One process of the fleet, as far as the fleet can tell.
pub(crate) struct Node {
    pub(crate) larder: Larder,
    pub(crate) users: Cache<u64, String>,
}

impl Node {
    pub(crate) async fn start(redis: &RedisServer) -> Self {
        Self::at(&redis.url()).await
    }

    pub(crate) async fn at(url: &str) -> Self {
        let larder = Larder::builder(APP).redis(url).build().await.unwrap();
        let users = larder.cache("user").build().unwrap();
        until("the node is in sync", async || larder.is_in_sync()).await;
        Self { larder, users }
    }

    /// Has a copy of the user from then on.
    pub(crate) async fn load(&self, id: u64) {
        let load = |id: u64| async move { Ok::<_, std::io::Error>(format!("user {id}")) };
        self.users.get_or_load(&id, load).await.unwrap();
        assert!(self.has(id).await);
    }

    pub(crate) async fn has(&self, id: u64) -> bool {
        self.users.get(&id).await.unwrap().is_some()
    }

    /// How long it takes until this node has no copy any more.
    pub(crate) async fn forgets(&self, id: u64) -> Duration {
        let clock = Clock::precise();
        let began = clock.now();
        until("the copy is gone", async || !self.has(id).await).await;
        clock.now().since(began)
    }
}

/// A write whose writer says nothing to the fleet, as if it had died right after COMMIT.
pub(crate) async fn write<H: Home>(home: &H, outbox: &Outbox<H::D>, id: u64) {
    let mut transaction = home.pool().begin().await.unwrap();
    outbox.announce(&mut transaction, &Renamed(id)).await.unwrap();
    transaction.commit().await.unwrap();
}

/// Until there is nothing left to tell.
pub(crate) async fn emptied<H: Home>(outbox: &Outbox<H::D>) {
    until("the outbox is empty", async || {
        let backlog = outbox.backlog().await.unwrap();
        backlog.pending + backlog.again == 0
    })
    .await;
}

/// Looks again and again.
pub(crate) async fn until(awaited: &str, look: impl AsyncFn() -> bool) {
    let clock = Clock::precise();
    let began = clock.now();
    while !look().await {
        assert!(clock.now().since(began) < PATIENCE, "waited in vain: {awaited}");
        sleep(Duration::from_millis(2)).await;
    }
}
