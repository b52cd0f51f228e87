//! An outbox on a real Postgres and on SQLite, and a fleet on a real Redis, in one binary.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test may fail in any way it likes")]

mod cancellation;
mod homes;
mod kill;
mod leading;
mod metrics;
mod outages;
mod patterns;
mod postgres;
mod promises;
mod rig;
mod writers;
