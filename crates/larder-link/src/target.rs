//! One server, and how it is connected to.

use std::fmt;
use std::time::Duration;

use larder_core::Result;
use redis::aio::MultiplexedConnection;
use redis::io::tcp::TcpSettings;
use redis::io::tcp::socket2::TcpKeepalive;
use redis::{
    AsyncConnectionConfig, Client, ConnectionAddr, ConnectionInfo, IntoConnectionInfo, ProtocolVersion,
    PushInfo, RedisError, RedisResult,
};
use tokio::time::timeout;

use crate::address::invalid;

/// How long a connection may take to be made.
pub(crate) const CONNECTING: Duration = Duration::from_millis(500);

/// How long data may be on its way unacknowledged before the system ends the connection: by itself it would let a half-open
/// one hang for a quarter of an hour.
const UNACKNOWLEDGED: Duration = Duration::from_secs(1);

/// How long a connection may be silent before the system makes sure that there is still somebody.
const SILENCE: Duration = Duration::from_secs(10);

/// As many calls are queued for one connection as a burst may bring.
const QUEUE: usize = 1_024;

/// One server, with what it takes to be let in.
#[derive(Clone)]
pub(crate) struct Target {
    info: ConnectionInfo,
    #[cfg(feature = "tls")]
    pub(crate) certificates: redis::TlsCertificates,
}

impl Target {
    pub(crate) fn parse(url: &str) -> Result<Self> {
        if url.contains('#') {
            return Err(invalid("the identity of a server is always verified"));
        }
        let info = url.into_connection_info().map_err(|_| invalid("it cannot be read"))?;
        #[cfg(feature = "tls")]
        let certificates = redis::TlsCertificates { client_tls: None, root_cert: None };
        let keepalive = TcpKeepalive::new().with_time(SILENCE).with_interval(UNACKNOWLEDGED);
        let tcp = TcpSettings::default()
            .set_nodelay(true)
            .set_keepalive(keepalive)
            .set_user_timeout(UNACKNOWLEDGED);
        // Messages come beside answers only in the third version of the protocol.
        let redis = info.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
        Ok(Self {
            info: info.set_tcp_settings(tcp).set_redis_settings(redis),
            #[cfg(feature = "tls")]
            certificates,
        })
    }

    /// The same login at another place.
    pub(crate) fn at(&self, host: &str, port: u16) -> Self {
        let host = host.to_owned();
        let addr = match self.info.addr() {
            ConnectionAddr::TcpTls { .. } => {
                ConnectionAddr::TcpTls { host, port, insecure: false, tls_params: None }
            }
            _ => ConnectionAddr::Tcp(host, port),
        };
        let mut target = self.clone();
        target.info = self.info.clone().set_addr(addr);
        target
    }

    /// The same place with another login.
    pub(crate) fn login(&self, user: &str, password: &str) -> Self {
        let redis = self.info.redis_settings().clone().set_username(user).set_password(password);
        let mut target = self.clone();
        target.info = self.info.clone().set_redis_settings(redis);
        target
    }

    pub(crate) fn database(&self) -> i64 {
        self.info.redis_settings().db()
    }

    pub(crate) fn scheme(&self) -> &'static str {
        match self.info.addr() {
            ConnectionAddr::TcpTls { .. } => "rediss",
            ConnectionAddr::Unix(_) => "unix",
            _ => "redis",
        }
    }

    /// Host and port, or the path.
    pub(crate) fn place(&self) -> String {
        match self.info.addr() {
            ConnectionAddr::Tcp(host, port) | ConnectionAddr::TcpTls { host, port, .. } => {
                if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
            }
            other => other.to_string(),
        }
    }

    /// The host, if it has one.
    pub(crate) fn host(&self) -> Option<&str> {
        match self.info.addr() {
            ConnectionAddr::Tcp(host, _) | ConnectionAddr::TcpTls { host, .. } => Some(host),
            _ => None,
        }
    }

    /// Connects, and lets `hear` have what comes unasked. It is called between two readings of the socket, so it must
    /// not wait.
    pub(crate) async fn connect(
        &self,
        hear: impl Fn(PushInfo) + Send + Sync + 'static,
    ) -> RedisResult<MultiplexedConnection> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECTING))
            // Callers have deadlines of their own, and those that were not kept are looked into.
            .set_response_timeout(None)
            .set_pipeline_buffer_size(QUEUE)
            .set_push_sender(move |push| {
                hear(push);
                Ok::<(), ()>(())
            });
        let client = self.client()?;
        match timeout(CONNECTING, client.get_multiplexed_async_connection_with_config(&config)).await {
            Ok(connected) => connected,
            Err(elapsed) => Err(RedisError::from(std::io::Error::new(std::io::ErrorKind::TimedOut, elapsed))),
        }
    }

    #[cfg(not(feature = "tls"))]
    fn client(&self) -> RedisResult<Client> {
        Client::open(self.info.clone())
    }

    #[cfg(feature = "tls")]
    fn client(&self) -> RedisResult<Client> {
        if !matches!(self.info.addr(), ConnectionAddr::TcpTls { .. }) {
            return Client::open(self.info.clone());
        }
        if rustls::crypto::CryptoProvider::get_default().is_none() {
            // Somebody else may be faster, and then theirs is as good.
            let _ = rustls::crypto::ring::default_provider().install_default();
        }
        if self.certificates.root_cert.is_none() && self.certificates.client_tls.is_none() {
            return Client::open(self.info.clone());
        }
        Client::build_with_tls(self.info.clone(), self.certificates.clone())
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.place())
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Target({self})")
    }
}
