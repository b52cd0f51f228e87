//! A proxy that misbehaves as it is told.

mod addresses;
mod connection;
mod counts;
mod ear;
mod end;
mod fault;
mod frames;
mod gateway;
mod inlet;
mod lane;
mod loss;
mod outlet;
mod relay;
mod rules;
mod split;
mod splitting;
mod traffic;
mod words;
mod worker;

pub use counts::Counts;
pub use gateway::Gateway;
pub use lane::Lane;
pub use loss::Loss;
pub use splitting::SplittingProxy;
pub use traffic::{Direction, Traffic};

use std::time::Duration;

use super::server::RedisServer;
use crate::server::error::Result;
use relay::Relay;
use worker::Worker;

/// Stands between clients and a server, and breaks what goes through it as a test wishes.
///
/// A fault holds for all connections, those that are there and those that come, until it is [healed](Self::heal). It can
/// be limited to the connections of a [kind](Self::on). For each direction there is one fault at a time, the latest. When
/// a call returns, its fault holds.
///
/// It passes on whole frames of the protocol, of which it understands both versions. A stream that is something else, as
/// an encrypted one is, is passed on as it comes; then commands and messages are not recognized, nor are kinds of
/// connections. The proxy and its connections end with its drop.
///
/// # Examples
///
/// What does a subscriber know of a message that was lost on the way?
///
/// ```
/// use larder_testkit::redis::{Loss, Proxy, RedisServer};
/// use std::io::{Read, Write};
/// use std::net::TcpStream;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let server = RedisServer::start()?;
/// let proxy = Proxy::to(&server)?;
/// let mut client = TcpStream::connect(("127.0.0.1", proxy.port()))?;
/// client.write_all(b"SUBSCRIBE news\r\n")?;
/// client.read_exact(&mut [0; 33])?;
///
/// proxy.lose(Loss::next(1));
/// server.command(&["PUBLISH", "news", "first"])?;
/// server.command(&["PUBLISH", "news", "second"])?;
/// let mut message = [0; 39];
/// client.read_exact(&mut message)?;
/// assert_eq!(&message, b"*3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$6\r\nsecond\r\n");
/// assert_eq!(proxy.counts().lost(), 1);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Proxy {
    worker: Worker<Relay>,
}

impl Proxy {
    /// Starts a proxy to a server. It finds the server again after a restart.
    ///
    /// # Errors
    ///
    /// [`Error::System`](super::Error::System) if there is no free port, or no thread.
    pub fn to(server: &RedisServer) -> Result<Self> {
        Self::to_port(server.port())
    }

    /// Starts a proxy to whatever listens on a port of this machine.
    pub fn to_port(port: u16) -> Result<Self> {
        Ok(Self { worker: Worker::start(Relay::new(port))? })
    }

    /// Where clients find it: `redis://127.0.0.1:port`.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port())
    }

    /// Its port, which is not the server's.
    pub fn port(&self) -> u16 {
        self.worker.port()
    }

    /// The connections of a kind, in order to break only them.
    pub fn on(&self, traffic: Traffic) -> Lane<'_> {
        Lane { proxy: self, traffic }
    }

    /// Stops everything. The connections stay open, and what is sent is delivered when they are healed, the end of a
    /// connection too.
    pub fn freeze(&self, direction: Direction) {
        self.on(Traffic::All).freeze(direction);
    }

    /// Lets everything vanish: to each side it seems as if the other were gone without a word. That a side closes its
    /// connection vanishes as well. New connections are still made, and nothing goes over them.
    ///
    /// A connection of which something has vanished is closed when it is healed, as a peer would do that knows nothing of
    /// it any more.
    pub fn swallow(&self, direction: Direction) {
        self.on(Traffic::All).swallow(direction);
    }

    /// Delivers everything so much later, and in its order.
    pub fn delay(&self, direction: Direction, delay: Duration) {
        self.on(Traffic::All).delay(direction, delay);
    }

    /// Closes all connections that there are. New ones can be made.
    pub fn cut(&self) {
        self.on(Traffic::All).cut();
    }

    /// Closes each new connection at once. Those that are there stay.
    ///
    /// One that has yet to show its kind is closed as soon as it turns out to be of a refused one.
    pub fn refuse(&self) {
        self.on(Traffic::All).refuse();
    }

    /// Ends all faults and all losses. What was frozen or delayed is delivered at once.
    pub fn heal(&self) {
        self.on(Traffic::All).heal();
    }

    /// Loses messages of Pub/Sub, and nothing else. Several losses can be under way.
    ///
    /// A message is what comes to a subscriber of a channel, in either version of the protocol. What comes by a pattern or
    /// a shard is not lost, and neither is what [vanished](Self::swallow) counted.
    pub fn lose(&self, loss: Loss) {
        self.worker.ask(move |relay| relay.rules.losses.push(loss));
    }

    /// Sends bytes over all connections that there are, between two frames, and returns over how many. They need not be a
    /// frame themselves. No delay holds them up.
    pub fn inject(&self, direction: Direction, bytes: impl Into<Vec<u8>>) -> usize {
        self.on(Traffic::All).inject(direction, bytes)
    }

    /// What it has seen since its start, or since the counts were last reset.
    pub fn counts(&self) -> Counts {
        self.worker.ask(|relay| relay.counts())
    }

    /// Begins to count anew. What is open stays open.
    pub fn reset_counts(&self) {
        self.worker.ask(|relay| relay.rules.counts = Counts::default());
    }
}
