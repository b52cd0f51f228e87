//! Breaks a guarantee at a time and expects the tests to notice.
//!
//! A test that cannot fail proves nothing. So each check that a guarantee rests on is taken out of a copy
//! of the sources, one by one, and the test that claims the guarantee is run on that. It must build, and it must
//! fail. A weakening that survives is a claim without a test; one whose text is not found any more has to follow the code.

mod codec;
mod coherence;
mod copy;
mod engine;
mod fence;
mod flight;
mod ledger;
mod shelf;

use std::process::{Command, Output};

use crate::Outcome;
use crate::program::cargo;
use crate::workspace::Workspace;
use copy::Copy;

/// One check, and the test that should miss it.
struct Weakening {
    /// What is weaker.
    name: &'static str,
    /// Relative to the root.
    file: &'static str,
    /// What the check looks like: exactly once in the file.
    from: &'static str,
    to: &'static str,
    noticed_by: Test,
}

/// One test by its full name.
enum Test {
    /// Of the local tier's suite, on the reference map.
    Local(&'static str),
    /// Of the same suite, on the reference map that many caches share.
    SharedLocal(&'static str),
    /// Of the codec's suite.
    Codec(&'static str),
    /// Of the scenarios between several instances.
    Engine(&'static str),
    /// Within larder-core.
    Core(&'static str),
    /// In all interleavings.
    Loom(&'static str),
    /// Of the proof of the flights, in all interleavings.
    Flight(&'static str),
}

pub(crate) fn run() -> Outcome {
    let copy = Copy::make(&Workspace::read()?.target("weaken"))?;
    // A text that is not found any more should not be found out after minutes.
    for weakening in weakenings() {
        copy.weaken(weakening)?.restore()?;
    }
    for weakening in weakenings() {
        weakening.noticed_by.passes(&copy)?;
    }
    let mut survivors = Vec::new();
    for weakening in weakenings() {
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
        coherence::WEAKENINGS,
    ]
    .into_iter()
    .flatten()
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
        if output.status.success() && told.contains("1 passed") {
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
            Self::Codec(name) | Self::Core(name) | Self::Loom(name) => (*name).to_owned(),
            Self::Flight(name) => format!("flight::proof::{name}"),
        }
    }

    fn command(&self, copy: &Copy, stage: &Stage) -> Command {
        let (words, target) = match self {
            Self::Local(_) | Self::SharedLocal(_) => ("test --package tests --test all", "usual"),
            Self::Codec(_) => ("test --package larder-codec --all-features --test all", "usual"),
            Self::Engine(_) => ("test --package larder --test all", "usual"),
            Self::Core(_) => ("test --package larder-core --lib", "usual"),
            Self::Loom(_) => ("test --package larder-core --test loom --release", "loom"),
            Self::Flight(_) => ("test --package larder --lib --release", "loom"),
        };
        let mut command = cargo(words);
        match stage {
            Stage::Build => command.arg("--no-run"),
            Stage::Run => command.args(["--", "--exact", &self.name()]),
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
