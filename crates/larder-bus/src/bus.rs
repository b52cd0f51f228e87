//! The bus.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use async_trait::async_trait;
use bytes::Bytes;
use larder_core::{
    Announced, AppName, Assurance, Bus, Clock, Connection, Error, ErrorKind, Frame, Notice, Result,
    Subscription,
};
use larder_link::{Link, slot_of};

use crate::channel;
use crate::garbage::Garbage;
use crate::listener::{CatchUp, Listener, Setup};
use crate::probing::Probing;
use crate::subscription::RedisSubscription;
use crate::wire;

/// The invalidation bus of one app on a channel of Redis or Valkey.
#[derive(Clone)]
pub struct RedisBus {
    setup: Setup,
    channel: Bytes,
    /// Random per process.
    sender: u64,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    listeners: Mutex<Vec<Weak<Listener>>>,
    garbage: Arc<Garbage>,
}

impl RedisBus {
    /// The bus of `app` on the servers that the link leads to. `clock` says when they were asked where the chains stand.
    pub fn new(link: Link, app: AppName, clock: Clock) -> Self {
        Self {
            channel: channel::notices(&app, link.address()).into(),
            setup: Setup { link, app, clock, probing: Probing::default(), catch_up: CatchUp::default() },
            sender: fastrand::u64(..),
            shared: Arc::default(),
        }
    }

    /// Sets how closely is watched whether everything is heard.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Invalid`] if it cannot work.
    pub fn probing(self, probing: Probing) -> Result<Self> {
        probing.validate()?;
        Ok(Self { setup: Setup { probing, ..self.setup }, ..self })
    }

    /// Keeps a log of notices on the servers, and catches up from it after a short disconnection, instead of taking all
    /// copies for suspect. About a thousand notices are kept for each partition. All writers fill the log, whether they
    /// keep one or not, and it vanishes ten minutes after the last listener that does.
    #[must_use]
    pub fn log(self) -> Self {
        Self { setup: Setup { catch_up: CatchUp::FromLog, ..self.setup }, ..self }
    }

    /// How many messages have come that could not be read.
    pub fn unreadable(&self) -> u64 {
        self.shared.garbage.heard()
    }

    fn listen(&self) -> RedisSubscription {
        RedisSubscription::new(Arc::new(Listener::new(self.setup.clone(), self.shared.garbage.clone())))
    }
}

#[async_trait]
impl Bus for RedisBus {
    fn assurance(&self) -> Assurance {
        Assurance::Within(self.setup.probing.bound(self.setup.link.is_cluster()))
    }

    fn frame(&self, notice: &Notice) -> Frame {
        let (head, body) = wire::encode(notice, self.sender);
        Frame::Bytes { channel: self.channel.clone(), head, body }
    }

    async fn publish(&self, notice: &Notice, announced: Announced) -> Result<()> {
        let (head, body) = wire::encode(notice, self.sender);
        let sequences = [announced.previous, announced.sequence].map(|sequence| sequence.get().to_le_bytes());
        let message = [&head[..], &sequences.concat(), &body].concat();
        let mut command = redis::cmd("PUBLISH");
        command.arg(&self.channel[..]).arg(message);
        self.setup.link.call(slot_of(notice.chain()), &command).await.map(drop)
    }

    async fn subscribe(&self) -> Result<Box<dyn Subscription>> {
        let subscription = self.listen();
        let mut listeners = self.shared.listeners.lock().unwrap_or_else(PoisonError::into_inner);
        listeners.retain(|listener| listener.strong_count() > 0);
        listeners.push(Arc::downgrade(subscription.listener()));
        Ok(Box::new(subscription))
    }

    async fn check(&self) -> Result<()> {
        let subscription = self.listen();
        let mut standing = subscription.listener().standing();
        let is_settled = |standing: &crate::listener::Standing| {
            standing.is_in_sync || standing.connection.trouble.is_some()
        };
        let gone = |_| Error::new(ErrorKind::Closed, "nobody listens any more");
        let standing = standing.wait_for(is_settled).await.map_err(gone)?;
        match &standing.connection.trouble {
            Some(trouble) if !standing.is_in_sync => Err(trouble.clone()),
            _ => Ok(()),
        }
    }

    fn connections(&self) -> Vec<Connection> {
        let listeners = self.shared.listeners.lock().unwrap_or_else(PoisonError::into_inner);
        listeners
            .iter()
            .filter_map(Weak::upgrade)
            .map(|listener| listener.standing().borrow().connection.clone())
            .collect()
    }
}

impl fmt::Debug for RedisBus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisBus")
            .field("app", &self.setup.app)
            .field("link", &self.setup.link)
            .field("probing", &self.setup.probing)
            .finish_non_exhaustive()
    }
}
