//! Breaks a guarantee at a time and expects the tests to notice.
//!
//! A test that cannot fail proves nothing. So each check that a guarantee rests on is taken out of a copy
//! of the sources, one by one, and the test that claims the guarantee is run on that. It must build, and it must
//! fail. A weakening that survives is a claim without a test; one whose text is not found any more has to follow the code.

mod batch;
mod breaker;
mod codec;
mod coherence;
mod deploys;
mod engine;
mod fence;
mod flight;
mod guarded;
mod ledger;
mod memory;
mod redis;
mod shelf;

use std::collections::BTreeSet;
use std::process::{Command, Output};

use crate::Outcome;
use crate::copy::Copy;
use crate::program::cargo;
use crate::workspace::Workspace;

/// One check, and the test that should miss it.
pub(crate) struct Weakening {
    /// What is weaker.
    pub(crate) name: &'static str,
    /// Relative to the root.
    pub(crate) file: &'static str,
    /// What the check looks like: exactly once in the file.
    pub(crate) from: &'static str,
    pub(crate) to: &'static str,
    pub(crate) noticed_by: Test,
}

/// One test by its full name.
pub(crate) enum Test {
    /// Of the local tier's suite, on the reference map.
    Local(&'static str),
    /// Of the same suite, on the reference map that many caches share.
    SharedLocal(&'static str),
    /// Of the codec's suite.
    Codec(&'static str),
    /// Of the scenarios between several instances.
    Engine(&'static str),
    /// Of what each operation of the facade does.
    Facade(&'static str),
    /// Within the facade.
    Inside(&'static str),
    /// Within larder-core.
    Core(&'static str),
    /// In all interleavings.
    Loom(&'static str),
    /// Of the breaker's circuit.
    Circuit(&'static str),
    /// Of the proof of the flights, in all interleavings.
    Flight(&'static str),
    /// Of the remote tier's suite, on a real server.
    Script(&'static str),
    /// Of those that break real servers, or of the others between crates, if the name says so.
    Redis(&'static str),
    /// Within larder-bus.
    Bus(&'static str),
    /// Within larder-link.
    Link(&'static str),
    /// Any of those that every shared tier and every bus must pass, or that the one in memory must.
    Memory,
}

/// Tries all of them, or those in files whose path contains `part`.
pub(crate) fn run(part: Option<&str>) -> Outcome {
    let copy = Copy::make(&Workspace::read()?.target("weaken"))?;
    let chosen: Vec<_> =
        weakenings().filter(|weakening| part.is_none_or(|part| weakening.file.contains(part))).collect();
    if let Some(part) = part.filter(|_| chosen.is_empty()) {
        return Err(format!("nothing is weakened in a file whose name has `{part}`"));
    }
    // A text that is not found any more should not be found out after minutes.
    for weakening in &chosen {
        copy.weaken(weakening)?.restore()?;
    }
    let mut passed = BTreeSet::new();
    for weakening in &chosen {
        if passed.insert(weakening.noticed_by.name()) {
            weakening.noticed_by.passes(&copy)?;
        }
    }
    let mut survivors = Vec::new();
    for weakening in chosen {
        let name = weakening.name;
        if weakening.is_noticed(&copy)? {
            println!("noticed: {name} ({})", weakening.noticed_by.name());
        } else {
            println!("SURVIVED: {name}");
            survivors.push(name);
        }
    }
    if survivors.is_empty() {
        Ok(())
    } else {
        Err(format!("no test noticed that {}", survivors.join(", that ")))
    }
}

fn weakenings() -> impl Iterator<Item = &'static Weakening> {
    [
        fence::WEAKENINGS,
        shelf::WEAKENINGS,
        ledger::WEAKENINGS,
        codec::WEAKENINGS,
        flight::WEAKENINGS,
        engine::WEAKENINGS,
        batch::WEAKENINGS,
        breaker::WEAKENINGS,
        guarded::WEAKENINGS,
        coherence::WEAKENINGS,
        deploys::WEAKENINGS,
        redis::WEAKENINGS,
    ]
    .into_iter()
    .flatten()
    .chain(memory::weakenings())
}

impl Weakening {
    fn is_noticed(&self, copy: &Copy) -> Result<bool, String> {
        let weakened = copy.weaken(self)?;
        let is_noticed = self.noticed_by.notices(copy);
        weakened.restore()?;
        is_noticed.map_err(|why| format!("{}: {why}", self.name))
    }
}

impl Test {
    /// Makes sure that the test is there and passes while nothing is weakened.
    fn passes(&self, copy: &Copy) -> Outcome {
        let output = output(&mut self.command(copy, &Stage::Run))?;
        let told = String::from_utf8_lossy(&output.stdout);
        // A name that is not found passes, too.
        let has_run = matches!(self, Self::Memory) || told.contains("1 passed");
        if output.status.success() && has_run {
            Ok(())
        } else {
            Err(format!(
                "{} must pass before anything is weakened:\n{told}{}",
                self.name(),
                complaint(&output)
            ))
        }
    }

    /// Whether the test fails. That it does not even build is no answer.
    fn notices(&self, copy: &Copy) -> Result<bool, String> {
        let built = output(&mut self.command(copy, &Stage::Build))?;
        if !built.status.success() {
            return Err(format!("{} did not build:\n{}", self.name(), complaint(&built)));
        }
        Ok(!output(&mut self.command(copy, &Stage::Run))?.status.success())
    }

    fn name(&self) -> String {
        match self {
            Self::Local(name) => format!("conformance::local::map::{name}"),
            Self::SharedLocal(name) => format!("conformance::local::map_shared::{name}"),
            Self::Engine(name) => format!("scenario::{name}"),
            Self::Facade(name) => format!("behavior::{name}"),
            Self::Script(name) => format!("conformance::remote::standalone::{name}"),
            Self::Redis(name) if name.starts_with("interop") => (*name).to_owned(),
            Self::Redis(name) => format!("redis::{name}"),
            Self::Inside(name)
            | Self::Codec(name)
            | Self::Core(name)
            | Self::Loom(name)
            | Self::Bus(name)
            | Self::Link(name) => (*name).to_owned(),
            Self::Circuit(name) => format!("breaker::circuit::tests::{name}"),
            Self::Flight(name) => format!("flight::proof::{name}"),
            Self::Memory => "conformance".to_owned(),
        }
    }

    fn command(&self, copy: &Copy, stage: &Stage) -> Command {
        let (words, target) = match self {
            Self::Local(_) | Self::SharedLocal(_) | Self::Script(_) | Self::Redis(_) => {
                ("test --package tests --test all", "usual")
            }
            Self::Bus(_) => ("test --package larder-bus --lib", "usual"),
            Self::Link(_) => ("test --package larder-link --lib", "usual"),
            Self::Codec(_) => ("test --package larder-codec --all-features --test all", "usual"),
            Self::Engine(_) | Self::Facade(_) => ("test --package larder --test all", "usual"),
            Self::Circuit(_) | Self::Inside(_) => ("test --package larder --lib", "usual"),
            Self::Core(_) => ("test --package larder-core --lib", "usual"),
            Self::Loom(_) => ("test --package larder-core --test loom --release", "loom"),
            Self::Flight(_) => {
                ("test --package larder --lib --no-default-features --features embedded --release", "loom")
            }
            Self::Memory => ("test --package tests --package larder-memory --test all", "usual"),
        };
        let mut command = cargo(words);
        match (self, stage) {
            (_, Stage::Build) => command.arg("--no-run"),
            (Self::Memory, Stage::Run) => {
                let others = [
                    "local::",
                    "standalone",
                    "sentinel",
                    "cluster",
                    "redis::",
                    "interop",
                    "acl",
                    "arrows",
                    "golden",
                ];
                command.arg("--").args(others.iter().flat_map(|other| ["--skip", other]))
            }
            (_, Stage::Run) => command.args(["--", "--exact", &self.name()]),
        };
        if let Self::Loom(_) | Self::Flight(_) = self {
            command.env("RUSTFLAGS", "--cfg loom");
        }
        // Nobody debugs these, and without symbols they link in half the time.
        command
            .env("CARGO_PROFILE_DEV_DEBUG", "0")
            .env("CARGO_PROFILE_RELEASE_DEBUG", "0")
            .env("CARGO_PROFILE_RELEASE_INCREMENTAL", "true")
            .env("CARGO_TARGET_DIR", copy.target(target))
            .current_dir(copy.root());
        command
    }
}

enum Stage {
    Build,
    Run,
}

fn output(command: &mut Command) -> Result<Output, String> {
    command.output().map_err(|error| format!("cargo did not start: {error}"))
}

fn complaint(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    #[test]
    fn the_text_of_each_weakening_is_there_once() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let lost = weakenings().filter(|weakening| {
            let text = fs::read_to_string(root.join(weakening.file)).unwrap_or_default();
            text.matches(weakening.from).count() != 1
        });
        let lost: Vec<_> = lost
            .map(|weakening| format!("{}: {}\n{}", weakening.file, weakening.name, weakening.from))
            .collect();
        assert!(lost.is_empty(), "\n{}\n", lost.join("\n\n"));
    }
}
