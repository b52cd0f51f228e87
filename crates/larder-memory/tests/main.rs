//! The tests of what only this server can do, in one binary: faults, probes and bounds. What it has in common with any
//! other is tested where all of them are.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a test may fail in any way it likes")]

mod bounds;
mod bus_faults;
mod call_faults;
mod chaos;
mod probes;
mod rig;
mod server_faults;
