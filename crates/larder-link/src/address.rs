//! Where a server is, and how to be let in.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use larder_core::{Error, ErrorKind, Result};
use redis::io::tcp::TcpSettings;
use redis::{ConnectionInfo, IntoConnectionInfo, ProtocolVersion};

/// How long data may be on its way unacknowledged before the connection counts as broken: a half-open one would otherwise
/// hang for a quarter of an hour.
const UNACKNOWLEDGED: Duration = Duration::from_secs(1);

/// The address of a server, with what it takes to be let in.
///
/// `redis://user:password@host:port/db`, `unix:///path`, and the same with `valkey`. What is secret about it is never
/// shown.
///
/// # Examples
///
/// ```
/// use larder_link::Address;
///
/// let address: Address = "redis://cache:hunter2@127.0.0.1:6379/3".parse()?;
/// assert_eq!(address.to_string(), "127.0.0.1:6379/3");
/// assert!(!format!("{address:?}").contains("hunter2"));
/// # Ok::<(), larder_core::Error>(())
/// ```
#[derive(Clone)]
pub struct Address {
    info: ConnectionInfo,
}

impl Address {
    /// The number of the database. Channels are not divided by it, so that names of channels carry it.
    pub fn database(&self) -> i64 {
        self.info.redis_settings().db()
    }

    /// What the client connects with. `protocol` 3 carries messages and answers on one connection.
    pub(crate) fn info(&self, protocol: ProtocolVersion) -> ConnectionInfo {
        let redis = self.info.redis_settings().clone().set_protocol(protocol);
        self.info.clone().set_redis_settings(redis)
    }
}

impl FromStr for Address {
    type Err = Error;

    fn from_str(url: &str) -> Result<Self> {
        // The client's own error may quote the address, and with it the password.
        let info = url.into_connection_info().map_err(|_| {
            Error::new(ErrorKind::Invalid, "not the address of a server")
                .with("expected", "redis://host:port, rediss://host:port or unix:///path")
        })?;
        let tcp = TcpSettings::default().set_nodelay(true).set_user_timeout(UNACKNOWLEDGED);
        Ok(Self { info: info.set_tcp_settings(tcp) })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.info.addr(), self.database())
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({self})")
    }
}
