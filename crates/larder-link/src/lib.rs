//! Larder's connections to Redis and Valkey.
//!
//! For the crates that speak to a server: `larder-redis` and `larder-bus`. These and this one alone see the types of the redis
//! client, so that another version of it is a change of three crates.
//!
//! # How the parts meet
//!
//! ```text
//!   Address ──▶ Link ── call(slot, command)
//!                │  single server, or the master that sentinels name: one Line
//!                │  cluster: one Line to each master, and who has which slots
//!                │        Line: one multiplexed connection with its supervisor
//!                └─ listen(channels) ──▶ Ear: a connection of its own, on which messages are heard
//! ```
//!
//! # How many connections
//!
//! A process has one for calls and one for messages; on a cluster, one for calls to each master and one for messages.
//! Sentinels, and a cluster's nodes about its slots, are asked over connections that end with the answer. All calls of a
//! process share the one connection, since their bytes are sent together and answered in order; nothing that blocks is ever
//! sent on it.
//!
//! # What becomes of a connection that breaks
//!
//! The calls that are under way fail, and from then on every call does at once: a cache has better things to do than to
//! wait. The supervisor reconnects in the background, without end and with growing, jittered pauses up to a second. A server that
//! neither answers nor hangs up is found out as well: a caller that runs out of time makes the supervisor ask a
//! question, and if that is not answered within half a second, the connection is given up.
//!
//! # What is set otherwise than the client does by default
//!
//! `TCP_NODELAY`, keepalive and a user timeout; the client's own timeout for answers is off, since callers have their own. The
//! client's connection for clusters, its connection manager, its cache and its sharded subscriptions are not used.
//!
//! # Features
//!
//! - `tls`: `rediss://`, by rustls with ring and the certificates of the system, unless [others](Address::root_certificate)
//!   are given.

mod address;
mod cluster;
mod ear;
mod error;
#[cfg(any(test, fuzzing))]
pub mod fuzz;
mod layout;
mod line;
mod link;
mod owners;
mod pause;
mod place;
mod sentinel;
mod slot;
mod target;

pub use address::Address;
pub use ear::{Ear, Heard};
pub use error::translate;
pub use layout::{hash_tag, log_key, sequence_key, slot_of};
pub use line::Journey;
pub use link::{Link, Server};
pub use slot::Slot;
