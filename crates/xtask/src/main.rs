//! The chores of the project, each one command: `cargo xtask <chore>`.

#![expect(clippy::print_stdout, reason = "what a chore prints is its result")]

mod badday;
mod bench;
mod chore;
mod ci;
mod copy;
mod features;
mod fuzz;
mod hostile;
mod model;
mod needs;
mod patterns;
mod program;
mod scoreboard;
mod showcase;
mod simulate;
mod steps;
mod test;
mod tidy;
mod weaken;
mod weave;
mod workspace;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use chore::Chore;

/// What a chore comes to: nothing, or why it failed.
pub(crate) type Outcome = Result<(), String>;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    if matches!(arguments.as_slice(), ["help" | "--help" | "-h"]) {
        println!("{}", chore::USAGE);
        return ExitCode::SUCCESS;
    }
    let Some(chore) = Chore::parse(&arguments) else {
        eprintln!("{}", chore::USAGE);
        return ExitCode::from(2);
    };
    perform(chore).unwrap_or_else(|why| {
        println!("FAILED: {why}");
        ExitCode::FAILURE
    })
}

fn perform(chore: Chore) -> Result<ExitCode, String> {
    // Every path of every chore is relative to the root, wherever the caller stands.
    std::env::set_current_dir(root()).map_err(|error| format!("the root of the project: {error}"))?;
    match chore {
        Chore::Bench(effort) => return bench::run(effort),
        Chore::Hostile(words) => return hostile::run(&words),
        Chore::BadDay(words) => badday::run(&words),
        Chore::Patterns(words) => patterns::run(&words),
        Chore::Rolling(words) => showcase::run("rolling", &words),
        Chore::Forecast(words) => showcase::run("forecast", &words),
        Chore::Test => test::run(),
        Chore::Ci(depth) => ci::run(depth),
        Chore::Tidy => tidy::run(),
        Chore::Scoreboard => scoreboard::run(),
        Chore::Fuzz { seconds, target } => fuzz::run(seconds, target.as_deref()),
        Chore::Model(reach) => model::run(reach),
        Chore::Simulate(simulation) => simulate::run(&simulation),
        Chore::Weaken { part } => weaken::run(part.as_deref()),
    }
    .map(|()| ExitCode::SUCCESS)
}

fn root() -> PathBuf {
    // Cargo says at run time where the manifest is now; what it said at compile time is for a binary run by itself.
    let here = std::env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    here.ancestors().nth(2).map_or(here.clone(), Path::to_path_buf)
}
