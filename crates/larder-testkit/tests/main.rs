//! The tests of real servers, and of the judge of histories, in one binary.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test may fail in any way it likes")]

mod acl;
mod cleanup;
mod cluster;
mod counts;
mod faults;
mod gateway;
mod history;
mod losses;
mod postgres;
mod proxy;
mod rig;
mod sentinel;
mod server;
mod splitting;
mod tls;
