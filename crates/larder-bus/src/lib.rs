//! Larder's invalidation bus on a channel of Redis or Valkey.
//!
//! # How the parts meet
//!
//! ```text
//!   a writer's script ── PUBLISH ──▶ the channel of the app ──▶ Listener ──▶ Inbox ──▶ Subscription: honest events
//!                                                                 │  one connection of its own, one task
//!   a script that asks ── PUBLISH ──▶ the listener's own channel ─┘  every second: where do the chains stand?
//! ```
//!
//! # How a loss is noticed
//!
//! Notices name the sequence before their own. And the node asks the server from time to time where every chain stands. The
//! answer must come behind all notices that were sent before, on the connection that they come on. So the question is a script
//! which publishes the positions to the asker's own channel: a server writes what it publishes into each listener's line in
//! the order in which it executes, so that the answer stands in its place by itself, whichever connection carried the question.
//! A proxy that sends commands and subscriptions different ways changes nothing about that.
//!
//! On a cluster no server knows all chains, and notices come by way of other nodes. There the masters are asked, and
//! what they answer is compared after a [time of grace](Probing::grace) with what has been heard.
//!
//! What is broken, late, unreadable or too much becomes a [`Lost`](larder_core::BusEvent::Lost), and never silence.
//!
//! # After a disconnection
//!
//! What was announced meanwhile is missing, so all copies are suspect, and are fetched anew as they are asked for. A bus that
//! keeps a [log](RedisBus::log) reads what it missed instead, if that was not too much. It costs the server a write into a
//! stream for each notice, about a tenth of what an invalidation takes, and 70 KB for the last thousand of each partition.
//!
//! # Limits
//!
//! Eight MiB of notices may wait to be taken by the engine; past that they become one loss. At most one message in a second that
//! cannot be read is taken for a loss at once: the others show in the chains.

mod bus;
mod channel;
#[cfg(any(test, fuzzing))]
pub mod fuzz;
mod garbage;
mod identity;
mod inbox;
mod listener;
mod log;
mod positions;
mod probe;
mod probing;
mod question;
mod subscription;
mod wire;

pub use bus::RedisBus;
pub use probing::Probing;
