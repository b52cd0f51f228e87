//! Examples that measure what they show.

use crate::Outcome;
use crate::program::{cargo, execute};

/// Runs one. It knows its own arguments.
pub(crate) fn run(example: &str, words: &[String]) -> Outcome {
    execute(cargo("run --quiet --release --package examples --bin").arg(example).arg("--").args(words))
}
