//! Does Larder cost what it says? One run, one table of ratios.
//!
//! Run it by `cargo xtask bench`, or `cargo xtask bench --quick` for a minute's worth.

mod bus;
mod by_hand;
mod codecs;
mod fleet;
mod hits;
mod instructions;
mod measure;
mod memory;
mod newcomer;
mod outage;
mod report;
mod server;
mod shared;
mod stack;
mod throughput;
mod warm;

use std::process::ExitCode;
use std::time::Duration;

use measure::Effort;
use tokio::runtime::Runtime;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        // What callgrind counts the instructions of.
        ["hits", map, count] => hits::repeat(map, count.parse().unwrap_or(0)),
        ["stack", map, count] => stack::repeat(map, count.parse().unwrap_or(0)),
        ["--only", part] => return only(part),
        ["--quick"] => {
            return run(Effort { rounds: 11, round: Duration::from_millis(10) });
        }
        [] => {
            return run(Effort { rounds: 31, round: Duration::from_millis(30) });
        }
        _ => {
            eprintln!("usage: benches [--quick | --only shared|bus|throughput|outage|warm]");
            return ExitCode::from(2);
        }
    }
    ExitCode::SUCCESS
}

/// Measures a part, for who works on it.
fn only(part: &str) -> ExitCode {
    let runtime = Runtime::new().expect("the system has room for a runtime");
    let effort = Effort { rounds: 31, round: Duration::from_millis(30) };
    let lines = match part {
        "shared" => shared::lines(effort, &runtime),
        "bus" => bus::lines(effort, &runtime),
        "throughput" => throughput::lines(effort, &runtime),
        "outage" => outage::lines(&runtime),
        "warm" => warm::lines(effort, &runtime).into_iter().chain(newcomer::lines(&runtime)).collect(),
        _ => return ExitCode::from(2),
    };
    match report::publish(&lines) {
        Ok(0) => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}

/// Measures, publishes, and fails if a line is over its limit or could not be measured.
fn run(effort: Effort) -> ExitCode {
    let runtime = Runtime::new().expect("the system has room for a runtime");
    let mut lines = hits::lines(effort);
    lines.extend(stack::lines(effort));
    lines.extend(fleet::lines(effort, &runtime));
    lines.extend(memory::lines());
    lines.extend(codecs::lines(effort));
    lines.extend(shared::lines(effort, &runtime));
    lines.extend(bus::lines(effort, &runtime));
    lines.extend(throughput::lines(effort, &runtime));
    lines.extend(outage::lines(&runtime));
    lines.extend(warm::lines(effort, &runtime));
    lines.extend(newcomer::lines(&runtime));
    let counted = instructions::lines();
    lines.extend(counted.as_deref().unwrap_or_default().iter().cloned());
    let published = report::publish(&lines).map_err(|error| format!("the report cannot be written: {error}"));
    let over = published.and_then(|over| counted.map(|_| over));
    match over {
        Ok(0) => ExitCode::SUCCESS,
        Ok(over) => {
            eprintln!("{over} lines are over their limits");
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
