//! A fleet of processes at work, while everything breaks; and the same with weaknesses that must be found.

use std::process::{Command, ExitCode};

use crate::Outcome;
use crate::program::{cargo, execute};
use crate::weave::{self, Switch, VARIABLE};
use crate::workspace::Workspace;

const RUN: &str = "run --quiet --package hostile --";

/// How long a run is, in minutes: most weaknesses show soon, and those that do not are given more time.
const RUNS: &[&str] = &["0.4", "1.5", "4"];

/// The same for what does no harm.
const CONTROL: &[&str] = &["1.5"];

/// Which fault lets a weakness show, for those that do not show under the one that shows most.
const FAULTS: &[(&str, [&str; 2])] = &[
    ("trust does not end by itself", ["standalone", "worker-stopped-and-deaf"]),
    ("what the server could not be told is believed all the same", ["standalone", "line-frozen"]),
    (
        "the writer does not drop its own copies when the server has answered",
        ["standalone", "messages-lost-on-slow-lines"],
    ),
    ("after a failover nobody tells the server again", ["sentinel", "master-dies-unheard"]),
];

/// The one that shows most: nodes that do not hear.
const USUAL: [&str; 2] = ["standalone", "messages-lost"];

/// Breaks things for as long as is said. The exit code is that of the harness: 0 if nothing was found, 1 if something was,
/// and 2 if it failed itself.
pub(crate) fn run(words: &[String]) -> Result<ExitCode, String> {
    if let [first, rest @ ..] = words
        && first == "--mutations"
    {
        return mutations(rest).map(|()| ExitCode::SUCCESS);
    }
    let status =
        cargo(RUN).args(words).status().map_err(|error| format!("the harness did not start: {error}"))?;
    // None is a death by signal.
    let code = status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(2);
    Ok(ExitCode::from(code))
}

/// A handful of faults on every topology, of a seed that it prints.
pub(crate) fn quick() -> Outcome {
    execute(cargo(RUN).arg("--quick"))
}

/// One weakness after the other on real servers, each until it is found: all, or those whose names have these words.
fn mutations(words: &[String]) -> Outcome {
    let is_wanted = |switch: &&Switch| words.iter().all(|word| switch.name.contains(word.as_str()));
    let wanted: Vec<&Switch> = weave::scripted().filter(is_wanted).collect();
    if wanted.is_empty() {
        return Err(format!("no weakness has a name with `{}`", words.join("` and `")));
    }
    let woven = weave::weave(&Workspace::read()?)?;
    let target = woven.target("target");
    execute(cargo("build --package hostile").current_dir(woven.root()).env("CARGO_TARGET_DIR", &target))?;
    let program = target.join("debug").join("hostile");
    let mut misjudged = Vec::new();
    for switch in wanted {
        let harness = || {
            let mut harness = Command::new(&program);
            harness.env(VARIABLE, switch.name).current_dir(woven.root());
            harness
        };
        let runs = if switch.harmless.is_some() { CONTROL } else { RUNS };
        let (verdict, is_right) = match (is_found(switch.name, runs, harness)?, switch.harmless) {
            (true, None) => ("found", true),
            (false, Some(_)) => ("harmless, and clean", true),
            (false, None) => ("SURVIVED", false),
            (true, Some(_)) => ("NOT HARMLESS", false),
        };
        println!("{verdict}: {}", switch.name);
        if !is_right {
            misjudged.push(switch.name);
        }
    }
    match misjudged.as_slice() {
        [] => Ok(()),
        misjudged => Err(format!("on real servers it was misjudged that {}", misjudged.join(", that "))),
    }
}

fn is_found(weakness: &str, runs: &[&str], harness: impl Fn() -> Command) -> Result<bool, String> {
    for minutes in runs {
        let output = harness().args(fault_of(weakness)).args(["--minutes", minutes]).output();
        let output = output.map_err(|error| format!("the harness did not start: {error}"))?;
        match output.status.code() {
            Some(0) => {}
            Some(1) => return Ok(true),
            _ => return Err(format!("{weakness}: {}", String::from_utf8_lossy(&output.stderr))),
        }
    }
    Ok(false)
}

/// The words that name it to the harness.
fn fault_of(weakness: &str) -> [&'static str; 4] {
    let own = FAULTS.iter().find(|(name, _)| *name == weakness).map(|(_, words)| *words);
    let [topology, fault] = own.unwrap_or(USUAL);
    ["--topology", topology, "--only", fault]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_weakness_with_a_fault_of_its_own_is_there() {
        for (name, _) in FAULTS {
            assert!(weave::scripted().any(|switch| switch.name == *name), "{name}");
        }
    }
}
