//! How the connections of a process fare, for those who are asked why it is slow.

use std::fmt;

use crate::error::Error;

/// One connection that a tier or a bus keeps to a server.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Connection {
    /// What goes over it.
    pub purpose: Purpose,
    /// Where it leads, without what is secret about it.
    pub server: String,
    /// Whether it is up.
    pub is_up: bool,
    /// How often it has been made.
    pub made: u64,
    /// What ended it last, or kept it from being made.
    pub trouble: Option<Error>,
}

impl Connection {
    /// One that has never been made.
    pub fn new(purpose: Purpose, server: impl fmt::Display) -> Self {
        Self { purpose, server: server.to_string(), is_up: false, made: 0, trouble: None }
    }
}

/// What goes over a connection. Nobody who reads waits behind a flood of notices, since these have one of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Purpose {
    /// Reads and writes.
    Data,
    /// Notices, and the questions that go with them.
    Bus,
}

/// Whether a process makes use of the shared tier, or leaves it alone because it is in trouble.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BreakerState {
    /// It does.
    Closed,
    /// It does not: reads go on as if there was none, and writes are deferred.
    Open,
    /// It does not, and one question is under way that is to tell whether it can again.
    Probing,
}
