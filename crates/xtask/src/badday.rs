//! A bad day of a shop, with one feature of a cache after the other.

use crate::Outcome;
use crate::program::{cargo, execute};

/// Has it. The example knows its own arguments.
pub(crate) fn run(words: &[String]) -> Outcome {
    execute(cargo("run --quiet --release --package examples --example badday --").args(words))
}
