//! Each feature of each crate, alone. Cargo joins features in a workspace, so a crate that forgot to ask for one
//! still compiles there, and fails at its user's.

use crate::Outcome;
use crate::program::{cargo, execute};
use crate::workspace::{Package, Workspace};

pub(crate) fn check(workspace: &Workspace) -> Outcome {
    for selection in workspace.crates().flat_map(selections) {
        println!("    {selection}");
        execute(&mut cargo(&format!("check --quiet {selection}")))?;
    }
    Ok(())
}

/// The arguments that select a package: without features, then with one at a time.
fn selections(package: &Package) -> Vec<String> {
    let bare = format!("--package {} --no-default-features", package.name);
    let mut selections = vec![bare.clone()];
    for feature in &package.features {
        selections.push(format!("{bare} --features {feature}"));
    }
    selections
}
