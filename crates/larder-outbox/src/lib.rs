//! x

#![cfg_attr(
    not(any(feature = "postgres", feature = "sqlite")),
    expect(dead_code, reason = "without a database there is nothing to do")
)]

mod backlog;
mod database;
mod error;
mod outbox;
#[cfg(feature = "postgres")]
mod postgres;
mod relay;
#[cfg(feature = "sqlite")]
mod sqlite;
mod table;
mod voice;

pub use backlog::{Backlog, Unreadable};
pub use database::Database;
pub use outbox::Outbox;
pub use relay::{Relay, RelayStats, RunningRelay};
pub use voice::Voice;
