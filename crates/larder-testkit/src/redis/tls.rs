//! A server that encrypts.

use std::iter;
use std::path::PathBuf;

use super::certificates::Certificates;
use super::plan::{Kind, Plan};
use super::reply::Reply;
use super::server::RedisServer;
use crate::server::error::Result;

const CA: &str = "ca.pem";
const CERTIFICATE: &str = "certificate.pem";
const KEY: &str = "key.pem";

/// A [`RedisServer`] that speaks TLS alone, apart from its unix socket.
///
/// Its certificate is for `localhost` and `127.0.0.1`, by an authority of its own, which a client has to be told.
///
/// # Examples
///
/// ```
/// use larder_testkit::redis::TlsRedisServer;
///
/// let tls = TlsRedisServer::start()?;
/// assert_eq!(tls.url(), format!("rediss://localhost:{}", tls.server().port()));
/// assert!(tls.ca_pem().starts_with("-----BEGIN CERTIFICATE-----"));
/// tls.server().command(&["SET", "name", "Ada"])?;
/// # Ok::<(), larder_testkit::redis::Error>(())
/// ```
#[derive(Debug)]
pub struct TlsRedisServer {
    server: RedisServer,
    ca_pem: String,
}

impl TlsRedisServer {
    /// Starts a server with new certificates, and returns when it answers.
    ///
    /// # Errors
    ///
    /// As [`RedisServer::start`]. A Redis that was built without TLS says so in the log.
    pub fn start() -> Result<Self> {
        Self::with(iter::empty::<&str>())
    }

    /// Starts a server with more arguments; see [`RedisServer::with`].
    pub fn with<'a>(arguments: impl IntoIterator<Item = &'a str>) -> Result<Self> {
        let Certificates { ca, certificate, key } = Certificates::new()?;
        let files = ["--tls-ca-cert-file", CA, "--tls-cert-file", CERTIFICATE, "--tls-key-file", KEY];
        let no_client_certificates = ["--tls-auth-clients", "no"];
        let words = files.into_iter().chain(no_client_certificates).chain(arguments);
        let mut plan = Plan::new(Kind::Tls, words);
        plan.files = vec![(CA, ca.clone()), (CERTIFICATE, certificate), (KEY, key)];
        Ok(Self { server: RedisServer::launch(&plan)?, ca_pem: ca })
    }

    /// Sends a command, through the unix socket; see [`RedisServer::command`].
    pub fn command(&self, words: &[&str]) -> Result<Reply> {
        self.server.command(words)
    }

    /// Where clients find it: `rediss://localhost:port`.
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// The certificate of the authority, in PEM.
    pub fn ca_pem(&self) -> &str {
        &self.ca_pem
    }

    /// The same certificate as a file, in a folder that is removed with the server.
    pub fn ca_file(&self) -> PathBuf {
        self.server.socket().with_file_name(CA)
    }

    /// The server, to pause it or to kill it.
    pub fn server(&self) -> &RedisServer {
        &self.server
    }
}
