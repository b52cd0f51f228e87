//! Weaknesses on real servers, each of which must show there.
//!
//! A run of the harness finds something if an answer broke a rule. That it was slow to be in sync again, or that a read
//! hung, says more about a machine that has much else to do. And a fault, or a process that lingers, must break no rule by itself:
//! so each of the grounds on which a weakness is looked for is played without one, too.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
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

/// One weakness after the other, each until it is found: all, or those whose names have these words. And then nothing, on the
/// same grounds.
pub(super) fn run(words: &[String]) -> Outcome {
    let is_wanted = |switch: &&Switch| words.iter().all(|word| switch.name.contains(word.as_str()));
    let wanted: Vec<&Switch> = weave::scripted().filter(is_wanted).collect();
    if wanted.is_empty() {
        return Err(format!("no weakness has a name with `{}`", words.join("` and `")));
    }
    let workspace = Workspace::read()?;
    let woven = weave::weave(&workspace)?;
    let target = woven.target("target");
    execute(cargo("build --package hostile").current_dir(woven.root()).env("CARGO_TARGET_DIR", &target))?;
    let program = target.join("debug").join("hostile");
    let harness = |weakness: &str, ground: Ground| {
        let mut harness = Command::new(&program);
        harness.current_dir(woven.root()).args(["--topology", ground.topology, "--only", ground.fault]);
        harness.env(weave::WEAKNESS, weakness).env(weave::LINGERING, ground.lingers.unwrap_or_default());
        harness
    };
    let mut judge = Judge { folder: workspace.target("hostile"), misjudged: Vec::new() };
    let mut grounds = BTreeSet::new();
    for switch in wanted {
        let (ground, is_sound) = (ground_of(switch.name), switch.harmless.is_some());
        grounds.insert(ground);
        let runs = if is_sound { &[CONTROL] } else { RUNS };
        judge.hear(switch.name, is_sound, play(runs, || harness(switch.name, ground)))?;
    }
    for ground in grounds {
        judge.hear(&ground.describe(), true, play(&[CONTROL], || harness("", ground)))?;
    }
    match judge.misjudged.as_slice() {
        [] => Ok(()),
        misjudged => Err(format!("on real servers, {}", misjudged.join("; "))),
    }
}

/// What the last run said, and which rule was broken first in it, if one was.
#[derive(Debug)]
struct Played {
    report: String,
    broken: Option<String>,
}

/// Plays until a rule is broken, or all of these runs have been.
fn play(runs: &[&str], harness: impl Fn() -> Command) -> Result<Played, String> {
    let mut played = Played { report: String::new(), broken: None };
    for minutes in runs {
        let output = harness().args(["--minutes", minutes]).output();
        let output = output.map_err(|error| format!("it did not start: {error}"))?;
        if !matches!(output.status.code(), Some(0 | 1)) {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned());
        }
        played.report = String::from_utf8_lossy(&output.stdout).into_owned();
        played.broken = broken_rule(&played.report);
        if played.broken.is_some() {
            break;
        }
    }
    Ok(played)
}

/// Goes on after a wrong verdict: the others are wanted, too.
struct Judge {
    /// Where the reports of wrong verdicts go.
    folder: PathBuf,
    misjudged: Vec<String>,
}

impl Judge {
    /// What is weak must be found, and what is sound must not.
    fn hear(&mut self, name: &str, is_sound: bool, played: Result<Played, String>) -> Outcome {
        let Played { report, broken } = match played {
            Ok(played) => played,
            Err(why) => {
                println!("NOT PLAYED: {name}: {why}");
                self.misjudged.push(format!("NOT PLAYED: {name}"));
                return Ok(());
            }
        };
        let verdict = verdict(is_sound, broken.is_some());
        println!("{verdict}: {name}{}", broken.as_ref().map(|rule| format!(" ({rule})")).unwrap_or_default());
        if is_sound == broken.is_some() {
            let file = self.folder.join(format!("{}.txt", name.replace([' ', ','], "-")));
            let written = fs::create_dir_all(&self.folder).and_then(|()| fs::write(&file, report));
            written.map_err(|error| format!("{}: {error}", file.display()))?;
            self.misjudged.push(format!("{verdict}: {name}, see {}", file.display()));
        }
        Ok(())
    }
}

/// What the report says was broken first, if an answer broke a rule.
fn broken_rule(report: &str) -> Option<String> {
    report.lines().find_map(|line| line.strip_prefix("First broken: ")).map(str::to_owned)
}

const fn verdict(is_sound: bool, is_broken: bool) -> &'static str {
    match (is_sound, is_broken) {
        (false, true) => "found",
        (true, false) => "clean",
        (false, false) => "SURVIVED",
        (true, true) => "FALSE ALARM",
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
    fn a_wrong_verdict_leaves_its_report_and_a_right_one_nothing() {
        let folder = std::env::temp_dir().join(format!("larder-judge-{}", std::process::id()));
        let mut judge = Judge { folder: folder.clone(), misjudged: Vec::new() };
        let played =
            |is_broken: bool| Ok(Played { report: "seed 7".into(), broken: is_broken.then(|| "C1".into()) });
        for (name, is_sound, is_broken) in [("a", false, true), ("b", true, false)] {
            judge.hear(name, is_sound, played(is_broken)).unwrap();
        }
        assert!(judge.misjudged.is_empty() && !folder.exists());

        judge.hear("a lost one", false, played(false)).unwrap();
        judge.hear("a found one", true, played(true)).unwrap();
        judge.hear("one that failed", true, Err("no server".into())).unwrap();
        assert_eq!(judge.misjudged.len(), 3);
        for name in ["a-lost-one", "a-found-one"] {
            assert_eq!(fs::read_to_string(folder.join(format!("{name}.txt"))).unwrap(), "seed 7");
        }
        fs::remove_dir_all(folder).unwrap();
    }
}
