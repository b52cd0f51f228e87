//! What must hold before a change is merged.

use crate::program::{cargo, execute, is_installed, program, toolchain};
use crate::steps::Steps;
use crate::workspace::Workspace;
use crate::{Outcome, features, fuzz, test, tidy, weaken};

/// How much is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Depth {
    /// What every change must pass.
    Usual,
    /// What a release must pass as well.
    Full,
}

pub(crate) fn run(depth: Depth) -> Outcome {
    let workspace = Workspace::read()?;
    let mut steps = Steps::new("ci");
    usual(&workspace, &mut steps)?;
    if depth == Depth::Full {
        full(&workspace, &mut steps)?;
    }
    steps.finish();
    Ok(())
}

/// The quick steps come first: whoever waits for the tests should know that nothing silly is in the way.
fn usual(workspace: &Workspace, steps: &mut Steps) -> Outcome {
    steps.step("fmt", || execute(&mut cargo("fmt --all --check")))?;
    steps.step("tidy", tidy::run)?;
    typos(steps)?;
    steps.step("clippy", || {
        execute(&mut cargo("clippy --workspace --all-targets --all-features -- -D warnings"))
    })?;
    steps.step("doc", || {
        execute(cargo("doc --workspace --all-features --no-deps").env("RUSTDOCFLAGS", "-D warnings"))
    })?;
    steps.step("features", || features::check(workspace))?;
    test::run_all(workspace, steps)
}

fn full(workspace: &Workspace, steps: &mut Steps) -> Outcome {
    oldest_rust(workspace, steps)?;
    deny(steps)?;
    match fuzz::missing() {
        Some(missing) => steps.skip("fuzz", missing),
        None => steps.step("fuzz", || fuzz::run(fuzz::SECONDS, None))?,
    }
    steps.step("weaken", weaken::run)
}

fn typos(steps: &mut Steps) -> Outcome {
    if !is_installed("typos", "--version") {
        steps.skip("typos", "it is not installed. To install it: pip install typos");
        return Ok(());
    }
    steps.step("typos", || execute(&mut program("typos", "")))
}

fn oldest_rust(workspace: &Workspace, steps: &mut Steps) -> Outcome {
    let version = workspace.rust_version().ok_or("no package says its rust-version")?;
    let name = format!("Rust {version}");
    let Some(toolchain) = toolchain(version) else {
        let install = format!("rustup toolchain install {version} --profile minimal");
        steps.skip(&name, &format!("it is not installed. To install it: {install}"));
        return Ok(());
    };
    steps.step(&name, || {
        execute(
            cargo(&format!("+{toolchain} check --workspace"))
                .env("CARGO_TARGET_DIR", workspace.target("oldest")),
        )
    })
}

fn deny(steps: &mut Steps) -> Outcome {
    if !is_installed("cargo", "deny --version") {
        steps.skip("deny", "it is not installed. To install it: cargo install cargo-deny --locked");
        return Ok(());
    }
    steps.step("deny", || execute(&mut cargo("deny check")))
}
