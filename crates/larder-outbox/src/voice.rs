//! By whom the fleet is told.

use larder::{AppName, DomainEvent, Error, ErrorKind, Larder, Publisher, Receipt, Result};

/// A process's part of the fleet, as far as it can tell the others what happened: a [`Larder`] or a [`Publisher`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Voice {
    /// Of a process that has caches too.
    Larder(Larder),
    /// Of one that has none.
    Publisher(Publisher),
}

impl Voice {
    /// This voice, if it is that of the app: nobody of another one would hear it.
    pub(crate) fn of(self, app: &AppName) -> Result<Self> {
        let own = match &self {
            Self::Larder(larder) => larder.app(),
            Self::Publisher(publisher) => publisher.app(),
        };
        if own == app {
            return Ok(self);
        }
        let error =
            Error::new(ErrorKind::Invalid, "the outbox is one app's, and who announces is of another");
        Err(error.with("outbox", app).with("announces", own))
    }

    pub(crate) async fn announce(&self, event: &impl DomainEvent) -> Result<Receipt> {
        match self {
            Self::Larder(larder) => larder.announce(event).await,
            Self::Publisher(publisher) => publisher.announce(event).await,
        }
    }
}

impl From<Larder> for Voice {
    fn from(larder: Larder) -> Self {
        Self::Larder(larder)
    }
}

impl From<&Larder> for Voice {
    fn from(larder: &Larder) -> Self {
        Self::Larder(larder.clone())
    }
}

impl From<Publisher> for Voice {
    fn from(publisher: Publisher) -> Self {
        Self::Publisher(publisher)
    }
}

impl From<&Publisher> for Voice {
    fn from(publisher: &Publisher) -> Self {
        Self::Publisher(publisher.clone())
    }
}
