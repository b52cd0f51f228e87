//! Larder's invalidation bus on a channel of Redis or Valkey.
//!
//! # How a loss is noticed
//!
//! Notices name the sequence before their own. And the node asks the server from time to time where every chain stands. The
//! answer must come behind all notices that were sent before, on the connection that they come on. So the question is a script
//! which publishes the positions to the asker's own channel: a server writes what it publishes into each listener's line in
//! the order in which it executes, so that the answer stands in its place by itself, whichever connection carried the question.

mod wire;

pub use wire::{Told, Unknown, decode, encode};
