//! A real database for tests: a [`PostgresServer`], each test its own.
//!
//! It needs a second or two to start, for it makes a cluster of its own in a temporary folder. Whatever becomes of the test,
//! no process and no file of it remains.
//!
//! The programs are `initdb` and `postgres`: from the folder that the environment variable `LARDER_POSTGRES` names, or from
//! the `PATH`, or from where Debian and its kin put them. Without them a test fails, and says how to install them. Postgres
//! refuses to run as root: then it runs as the user `postgres`, or as `nobody`.

mod accounts;
mod programs;
mod server;

pub use crate::server::error::{Error, Result};
pub use server::PostgresServer;
