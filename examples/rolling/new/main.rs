//! The shop as it is now: what the stage of the rolling deploy replaces the old one by, in the phases of the page
//! `guide::migration`. And what whoever deploys runs before the third deploy: it waits until nothing old is stored.

mod phase;
mod product;
mod survey;

use shop::Outcome;
use shop::service::{Place, serve};

use phase::Phase;

const USAGE: &str = "usage: rolling-new PHASE REDIS DATABASE PACE, or rolling-new nothing-is-old REDIS PACE, as the stage does";

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let runtime = tokio::runtime::Runtime::new()?;
    if let ["nothing-is-old", redis, pace] = *words {
        return runtime.block_on(survey::nothing_is_old(redis, pace));
    }
    let (phase, place) = words.split_first().ok_or(USAGE)?;
    let stock = Phase::named(phase).ok_or(USAGE)?.stock();
    runtime.block_on(serve(stock, Place::read(place).ok_or(USAGE)?))
}
