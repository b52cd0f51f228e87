//! A fleet of real processes on one Redis, while things break: what readers get, from where, and how old it is.
//!
//! `cargo run --release --example fleet`, and `-- --quick` for a third of the time. It needs `redis-server`.
//!
//! This process is the stage: it starts the server, a database of its own, and four more of itself, which are the service.
//! One of them has its way to Redis through a proxy, which loses messages on purpose. Nothing else is staged: the
//! service is an ordinary one, and all numbers are counted where they happen.

#![expect(clippy::print_stdout, reason = "it is there to be read")]

mod acts;
mod node;
mod report;
mod stage;

use std::error::Error;
use std::process::ExitCode;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let runtime = tokio::runtime::Runtime::new()?;
    match arguments.as_slice() {
        ["node", redis, database] => runtime.block_on(node::serve(redis, database))?,
        [] => return runtime.block_on(stage::play(1.0)),
        ["--quick"] => return runtime.block_on(stage::play(1.0 / 3.0)),
        _ => {
            eprintln!("usage: fleet [--quick]");
            return Ok(ExitCode::from(2));
        }
    }
    Ok(ExitCode::SUCCESS)
}
