//! Larder's connections to Redis and Valkey.
//!
//! For the crates that speak to a server: `larder-redis` and `larder-bus`. These and this one alone see the types of the redis
//! client, so that another version of it is a change of three crates.
//!
//! # What a [`Link`] does
//!
//! It keeps one multiplexed connection to one server. Whoever calls while it is up shares it; nothing that blocks
//! is ever sent on it. When it breaks, the call that finds out fails, and the link reconnects in the background, without end
//! and with growing, jittered pauses. While it is down, calls fail at once: a cache has better things to do than to wait.
//!
//! A server that neither answers nor hangs up is down, too: after two calls in a row that timed out the connection is given up.
//!
//! # What is set otherwise than the client does by default
//!
//! `TCP_NODELAY`, keepalive and a user timeout; the client's own timeout for answers is off, since callers have their own.

mod address;
mod error;
mod link;

pub use address::Address;
pub use error::translate;
pub use link::{Link, Status};
