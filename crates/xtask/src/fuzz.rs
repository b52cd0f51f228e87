//! Hostile bytes for everything that decodes.

use std::fs;
use std::path::Path;

use crate::Outcome;
use crate::program::{cargo, execute, is_installed, toolchain};

/// How long each target runs unless told otherwise.
pub(crate) const SECONDS: u64 = 60;

/// The fuzz targets' package. It is not in the workspace, for it needs a nightly compiler.
const FOLDER: &str = "tests/fuzz";

/// Runs one target, or each in turn. The first that finds something ends it.
pub(crate) fn run(seconds: u64, target: Option<&str>) -> Outcome {
    let nightly = nightly()?;
    let targets = targets(Path::new(FOLDER))?;
    for target in select(&targets, target)? {
        println!("--- {target}, {seconds} s");
        attack(&nightly, target, seconds)?;
    }
    Ok(())
}

/// What has to be installed first, and how.
pub(crate) fn missing() -> Option<&'static str> {
    nightly().err()
}

/// The toolchain to fuzz with.
fn nightly() -> Result<String, &'static str> {
    let nightly = toolchain("nightly").ok_or(
        "fuzzing needs a nightly toolchain. To install it: rustup toolchain install nightly --profile minimal",
    )?;
    if !is_installed("cargo", "fuzz --version") {
        return Err("cargo-fuzz is not installed. To install it: cargo install cargo-fuzz --locked");
    }
    Ok(nightly)
}

fn attack(nightly: &str, target: &str, seconds: u64) -> Outcome {
    let corpus = format!("{FOLDER}/corpus/{target}");
    let seeds = format!("{FOLDER}/seeds/{target}");
    // The fuzzer refuses a folder that is not there. What it finds goes into the first; the second is only read.
    fs::create_dir_all(&corpus).map_err(|error| format!("{corpus}: {error}"))?;
    let seeds = if Path::new(&seeds).is_dir() { &seeds } else { "" };
    // The workspace pins a stable compiler, so the other has to be asked for.
    execute(&mut cargo(&format!(
        "+{nightly} fuzz run --fuzz-dir {FOLDER} {target} {corpus} {seeds} -- -max_total_time={seconds}"
    )))
}

fn targets(folder: &Path) -> Result<Vec<String>, String> {
    let folder = folder.join("fuzz_targets");
    let failed = |error| format!("{}: {error}", folder.display());
    let mut targets = Vec::new();
    for entry in fs::read_dir(&folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.extension().is_some_and(|extension| extension == "rs") {
            targets.extend(path.file_stem().map(|stem| stem.to_string_lossy().into_owned()));
        }
    }
    targets.sort();
    Ok(targets)
}

fn select<'a>(targets: &'a [String], wanted: Option<&str>) -> Result<Vec<&'a str>, String> {
    let selected: Vec<&str> = targets
        .iter()
        .map(String::as_str)
        .filter(|target| wanted.is_none_or(|wanted| wanted == *target))
        .collect();
    if selected.is_empty() {
        let wanted = wanted.unwrap_or("any");
        return Err(format!("no such fuzz target: {wanted}. There is: {}", targets.join(", ")));
    }
    Ok(selected)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_target_or_all_are_selected() {
        let targets = ["envelope".to_owned(), "values".to_owned()];
        assert_eq!(select(&targets, None).unwrap(), ["envelope", "values"]);
        assert_eq!(select(&targets, Some("values")).unwrap(), ["values"]);
    }

    #[test]
    fn an_unknown_target_or_none_at_all_is_an_error() {
        let targets = ["envelope".to_owned()];
        let why = select(&targets, Some("envelop")).unwrap_err();
        assert_eq!(why, "no such fuzz target: envelop. There is: envelope");
        assert!(select(&[], None).is_err());
    }
}
