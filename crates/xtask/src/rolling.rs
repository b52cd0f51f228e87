//! A rolling deploy under load, the right way and some others.

use crate::Outcome;
use crate::program::{cargo, execute};

/// Goes them. The program knows its own arguments.
pub(crate) fn run(words: &[String]) -> Outcome {
    execute(cargo("run --quiet --release --package examples --bin rolling --").args(words))
}
