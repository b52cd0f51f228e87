//! A proxy that splits each connection in two.

use std::time::Duration;

use super::super::server::RedisServer;
use super::split::Splitter;
use super::worker::Worker;
use crate::server::error::Result;

/// Stands between clients and a server, and gives each client two connections: one for its subscriptions, and one for
/// all its other commands.
///
/// Some proxies in front of Redis do so. The client sees one connection over which everything works; but a message and a
/// reply come in no certain order, whoever was first at the server. It may speak either version of the protocol. What a
/// client says of itself, by `HELLO`, `AUTH`, or `RESET`, is said on both, and answered once.
///
/// # Examples
///
/// Here a client learns that its command has published a message before it gets the message:
///
/// ```
/// use larder_testkit::redis::{RedisServer, SplittingProxy};
/// use std::io::{Read, Write};
/// use std::net::TcpStream;
/// use std::time::Duration;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let server = RedisServer::start()?;
/// let proxy = SplittingProxy::to(&server)?;
/// let mut client = TcpStream::connect(("127.0.0.1", proxy.port()))?;
/// client.write_all(b"SUBSCRIBE news\r\n")?;
/// client.read_exact(&mut [0; 33])?;
///
/// proxy.delay_messages(Duration::from_millis(20));
/// client.write_all(b"PUBLISH news new\r\n")?;
/// let mut both = [0; 40];
/// client.read_exact(&mut both)?;
/// assert_eq!(&both, b":1\r\n*3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$3\r\nnew\r\n");
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct SplittingProxy {
    worker: Worker<Splitter>,
}

impl SplittingProxy {
    /// Starts a proxy to a server.
    ///
    /// # Errors
    ///
    /// [`Error::System`](super::super::Error::System) if there is no free port, or no thread.
    pub fn to(server: &RedisServer) -> Result<Self> {
        Self::to_port(server.port())
    }

    /// Starts a proxy to whatever listens on a port of this machine.
    pub fn to_port(port: u16) -> Result<Self> {
        Ok(Self { worker: Worker::start(Splitter::new(port))? })
    }

    /// Where clients find it: `redis://127.0.0.1:port`.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port())
    }

    /// Its port, which is not the server's.
    pub fn port(&self) -> u16 {
        self.worker.port()
    }

    /// Delivers all that comes over the connections for subscriptions so much later. Replies do not wait for it.
    pub fn delay_messages(&self, delay: Duration) {
        self.worker.ask(move |splitter| splitter.delay(delay));
    }
}
