//! The fault matrix: a fleet of processes reads and writes, while servers, network, clocks and the processes themselves
//! break at random. Of every answer it is judged whether a cache may give it.
//!
//! `cargo xtask hostile [--minutes N] [--seed S] [--topology standalone|sentinel|cluster] [--only FAULT]`. It needs
//! `redis-server`, `redis-sentinel` and a C compiler, which makes the servers a clock that can be turned.
//!
//! # How the parts meet
//!
//! ```text
//!   conductor ── Schedule ──▶ Fault ──▶ Scene { Stage: servers and proxies, Fleet: processes }
//!     │                                   │                    ▲
//!     │                          Window: when it was broken    │ reads, writes
//!     ▼                                   ▼                    ▼
//!   Report ◀── Verdict ◀── Contract, History ◀── Database ◀── Desk ◀── three workers, this program again
//! ```
//!
//! The database is the conductor's, so nothing of it is lost with a worker. It gives each write its version, and notes
//! when that began; the worker tells when the fleet had been told. Both go by `CLOCK_MONOTONIC`, which is one clock
//! for all processes. A worker that is killed leaves writes behind of which only the database knows; readers may see
//! them, and need not; unless they were guarded, and whoever loaded before the COMMIT had asked the shared tier.
//!
//! # What is judged
//!
//! Everything in [`larder_testkit::history`], with the bound that the bus promises. A fault entitles to more only where it
//! has a server forget what it had acknowledged: while a master is replaced, and until the writers have told it again; and
//! where one begins with what it had long ago, until that is found out.
//! Beside that no read may err, or hang; the fleet must be in sync again three seconds after every fault; and no
//! process may grow without end. A machine that is slow breaks none of this: what is late is measured from the inside of
//! what it is late for, and a [pulse](pulse::Pulse) tells how long nobody was let run.
//!
//! # Replaying
//!
//! A run prints its seed, and `--seed` plays the same faults in the same order, with the same durations, while the workers
//! ask for the same keys, but for those that are born by the clock. What happens between the processes meanwhile is not
//! the same again, so what was found once may take a few runs to be found again.
//!
//! # Exit codes
//!
//! 0: clean. 1: a violation was found. 2: the harness itself failed.

#![expect(clippy::print_stdout, reason = "it is there to be read")]

mod arguments;
mod chart;
mod conductor;
mod contract;
mod database;
mod desk;
mod fault;
mod faults;
mod fleet;
mod name;
mod pulse;
mod report;
mod scene;
mod schedule;
mod skew;
mod snapshot;
mod stage;
mod wire;
mod worker;

use std::error::Error;
use std::process::ExitCode;

use arguments::Arguments;

/// Whatever fails here fails the harness, not Larder.
pub(crate) type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

fn main() -> ExitCode {
    const FAILED: u8 = 2;
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let outcome = match words.as_slice() {
        ["worker", rest @ ..] => worker::run(rest).map(|()| ExitCode::SUCCESS),
        words => match Arguments::parse(words) {
            Some(arguments) => conductor::run(&arguments),
            None => Err(arguments::usage().into()),
        },
    };
    outcome.unwrap_or_else(|why| {
        eprintln!("the harness failed: {why}");
        ExitCode::from(FAILED)
    })
}
