//! Weaknesses on real servers, each of which must show there.
//!
//! A run of the harness finds something if an answer broke a rule. That it was slow to be in sync again, or that a read
//! hung, says more about a machine that has much else to do. And a fault, or a process that lingers, must break no rule by itself:
//! so each of the grounds on which a weakness is looked for is played without one, too.

use std::collections::BTreeSet;
use std::process::Command;

use crate::Outcome;
use crate::program::{cargo, execute};
use crate::weave::{self, LOADER, Switch, WRITER};
use crate::workspace::Workspace;

/// How long a run is, in minutes: most weaknesses show soon, and those that do not are given more time.
const RUNS: &[&str] = &["0.4", "1.5", "4"];

/// The same for what is sound.
const CONTROL: &str = "1.5";

/// On what a weakness is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Ground {
    topology: &'static str,
    fault: &'static str,
    /// Where the processes linger.
    lingers: Option<&'static str>,
}

const fn ground(topology: &'static str, fault: &'static str) -> Ground {
    Ground { topology, fault, lingers: None }
}

/// The one that shows most: nodes that do not hear.
const USUAL: Ground = ground("standalone", "messages-lost");

/// Those of the weaknesses that show better elsewhere.
const OWN: &[(&str, Ground)] = &[
    ("trust does not end by itself", ground("standalone", "worker-stopped-and-deaf")),
    ("what the server could not be told is believed all the same", ground("standalone", "line-frozen")),
    ("who loads without a lease is stamped when it is done", ground("standalone", "line-dead")),
    (
        "the writer does not drop its own copies when the server has answered",
        Ground { lingers: Some(WRITER), ..ground("standalone", "messages-lost-on-slow-lines") },
    ),
    ("what is kept nowhere leaves what is older here", Ground { lingers: Some(LOADER), ..USUAL }),
    ("after a failover nobody tells the server again", ground("sentinel", "master-dies-unheard")),
];

/// What came of a weakness, or of none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Found,
    Clean,
    Survived,
    FalseAlarm,
}

/// One weakness after the other, each until it is found: all, or those whose names have these words. And then nothing, on the
/// same grounds.
pub(super) fn run(words: &[String]) -> Outcome {
    let is_wanted = |switch: &&Switch| words.iter().all(|word| switch.name.contains(word.as_str()));
    let wanted: Vec<&Switch> = weave::scripted().filter(is_wanted).collect();
    if wanted.is_empty() {
        return Err(format!("no weakness has a name with `{}`", words.join("` and `")));
    }
    let woven = weave::weave(&Workspace::read()?)?;
    let target = woven.target("target");
    execute(cargo("build --package hostile").current_dir(woven.root()).env("CARGO_TARGET_DIR", &target))?;
    let program = target.join("debug").join("hostile");
    let harness = |weakness: &str, ground: Ground| {
        let mut harness = Command::new(&program);
        harness.current_dir(woven.root()).args(["--topology", ground.topology, "--only", ground.fault]);
        harness.env(weave::WEAKNESS, weakness).env(weave::LINGERING, ground.lingers.unwrap_or_default());
        harness
    };
    let mut grounds = BTreeSet::new();
    let mut misjudged = Vec::new();
    let mut judge = |name: String, is_sound: bool, broken: Option<String>| {
        let verdict = verdict(is_sound, broken.is_some());
        println!("{}: {name}{}", verdict.text(), broken.map(|rule| format!(" ({rule})")).unwrap_or_default());
        if !verdict.is_right() {
            misjudged.push(format!("{}: {name}", verdict.text()));
        }
    };
    for switch in wanted {
        let ground = ground_of(switch.name);
        grounds.insert(ground);
        let runs = if switch.harmless.is_some() { &[CONTROL] } else { RUNS };
        let broken = first_broken(runs, || harness(switch.name, ground))?;
        judge(switch.name.to_owned(), switch.harmless.is_some(), broken);
    }
    for ground in grounds {
        let broken = first_broken(&[CONTROL], || harness("", ground))?;
        judge(ground.describe(), true, broken);
    }
    match misjudged.as_slice() {
        [] => Ok(()),
        misjudged => Err(format!("on real servers, {}", misjudged.join("; "))),
    }
}

/// The rule that was broken first, in the first of these runs in which one was.
fn first_broken(runs: &[&str], harness: impl Fn() -> Command) -> Result<Option<String>, String> {
    for minutes in runs {
        let output = harness().args(["--minutes", minutes]).output();
        let output = output.map_err(|error| format!("the harness did not start: {error}"))?;
        if !matches!(output.status.code(), Some(0 | 1)) {
            return Err(format!("the harness failed: {}", String::from_utf8_lossy(&output.stderr)));
        }
        if let Some(rule) = broken_rule(&String::from_utf8_lossy(&output.stdout)) {
            return Ok(Some(rule));
        }
    }
    Ok(None)
}

/// What the report says was broken first, if an answer broke a rule.
fn broken_rule(report: &str) -> Option<String> {
    report.lines().find_map(|line| line.strip_prefix("First broken: ")).map(str::to_owned)
}

const fn verdict(is_sound: bool, is_broken: bool) -> Verdict {
    match (is_sound, is_broken) {
        (false, true) => Verdict::Found,
        (true, false) => Verdict::Clean,
        (false, false) => Verdict::Survived,
        (true, true) => Verdict::FalseAlarm,
    }
}

impl Verdict {
    const fn is_right(self) -> bool {
        matches!(self, Self::Found | Self::Clean)
    }

    const fn text(self) -> &'static str {
        match self {
            Self::Found => "found",
            Self::Clean => "clean",
            Self::Survived => "SURVIVED",
            Self::FalseAlarm => "FALSE ALARM",
        }
    }
}

impl Ground {
    fn describe(self) -> String {
        let lingers = self.lingers.map(|who| format!(", lingering {who}")).unwrap_or_default();
        format!("no weakness, {} on {}{lingers}", self.fault, self.topology)
    }
}

fn ground_of(weakness: &str) -> Ground {
    OWN.iter().find(|(name, _)| *name == weakness).map_or(USUAL, |(_, ground)| *ground)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    #[test]
    fn each_weakness_with_a_ground_of_its_own_is_there() {
        for (name, _) in OWN {
            assert!(weave::scripted().any(|switch| switch.name == *name), "{name}");
        }
    }

    #[test]
    fn the_fault_of_each_ground_is_there() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/hostile/src/faults");
        let files =
            fs::read_dir(folder).unwrap().map(|file| fs::read_to_string(file.unwrap().path()).unwrap());
        let faults: String = files.collect();
        for ground in OWN.iter().map(|(_, ground)| *ground).chain([USUAL]) {
            assert!(faults.contains(&format!("name: \"{}\"", ground.fault)), "{ground:?}");
        }
    }

    #[test]
    fn only_a_broken_rule_is_a_finding() {
        let complaint = "- messages-lost was healed, and in sync after 4s\n\n0 violations, 1 complaints.\n";
        assert_eq!(broken_rule(complaint), None);
        let broken = format!("First broken: C5, back in time\n{complaint}");
        assert_eq!(broken_rule(&broken).as_deref(), Some("C5, back in time"));
    }

    #[test]
    fn what_is_weak_must_be_found_and_what_is_sound_must_not() {
        assert!(verdict(false, true).is_right() && verdict(true, false).is_right());
        assert!(!verdict(false, false).is_right() && !verdict(true, true).is_right());
    }
}
