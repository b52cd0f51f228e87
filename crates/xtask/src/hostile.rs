//! A fleet of processes at work, while everything breaks; and the same with weaknesses that must be found.

mod mutations;

use std::process::ExitCode;

use crate::Outcome;
use crate::program::{cargo, execute};

const RUN: &str = "run --quiet --package hostile --";

/// Breaks things for as long as is said. The exit code is that of the harness: 0 if nothing was found, 1 if something was,
/// and 2 if it failed itself.
pub(crate) fn run(words: &[String]) -> Result<ExitCode, String> {
    if let [first, rest @ ..] = words
        && first == "--mutations"
    {
        return mutations::run(rest).map(|()| ExitCode::SUCCESS);
    }
    let status =
        cargo(RUN).args(words).status().map_err(|error| format!("the harness did not start: {error}"))?;
    // None is a death by signal.
    let code = status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(2);
    Ok(ExitCode::from(code))
}

/// A handful of faults on every topology, of a seed that it prints.
pub(crate) fn quick() -> Outcome {
    execute(cargo(RUN).arg("--quick"))
}
