//! A fleet of processes at work, while everything breaks; and the same with weaknesses that must be found.

use std::process::{Command, ExitCode};

use crate::Outcome;
use crate::program::{cargo, execute};
use crate::weave::{self, Switch, VARIABLE};
use crate::workspace::Workspace;

const RUN: &str = "run --quiet --package hostile --";

/// How long a weakness may need until it is found.
const MINUTES: &str = "1.5";

/// Which fault lets a weakness show, for those that do not show under the one that shows most.
const FAULTS: &[(&str, [&str; 2])] = &[
    ("trust does not end by itself", ["standalone", "worker-stopped-and-deaf"]),
    ("what the server could not be told is believed all the same", ["standalone", "line-frozen"]),
    ("after a failover nobody tells the server again", ["sentinel", "master-dies-unheard"]),
];

/// What the harness is not good for, and the simulation finds in a moment: what needs three things at the same moment, which do
/// not come about by themselves on real servers.
const ELSEWHERE: &[&str] = &[
    "the writer does not drop its own copies when the server has answered",
    "who waits for another's load takes it whatever became of its tags",
    "what is kept nowhere leaves what is older here",
];

/// The one that shows most: nodes that do not hear.
const USUAL: [&str; 2] = ["standalone", "messages-lost"];

/// Breaks things for as long as is said. The exit code is that of the harness: 0 if nothing was found, 1 if something was,
/// and 2 if it failed itself.
pub(crate) fn run(words: &[String]) -> Result<ExitCode, String> {
    if words == ["--mutations"] {
        return mutations().map(|()| ExitCode::SUCCESS);
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

/// One weakness after the other on real servers, each until it is found.
fn mutations() -> Outcome {
    let woven = weave::weave(&Workspace::read()?)?;
    let target = woven.target("target");
    execute(cargo("build --package hostile").current_dir(woven.root()).env("CARGO_TARGET_DIR", &target))?;
    let program = target.join("debug").join("hostile");
    let mut survivors = Vec::new();
    let is_judged = |switch: &&Switch| switch.harmless.is_none() && !ELSEWHERE.contains(&switch.name);
    for switch in weave::scripted().filter(is_judged) {
        let mut harness = Command::new(&program);
        harness.args(words(switch.name)).env(VARIABLE, switch.name).current_dir(woven.root());
        let output = harness.output().map_err(|error| format!("the harness did not start: {error}"))?;
        match output.status.code() {
            Some(0) => {
                println!("SURVIVED: {}", switch.name);
                survivors.push(switch.name);
            }
            Some(1) => println!("found: {}", switch.name),
            _ => return Err(format!("{}: {}", switch.name, String::from_utf8_lossy(&output.stderr))),
        }
    }
    match survivors.as_slice() {
        [] => Ok(()),
        survivors => Err(format!("on real servers nobody found that {}", survivors.join(", that "))),
    }
}

fn words(weakness: &str) -> Vec<&'static str> {
    let own = FAULTS.iter().find(|(name, _)| *name == weakness).map(|(_, words)| *words);
    let [topology, fault] = own.unwrap_or(USUAL);
    vec!["--topology", topology, "--only", fault, "--minutes", MINUTES]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_weakness_with_a_fault_of_its_own_is_there() {
        for name in FAULTS.iter().map(|(name, _)| name).chain(ELSEWHERE) {
            assert!(weave::scripted().any(|switch| switch.name == *name), "{name}");
        }
    }
}
