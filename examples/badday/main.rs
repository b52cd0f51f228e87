//! A bad day: the database is slow for two minutes and down for three, and the cache gets one feature after the other.
//!
//! `cargo run --release --example badday`, and `-- --readers 1` for a hundredth of the reads. It needs no server.
//!
//! Three instances show a thousand products to a hundred readers each, who come back every ten seconds, all at once. Ten
//! minutes of that are eighteen million reads. Time is virtual: what takes no time costs none, and what is waited for is
//! counted to the millisecond. Caches, tiers and bus are the real ones; the tier that the instances share is embedded.

#![expect(clippy::print_stdout, reason = "it is there to be read")]

mod chart;
mod database;
#[path = "../drawing.rs"]
mod drawing;
mod lease;
mod reader;
mod record;
mod shop;
mod step;

use std::error::Error;
use std::fs;
use std::process::ExitCode;

use record::Record;
use step::STEPS;

/// How many readers each product has on each instance, unless told otherwise.
const READERS: usize = 100;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let readers = match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [] => Some(READERS),
        ["--readers", number] => number.parse().ok().filter(|readers| (1..=1_000).contains(readers)),
        _ => None,
    };
    let Some(readers) = readers else {
        eprintln!("usage: badday [--readers 1..1000]");
        return Ok(ExitCode::from(2));
    };
    println!("{}", Record::HEAD);
    let mut records = Vec::new();
    for step in STEPS {
        // A runtime of its own for each, so that all begin at the same time.
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build()?;
        let record = runtime.block_on(shop::open(step, readers))?;
        println!("{}", record.row(step));
        records.push(record);
    }
    fs::create_dir_all("target/badday")?;
    fs::write("target/badday/badday.svg", chart::draw(&records))?;
    println!("\ndrawn to target/badday/badday.svg");
    Ok(ExitCode::SUCCESS)
}
