//! Larder where other caches were seen to fail.

use std::collections::BTreeMap;
use std::fs;
use std::process::Stdio;

use crate::program::cargo;
use crate::{Outcome, needs};

/// What the others were seen to do, with gaps such as `{loads}` for what is measured now.
const FIELD: &str = "tests/scoreboard/field.md";

/// All but the test that the README shows the tables of the last time.
const ROWS: &str = "test --package tests --all-features --test all -- \
    scoreboard:: --skip scoreboard::field --nocapture --test-threads=1";

/// What a row says before its name and its result.
const MARK: &str = "scoreboard: ";

/// Runs the rows one by one, so that none slows another down, and prints the tables.
pub(crate) fn run() -> Outcome {
    needs::check()?;
    let field = fs::read_to_string(FIELD).map_err(|error| format!("{FIELD}: {error}"))?;
    let ran = cargo(ROWS).stderr(Stdio::inherit()).output().map_err(|error| format!("the rows: {error}"))?;
    let said = String::from_utf8_lossy(&ran.stdout);
    // A row that failed has its place in the table too, if it came to a result.
    println!("{}", fill(&field, &results(&said))?);
    if ran.status.success() { Ok(()) } else { Err("a row has a wrong answer".to_owned()) }
}

/// The result of each row, by its name.
fn results(said: &str) -> BTreeMap<&str, &str> {
    said.lines().filter_map(|line| line.strip_prefix(MARK)?.split_once(" = ")).collect()
}

fn fill(field: &str, results: &BTreeMap<&str, &str>) -> Result<String, String> {
    let mut filled = field.to_owned();
    for (row, result) in results {
        let gap = format!("{{{row}}}");
        if !field.contains(&gap) {
            return Err(format!("{FIELD} has no place for {row}"));
        }
        filled = filled.replace(&gap, result);
    }
    match filled.split_once('{') {
        Some((_, rest)) => {
            Err(format!("nothing was measured for {}", rest.split('}').next().unwrap_or(rest)))
        }
        None => Ok(filled),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_found_between_other_lines() {
        let said = "running 2 tests\ntest a ... \nscoreboard: gap = ✓ 0 of 5\nok\nscoreboard: loads = 1\n";
        assert_eq!(results(said), BTreeMap::from([("gap", "✓ 0 of 5"), ("loads", "1")]));
    }

    #[test]
    fn every_gap_is_filled() {
        let filled = fill("| {gap} | {loads} | {gap} |", &BTreeMap::from([("gap", "a"), ("loads", "b")]));
        assert_eq!(filled.unwrap(), "| a | b | a |");
    }

    #[test]
    fn a_gap_without_a_result_and_a_result_without_a_gap_are_errors() {
        let why = fill("| {gap} | {loads} |", &BTreeMap::from([("gap", "a")])).unwrap_err();
        assert_eq!(why, "nothing was measured for loads");
        assert!(fill("| {gap} |", &BTreeMap::from([("gap", "a"), ("loads", "b")])).is_err());
    }
}
