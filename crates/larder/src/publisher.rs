//! The process that announces and caches nothing.

use larder_core::{AppName, Result, Tag};

use crate::domain::DomainEvent;
use crate::health::Health;
use crate::larder::Larder;
use crate::receipt::Receipt;

/// A process's part of the fleet, if all that it does is to tell the others what happened.
///
/// It has no memory for values. It listens to the bus all the same: it must know when a server has forgotten what it was
/// told, and tell it again.
///
/// # Examples
///
/// ```
/// use larder::{DomainEvent, Larder, Touched};
///
/// struct PriceChanged {
///     product: u64,
/// }
///
/// impl DomainEvent for PriceChanged {
///     fn touches(&self, touched: &mut Touched) {
///         touched.key("price", &self.product);
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> larder::Result<()> {
/// let publisher = Larder::builder("prod.shop").embedded().publisher().await?;
/// // COMMIT first, then:
/// let receipt = publisher.announce(&PriceChanged { product: 7 }).await?;
/// assert!(!receipt.is_deferred());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Publisher {
    larder: Larder,
}

impl Publisher {
    pub(crate) fn new(larder: Larder) -> Self {
        Self { larder }
    }

    /// Tells all instances that something happened in the domain: they drop the keys, tags and caches that it touches.
    ///
    /// # Errors
    ///
    /// As [`Larder::announce`].
    ///
    /// # Cancel safety
    ///
    /// As [`Larder::announce`].
    pub async fn announce(&self, event: &impl DomainEvent) -> Result<Receipt> {
        self.larder.announce(event).await
    }

    /// Drops whatever carries the tag, in all caches of the fleet.
    ///
    /// # Errors
    ///
    /// As [`Larder::invalidate_tag`].
    ///
    /// # Cancel safety
    ///
    /// As [`Larder::announce`].
    pub async fn invalidate_tag(&self, tag: &Tag) -> Result<Receipt> {
        self.larder.invalidate_tag(tag).await
    }

    /// The app.
    pub fn app(&self) -> &AppName {
        self.larder.app()
    }

    /// How many announcements the servers could not be told yet.
    pub fn deferred(&self) -> usize {
        self.larder.deferred()
    }

    /// How the connections of this process fare.
    pub fn health(&self) -> Health {
        self.larder.health()
    }

    /// Tells the servers what they could not be told before, and leaves no task behind. Returns whether everything ended in
    /// order.
    ///
    /// # Cancel safety
    ///
    /// As [`Larder::shut_down`].
    pub async fn shut_down(&self) -> bool {
        self.larder.shut_down().await
    }
}
