//! Every schedule of the protocol's model, and what came of it as a table.

use std::process::Stdio;

use crate::Outcome;
use crate::program::cargo;

/// How much is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    Usual,
    Deep,
}

const HEAD: &str = "\
| scenario | without | states | depth | time | result |
|---|---|---|---|---|---|";

/// Runs the tests of the model. The shown output of each is its row.
pub(crate) fn run(reach: Reach) -> Outcome {
    let mut tests = match reach {
        Reach::Usual => cargo("test --package model --tests -- --show-output"),
        // One scenario at a time: each needs much memory.
        Reach::Deep => {
            cargo("test --package model --release --test scenarios -- --show-output --test-threads 1")
        }
    };
    if reach == Reach::Deep {
        tests.env("LARDER_MODEL_DEEP", "1");
    }
    let output =
        tests.stderr(Stdio::inherit()).output().map_err(|error| format!("cargo did not start: {error}"))?;
    let shown = String::from_utf8_lossy(&output.stdout);
    if !output.status.success() {
        // What was found, and the schedule that leads to it.
        println!("{shown}");
        return Err("the model does not hold what its tests claim".into());
    }
    println!("{HEAD}");
    rows(&shown).for_each(|row| println!("{row}"));
    Ok(())
}

fn rows(shown: &str) -> impl Iterator<Item = &str> {
    shown.lines().filter(|line| line.starts_with("| ") && line.ends_with(" |"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_told_from_what_else_is_shown() {
        let shown = "test a ... ok\n\n---- a stdout ----\n| base |  | 7 | 2 | 0.1 s | holds |\nI1: | a\n";
        assert_eq!(rows(shown).collect::<Vec<_>>(), ["| base |  | 7 | 2 | 0.1 s | holds |"]);
    }
}
