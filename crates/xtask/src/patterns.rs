//! The ways to write, and what each costs.

use crate::Outcome;
use crate::program::{cargo, execute};

/// Measures them. The example knows its own arguments.
pub(crate) fn run(words: &[String]) -> Outcome {
    let example =
        "run --quiet --release --package larder-outbox --features postgres --example writepatterns --";
    execute(cargo(example).args(words))
}
