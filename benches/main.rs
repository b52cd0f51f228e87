//! Does Larder cost what it says? One run, one table of ratios.
//!
//! Run it by `cargo xtask bench`, or `cargo xtask bench --quick` for a minute's worth.

mod hits;
mod measure;
mod report;

use std::process::ExitCode;
use std::time::Duration;

use measure::Effort;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let effort = match arguments.as_slice() {
        ["hits", name, count] => {
            hits::repeat(name, count.parse().unwrap_or(0));
            return ExitCode::SUCCESS;
        }
        ["--quick"] => Effort {
            rounds: 11,
            round: Duration::from_millis(10),
        },
        _ => Effort {
            rounds: 31,
            round: Duration::from_millis(40),
        },
    };
    let lines = hits::lines(effort);
    match report::publish(&lines) {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("the report could not be written: {error}");
            ExitCode::FAILURE
        }
    }
}
