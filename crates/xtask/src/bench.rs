//! Larder against what it is made of.

use std::process::ExitCode;

use crate::Outcome;
use crate::program::{cargo, execute, is_installed, output, program};

/// How long to measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effort {
    /// A minute's worth.
    Quick,
    /// What is published.
    Thorough,
}

/// Measures. The exit code is that of the benches: a failure if a ratio is over its limit.
pub(crate) fn run(effort: Effort) -> Result<ExitCode, String> {
    provide_valgrind()?;
    let words = match effort {
        Effort::Quick => "run --release --package benches -- --quick",
        Effort::Thorough => "run --release --package benches",
    };
    let status = cargo(words).status().map_err(|error| format!("the benches did not start: {error}"))?;
    // None is a death by signal.
    let code = status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1);
    Ok(ExitCode::from(code))
}

/// Instructions are counted by valgrind, for they can be compared between machines.
fn provide_valgrind() -> Outcome {
    if is_installed("valgrind", "--version") {
        return Ok(());
    }
    if !is_root() || !is_installed("apt-get", "--version") {
        return Err("valgrind is not installed. To install it: sudo apt-get install -y valgrind, \
             or the package `valgrind` of your system"
            .into());
    }
    println!("valgrind is not installed; installing it");
    execute(&mut program("apt-get", "install -y valgrind")).or_else(|_| {
        // A fresh system does not know its packages yet.
        execute(&mut program("apt-get", "update"))?;
        execute(&mut program("apt-get", "install -y valgrind"))
    })
}

fn is_root() -> bool {
    output(&mut program("id", "-u")).is_ok_and(|id| id.trim() == "0")
}
