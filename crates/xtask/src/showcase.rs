//! Examples that measure what they show.

use crate::Outcome;
use crate::program::{cargo, execute};

/// Runs one. It knows its own arguments, and may start others that lie beside it.
pub(crate) fn run(example: &str, words: &[String]) -> Outcome {
    execute(&mut cargo("build --quiet --release --package examples --bins"))?;
    execute(cargo("run --quiet --release --package examples --bin").arg(example).arg("--").args(words))
}
