//! A rolling deploy: three processes on one Redis are replaced one by one under load, and what they store changes its form.
//!
//! `cargo xtask rolling`, and `cargo xtask rolling --quick` for some seconds of it. It needs `redis-server`. A way alone:
//! `ours`, `name`, `flush` or `at-once`.
//!
//! This process is the stage: it starts the server, a database of its own, and instances of the service. Those are two
//! other programs: `rolling/old` knows one form of a product, and `rolling/new` another type in another
//! format, and the old one as far as it is told to. An instance ends in order, and then the next one is started.
//!
//! ```text
//!   stage ──▶ Fleet ──▶ rolling-old, rolling-new ──▶ Redis
//!     │  ▲ Line: reads, hits, errors     │
//!     │  └───────────────────────────────┤ who wrote, who was told, who was given what
//!     └─▶ Record ──▶ table, chart        └──▶ Database
//! ```

#![expect(clippy::print_stdout, reason = "it is there to be read")]

mod build;
mod chart;
#[path = "../drawing.rs"]
mod drawing;
mod fleet;
mod record;
mod stage;
mod way;

use std::fs;
use std::process::ExitCode;

use shop::Outcome;
use shop::pace::Pace;

use record::Record;
use way::{WAYS, Way};

fn main() -> Outcome<ExitCode> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let mut words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let runtime = tokio::runtime::Runtime::new()?;
    let all = words.len();
    words.retain(|word| *word != "--quick");
    let pace = if words.len() < all { Pace::QUICK } else { Pace::USUAL };
    let ways: Option<Vec<Way>> = match words.as_slice() {
        [] => Some(WAYS.to_vec()),
        [word] => Way::named(word).map(|way| vec![way]),
        _ => None,
    };
    let Some(ways) = ways else {
        eprintln!("usage: rolling [--quick] [ours | name | flush | at-once]");
        return Ok(ExitCode::from(2));
    };
    runtime.block_on(go(&ways, pace))
}

/// Goes all these ways, and says whether each went well that is to go well.
async fn go(ways: &[Way], pace: Pace) -> Outcome<ExitCode> {
    println!("{}", Record::HEAD);
    let mut records = Vec::new();
    for way in ways {
        let record = stage::play(*way, pace).await?;
        println!("{}", record.row(*way));
        records.push((*way, record));
    }
    println!();
    for (way, record) in records.iter().filter(|(_, record)| record.total.unreadable > 0) {
        println!("{}: builds met {} times what they do not read", way.title(), record.total.unreadable);
    }
    fs::create_dir_all("target/rolling")?;
    fs::write("target/rolling/rolling.svg", chart::draw(&records))?;
    println!("drawn to target/rolling/rolling.svg");
    // What is naive is there for comparison; alone it is judged like ours.
    let judged = |way: Way| way == Way::Ours || ways.len() == 1;
    let is_well = records.iter().all(|(way, record)| !judged(*way) || record.is_well());
    Ok(if is_well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
