//! What does each way to write cost, on a real Postgres and a real Redis?
//!
//! `cargo xtask patterns`, and `cargo xtask patterns --quick` for a look at it. It starts its own servers.
//!
//! A table of a thousand rows, and two instances with a copy of what is written. The ways take turns, so that whatever else
//! the machine does hits all of them.

#![cfg(unix)]
#![expect(clippy::print_stdout, reason = "it is there to be read")]

#[path = "patterns.rs"]
mod patterns;

use std::process::ExitCode;

use patterns::{Effort, Failure};

const THOROUGH: Effort = Effort { rounds: 500, synced: 200, counted: 200 };

#[tokio::main]
async fn main() -> Result<ExitCode, Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let effort = match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [] => THOROUGH,
        ["--quick"] => Effort::QUICK,
        _ => {
            eprintln!("usage: writepatterns [--quick]");
            return Ok(ExitCode::from(2));
        }
    };
    for line in patterns::table(&patterns::measure(effort).await?) {
        println!("{line}");
    }
    Ok(ExitCode::SUCCESS)
}
