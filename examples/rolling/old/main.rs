//! The shop as it was: what the stage of the rolling deploy starts before anything is deployed.

mod product;

use larder::codec::{Bincode, Envelope};
use shop::Outcome;
use shop::service::{Place, Stock, serve};

use product::Product;

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let place = Place::read(&words).ok_or("usage: rolling-old REDIS DATABASE PACE, as the stage does")?;
    let stock = Stock { cache: "product", envelope: Envelope::<Product>::new(Bincode) };
    tokio::runtime::Runtime::new()?.block_on(serve(stock, place))
}
