//! Every test there is.

use std::env;
use std::io::stdout;

use crate::program::{cargo, execute, is_installed};
use crate::simulate::Simulation;
use crate::steps::Steps;
use crate::workspace::Workspace;
use crate::{Outcome, hostile, needs, simulate};

pub(crate) fn run_all(workspace: &Workspace, steps: &mut Steps) -> Outcome {
    steps.step("tests", tests)?;
    steps.step("doctests", || execute(&mut cargo("test --workspace --all-features --doc")))?;
    steps.step("loom", || loom(workspace))?;
    steps.step("simulation", || simulate::run(&Simulation::Usual))?;
    steps.step("simulation of weaknesses", || simulate::run(&Simulation::Mutations))?;
    steps.step("hostile", hostile::quick)
}

/// The chore itself.
pub(crate) fn run() -> Outcome {
    let mut steps = Steps::new("test");
    steps.step("needs", needs::check)?;
    run_all(&Workspace::read()?, &mut steps)?;
    steps.finish();
    Ok(())
}

fn tests() -> Outcome {
    let words = if is_installed("cargo", "nextest --version") {
        "nextest run --workspace --all-features"
    } else {
        "test --workspace --all-features --lib --bins --tests"
    };
    // nextest tells its results on the standard error, where who keeps only the output would miss them.
    execute(cargo(words).stderr(stdout()))
}

/// The proofs of the fence, of the flights and of the breaker, over all interleavings of a few threads.
fn loom(workspace: &Workspace) -> Outcome {
    let flags = env::var("RUSTFLAGS").unwrap_or_default();
    let prove = |words| {
        execute(
            cargo(words)
                .env("RUSTFLAGS", format!("{flags} --cfg loom"))
                // Flags for the compiler rebuild everything, so these builds stay out of the way of the others.
                .env("CARGO_TARGET_DIR", workspace.target("loom")),
        )
    };
    prove("test --package larder-core --test loom --release")?;
    // The other tests of that crate run outside of the model, where its locks do not work.
    // The client of Redis has parts that know a model of their own, and do not build in ours.
    prove("test --package larder --lib --no-default-features --features embedded --release proof")
}
