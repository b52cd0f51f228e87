//! A cold start: ten thousand reads a second meet a cache that is empty, before an origin that can bear a third of them.
//!
//! `cargo run --release --example coldstart`. It needs no server.
//!
//! One instance is read for forty seconds: 200,000 keys, some more popular than others. The origin can do fifty things at a
//! time, each of which takes it 15 ms. The same with and without a bulkhead before it, with more and less patience in its
//! queue, and where the cache is not empty but all of it past its fresh time. Time is virtual; caches and tiers are the real ones.

#![expect(clippy::print_stdout, reason = "it is there to be read")]

mod crowd;
mod origin;
mod pool;
mod readers;
mod record;
mod setup;

use std::error::Error;

use origin::Kind;
use record::Record;
use setup::{Setup, setups};

fn main() -> Result<(), Box<dyn Error>> {
    for kind in [Kind::Pool, Kind::Crowd] {
        println!("## {}\n\n{}", kind.name(), Record::HEAD);
        for setup in setups() {
            println!("{}", start(kind, setup)?.row(&setup.name()));
        }
        println!();
    }
    Ok(())
}

/// Starts on a runtime of its own, so that all begin at the same time.
fn start(kind: Kind, setup: Setup) -> Result<Record, Box<dyn Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build()?;
    Ok(runtime.block_on(readers::read(kind, setup))?)
}
