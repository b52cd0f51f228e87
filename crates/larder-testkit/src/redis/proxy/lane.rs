//! The connections of a kind, and what can be done to them.

use std::time::Duration;

use super::Proxy;
use super::fault::Fault;
use super::traffic::{Direction, Traffic};

/// The connections of one kind through a [`Proxy`], by [`Proxy::on`].
///
/// # Examples
///
/// A bus whose peer is gone without a word, while the data goes on:
///
/// ```
/// use larder_testkit::redis::{Direction, Proxy, RedisServer, Traffic};
///
/// let server = RedisServer::start()?;
/// let proxy = Proxy::to(&server)?;
/// // ... a client connects to proxy.url() ...
/// proxy.on(Traffic::Bus).swallow(Direction::Both);
/// // ... and has to find out by itself.
/// # Ok::<(), larder_testkit::redis::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Lane<'a> {
    pub(super) proxy: &'a Proxy,
    pub(super) traffic: Traffic,
}

impl Lane<'_> {
    /// Freezes them; see [`Proxy::freeze`].
    pub fn freeze(self, direction: Direction) {
        self.set(direction, Fault::Frozen);
    }

    /// Lets vanish what goes over them; see [`Proxy::swallow`].
    pub fn swallow(self, direction: Direction) {
        self.set(direction, Fault::Swallowed);
    }

    /// Slows them down; see [`Proxy::delay`].
    pub fn delay(self, direction: Direction, delay: Duration) {
        self.set(direction, Fault::Delayed(delay));
    }

    /// Closes them; see [`Proxy::cut`].
    pub fn cut(self) {
        let traffic = self.traffic;
        self.proxy.worker.ask(move |relay| relay.cut(traffic));
    }

    /// Closes each that becomes one of them from now on; see [`Proxy::refuse`].
    pub fn refuse(self) {
        let traffic = self.traffic;
        self.proxy.worker.ask(move |relay| relay.rules.faults.refuse(traffic));
    }

    /// Ends their faults, and no other's; see [`Proxy::heal`].
    pub fn heal(self) {
        let traffic = self.traffic;
        self.proxy.worker.ask(move |relay| {
            relay.rules.faults.heal(traffic);
            if traffic != Traffic::Data {
                // Only on a bus there are messages.
                relay.rules.losses.clear();
            }
        });
    }

    /// Sends bytes over them, and returns over how many; see [`Proxy::inject`].
    pub fn inject(self, direction: Direction, bytes: impl Into<Vec<u8>>) -> usize {
        let (traffic, bytes) = (self.traffic, bytes.into());
        self.proxy.worker.ask(move |relay| relay.inject(traffic, direction, &bytes))
    }

    fn set(self, direction: Direction, fault: Fault) {
        let traffic = self.traffic;
        self.proxy.worker.ask(move |relay| relay.rules.faults.set(traffic, direction, fault));
    }
}
