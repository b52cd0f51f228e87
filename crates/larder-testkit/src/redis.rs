//! Real servers for tests: a [`RedisServer`], one with TLS, a [`RedisCluster`], and a [`RedisSentinel`]. And a [`Proxy`]
//! that breaks what lies between them and a client, and a [`Gateway`] of such proxies where there are several servers.
//!
//! Each test starts its own, so that tests run side by side and nothing is left from the last one. A server needs
//! milliseconds to start, a cluster some seconds. Whatever becomes of the test, no process and no file of it remains.
//!
//! The program is `redis-server` from the `PATH`, or what the environment variable `LARDER_REDIS_SERVER` names. Without
//! it a test fails, and says how to install it.
//!
//! # How the parts meet
//!
//! ```text
//!   RedisCluster, RedisSentinel, TlsRedisServer
//!     │ several or one
//!     ▼
//!   RedisServer ──▶ command: one connection through the unix socket, one Reply
//!     │ one process in one folder
//!     ▼
//!   redis-server ◀── a watchdog, which kills it as soon as the test lets go of it, or is gone
//!     ▲
//!     │ frames, as far as the test lets them through
//!   Proxy, SplittingProxy, Gateway ◀── clients
//! ```
//!
//! # Examples
//!
//! What becomes of a client whose server does not answer?
//!
//! ```
//! use larder_testkit::redis::RedisServer;
//! use std::io::{ErrorKind, Read, Write};
//! use std::net::TcpStream;
//! use std::time::Duration;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let server = RedisServer::start()?;
//! let mut client = TcpStream::connect(("127.0.0.1", server.port()))?;
//! client.set_read_timeout(Some(Duration::from_millis(20)))?;
//!
//! server.pause()?;
//! client.write_all(b"PING\r\n")?;
//! let error = client.read(&mut [0; 7]).unwrap_err();
//! assert!(matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut));
//!
//! server.resume()?;
//! client.set_read_timeout(None)?;
//! let mut answer = [0; 7];
//! client.read_exact(&mut answer)?;
//! assert_eq!(&answer, b"+PONG\r\n");
//! # Ok(())
//! # }
//! ```

#[cfg(feature = "redis-tls")]
mod certificates;
mod client;
mod cluster;
mod plan;
mod port;
mod proxy;
mod reply;
mod sentinel;
mod server;
#[cfg(feature = "redis-tls")]
mod tls;
mod view;

pub use crate::server::error::{Error, Result};
pub use cluster::RedisCluster;
pub use proxy::{Counts, Direction, Gateway, Lane, Loss, Proxy, SplittingProxy, Traffic};
pub use reply::Reply;
pub use sentinel::RedisSentinel;
pub use server::RedisServer;
#[cfg(feature = "redis-tls")]
pub use tls::TlsRedisServer;
