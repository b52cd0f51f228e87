//! Where values come from: two ways of bearing more than one can.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::crowd::Crowd;
use crate::pool::Pool;

/// How many things it can do at a time, and how long one takes that is not disturbed: 3,333 a second.
pub(crate) const ABREAST: usize = 50;
pub(crate) const WORK: Duration = Duration::from_millis(15);

/// How long a query waits before it fails, for a connection or for its answer.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);

/// What happens to those that are too many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// They wait for a connection.
    Pool,
    /// They are all worked at, more slowly.
    Crowd,
}

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Pool => "A database behind a pool of 50 connections",
            Self::Crowd => "A service that takes whatever comes",
        }
    }
}

/// An origin, and what it has seen.
#[derive(Debug)]
pub(crate) struct Origin {
    server: Server,
    here: AtomicU64,
    most: AtomicU64,
    asked: AtomicU64,
}

#[derive(Debug)]
enum Server {
    Pool(Pool),
    Crowd(Arc<Crowd>),
}

/// It has failed to answer in time.
#[derive(Debug)]
pub(crate) struct TooLate;

impl fmt::Display for TooLate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the origin did not answer in time")
    }
}

impl std::error::Error for TooLate {}

impl Origin {
    pub(crate) fn new(kind: Kind) -> Self {
        let server = match kind {
            Kind::Pool => Server::Pool(Pool::new()),
            Kind::Crowd => Server::Crowd(Crowd::open()),
        };
        let [here, most, asked] = [(); 3].map(|()| AtomicU64::new(0));
        Self { server, here, most, asked }
    }

    /// Reads a value.
    pub(crate) async fn query(&self) -> Result<(), TooLate> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        self.most.fetch_max(self.here.fetch_add(1, Ordering::Relaxed) + 1, Ordering::Relaxed);
        let answer = match &self.server {
            Server::Pool(pool) => pool.query().await,
            Server::Crowd(crowd) => crowd.query().await,
        };
        self.here.fetch_sub(1, Ordering::Relaxed);
        answer
    }

    /// How many queries were there at a time, at most.
    pub(crate) fn most(&self) -> u64 {
        self.most.load(Ordering::Relaxed)
    }

    /// How many queries there were.
    pub(crate) fn asked(&self) -> u64 {
        self.asked.load(Ordering::Relaxed)
    }
}
