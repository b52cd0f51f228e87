//! How much of its first minute a new instance answers by itself, by what it knew beforehand.
//!
//! `cargo run --release --bin forecast`, and `-- --quick` for a week of less. It needs no server, and takes no month: time is
//! virtual, and the fleet, its shared tier and its bus are in this process.
//!
//! For a month two instances serve synthetic traffic, with its days and its week, and with items that come and go. In the
//! last week there are deploys, each at another hour. At each of them new instances begin: one that knows nothing, one that is given a
//! list, one that [predicts](larder::WarmStart), and all are asked the same for a minute.

#![expect(clippy::print_stdout, reason = "it is there to be read")]

mod chart;
#[path = "../drawing.rs"]
mod drawing;
mod fleet;
mod lists;
mod month;
mod traffic;
mod trial;

use std::error::Error;
use std::fs;
use std::process::ExitCode;

use month::Month;
use trial::{Trial, WAYS};

/// What goes wrong in a program that is only there to be watched is not told apart.
type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

fn main() -> Outcome<ExitCode> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let month = match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [] => Month::USUAL,
        ["--quick"] => Month::QUICK,
        _ => {
            eprintln!("usage: forecast [--quick]");
            return Ok(ExitCode::from(2));
        }
    };
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let trials = runtime.enable_time().start_paused(true).build()?.block_on(month.pass())?;
    show(&trials)?;
    let is_well = trials.iter().all(Trial::is_well);
    Ok(if is_well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn show(trials: &[Trial]) -> Outcome<()> {
    let head: Vec<&str> = WAYS.iter().map(|way| way.title()).collect();
    println!("| at | {} | running instances |", head.join(" | "));
    println!("|---|{}--:|", "--:|".repeat(head.len()));
    for trial in trials {
        println!("{}", trial.row());
    }
    fs::create_dir_all("target/forecast")?;
    fs::write("target/forecast/forecast.svg", chart::draw(trials))?;
    println!("\ndrawn to target/forecast/forecast.svg");
    Ok(())
}
