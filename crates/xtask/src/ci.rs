//! What must hold before a change is merged.

use crate::program::{cargo, execute, is_installed, program, toolchain};
use crate::steps::Steps;
use crate::workspace::Workspace;
use crate::{Outcome, features, fuzz, needs, test, tidy, weaken};

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
    steps.step("needs", needs::check)?;
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
    minimal_versions(workspace, steps)?;
    if_installed(steps, "deny", "deny check bans licenses sources", "cargo-deny")?;
    steps.skip("semver-checks", "nothing is released yet that could be compared with");
    for package in ["larder-core", "larder-codec"] {
        let words = format!("+nightly check-external-types --manifest-path crates/{package}/Cargo.toml");
        if_installed(steps, "check-external-types", &words, "cargo-check-external-types")?;
    }
    match fuzz::missing() {
        Some(missing) => steps.skip("fuzz", missing),
        None => steps.step("fuzz", || fuzz::run(fuzz::SECONDS, None))?,
    }
    steps.step("weaken", || weaken::run(None))?;
    // Last, for it fetches a database, and without the network it should keep nothing else from being checked.
    if_installed(steps, "deny", "deny check advisories", "cargo-deny")
}

fn typos(steps: &mut Steps) -> Outcome {
    if !is_installed("typos", "--version") {
        steps.skip("typos", "it is not installed. To install it: pip install typos");
        return Ok(());
    }
    steps.step("typos", || execute(&mut program("typos", "")))
}

fn oldest_rust(workspace: &Workspace, steps: &mut Steps) -> Outcome {
    let versions = workspace.rust_versions();
    if versions.is_empty() {
        return Err("no package says its rust-version".into());
    }
    versions.iter().try_for_each(|(version, packages)| rust(workspace, steps, version, packages))
}

fn rust(workspace: &Workspace, steps: &mut Steps, version: &str, packages: &[&str]) -> Outcome {
    let name = format!("Rust {version}");
    let Some(toolchain) = toolchain(version) else {
        let install = format!("rustup toolchain install {version} --profile minimal");
        steps.skip(&name, &format!("it is not installed. To install it: {install}"));
        return Ok(());
    };
    steps.step(&name, || {
        execute(
            cargo(&format!("+{toolchain} check --package {}", packages.join(" --package ")))
                .env("CARGO_TARGET_DIR", workspace.target("oldest")),
        )
    })
}

/// Builds with the oldest versions of our dependencies that the manifests allow: whoever has these gets them.
fn minimal_versions(workspace: &Workspace, steps: &mut Steps) -> Outcome {
    let name = "minimal versions";
    let Some(nightly) = toolchain("nightly") else {
        let install = "rustup toolchain install nightly --profile minimal";
        steps.skip(name, &format!("it needs a nightly toolchain. To install one: {install}"));
        return Ok(());
    };
    let target = workspace.target("minimal");
    // A lock file of its own, so that the one that is committed stays as it is.
    let lock = format!("resolver.lockfile-path='{}'", target.join("Cargo.lock").display());
    let run = |words: &str| {
        let toolchain = format!("+{nightly}");
        execute(
            cargo(&toolchain)
                .args(["--config", &lock])
                .args(words.split(' '))
                .env("CARGO_TARGET_DIR", &target),
        )
    };
    steps.step(name, || {
        std::fs::create_dir_all(&target).map_err(|error| error.to_string())?;
        run("generate-lockfile -Z direct-minimal-versions")?;
        run("check --workspace --all-features --locked")
    })
}

/// Runs a subcommand of cargo, if there is such a thing here.
fn if_installed(steps: &mut Steps, subcommand: &str, words: &str, package: &str) -> Outcome {
    if !is_installed("cargo", &format!("{subcommand} --version")) {
        let install = format!("cargo install {package} --locked");
        steps.skip(subcommand, &format!("it is not installed. To install it: {install}"));
        return Ok(());
    }
    steps.step(subcommand, || execute(&mut cargo(words)))
}
