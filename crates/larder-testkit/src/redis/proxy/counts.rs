//! What has been counted.

use std::collections::BTreeMap;

use super::traffic::{Kind, Traffic};

/// How long a command's name may be. No command of Redis comes near.
const LONGEST_NAME: usize = 64;

/// What a [`Proxy`](super::Proxy) has seen so far.
///
/// # Examples
///
/// Does a client ask once for two values?
///
/// ```
/// use larder_testkit::redis::{Proxy, RedisServer};
/// use std::io::{Read, Write};
/// use std::net::TcpStream;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let server = RedisServer::start()?;
/// let proxy = Proxy::to(&server)?;
/// let mut client = TcpStream::connect(("127.0.0.1", proxy.port()))?;
/// client.write_all(b"GET a\r\nGET b\r\n")?;
/// client.read_exact(&mut [0; 10])?;
/// assert_eq!(proxy.counts().command("GET"), 2);
/// assert_eq!(proxy.counts().round_trips(), 1);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct Counts {
    pub(crate) open: Vec<Kind>,
    pub(crate) made: u64,
    pub(crate) commands: BTreeMap<String, u64>,
    pub(crate) round_trips: u64,
    pub(crate) lost: u64,
}

impl Counts {
    /// How many connections of a kind are open. One of which a single side knows that it ended is.
    pub fn open(&self, traffic: Traffic) -> usize {
        self.open.iter().filter(|kind| traffic.includes(**kind)).count()
    }

    /// How many connections were made, and also how many were tried and refused.
    pub fn made(&self) -> u64 {
        self.made
    }

    /// How many commands reached the server, by their names in capitals.
    pub fn commands(&self) -> &BTreeMap<String, u64> {
        &self.commands
    }

    /// How many commands of a name reached the server.
    pub fn command(&self, name: &str) -> u64 {
        self.commands.get(&name.to_ascii_uppercase()).copied().unwrap_or_default()
    }

    /// How often a client sent something after it had heard the answer to what it had sent before. Commands that it sends
    /// without waiting in between make one round trip.
    pub fn round_trips(&self) -> u64 {
        self.round_trips
    }

    /// How many messages were lost on purpose.
    pub fn lost(&self) -> u64 {
        self.lost
    }

    pub(crate) fn count(&mut self, command: &[u8]) {
        let name = command.get(..LONGEST_NAME).unwrap_or(command);
        *self.commands.entry(String::from_utf8_lossy(name).to_ascii_uppercase()).or_default() += 1;
    }
}
