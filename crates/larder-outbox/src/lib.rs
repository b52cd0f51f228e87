//! x

#[cfg(not(any(feature = "postgres", feature = "sqlite")))]
compile_error!("x");
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
