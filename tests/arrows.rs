//! The plan of the house: which crate may see which, and what lies where.
//!
//! Arrows point down only, so that a backend can be left out, and a fault be looked for in few places. A new
//! arrow is a design decision: it is discussed, then written into the table below, then drawn in a `Cargo.toml`.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// Every crate under `crates/`, and those of its own workspace that it needs to be built.
const ALLOWED: &[(&str, &[Arrow])] = &[
    (
        "larder",
        &[
            always("larder-codec"),
            always("larder-core"),
            always("larder-macros"),
            always("larder-moka"),
            optional("larder-bus"),
            optional("larder-link"),
            optional("larder-memory"),
            optional("larder-quick"),
            optional("larder-redis"),
        ],
    ),
    // The only arrow between leaves: both need the same connections.
    ("larder-bus", &[always("larder-core"), always("larder-link")]),
    ("larder-codec", &[always("larder-core")]),
    ("larder-core", &[optional("larder-macros")]),
    ("larder-link", &[always("larder-core")]),
    ("larder-macros", &[]),
    ("larder-memory", &[always("larder-core")]),
    ("larder-moka", &[always("larder-core")]),
    ("larder-outbox", &[always("larder")]),
    ("larder-quick", &[always("larder-core")]),
    ("larder-queue", &[always("larder"), always("larder-codec"), always("larder-core")]),
    ("larder-redis", &[always("larder-core"), always("larder-link")]),
    ("larder-testkit", &[always("larder-core")]),
    ("xtask", &[]),
];

/// The packages beside `crates/`, which see all.
const SEE_ALL: &[&str] = &["benches", "examples", "hostile", "model", "simulation", "tests"];

/// Packages that are some of the tests, and lie among them.
const AMONG_TESTS: &[&str] = &["hostile", "model", "simulation"];

/// What a visitor sees first, dotfiles aside.
const TOP_LEVEL: &[&str] = &[
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "README.md",
    "benches",
    "crates",
    "examples",
    "rust-toolchain.toml",
    "tests",
];

/// One crate's need of another, seen from the one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Arrow<'a> {
    to: &'a str,
    need: Need,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Need {
    Always,
    /// Only behind a feature.
    Optional,
}

const fn always(to: &str) -> Arrow<'_> {
    Arrow { to, need: Need::Always }
}

const fn optional(to: &str) -> Arrow<'_> {
    Arrow { to, need: Need::Optional }
}

impl fmt::Display for Arrow<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.to)?;
        f.write_str(if self.need == Need::Optional { " (optional)" } else { "" })
    }
}

/// The arrows of each crate.
type Arrows<'a> = BTreeMap<&'a str, BTreeSet<Arrow<'a>>>;

/// What differs between the plan and the house, in words.
fn differences(allowed: &Arrows<'_>, found: &Arrows<'_>) -> Vec<String> {
    let mut differences = Vec::new();
    for (name, arrows) in found {
        let Some(allowed) = allowed.get(name) else {
            differences.push(format!(
                "the crate {name} is new. What it may see is a design decision: write it into the table in arrows.rs"
            ));
            continue;
        };
        differences.extend(arrows.difference(allowed).map(|arrow| {
            format!(
                "the arrow {name} -> {arrow} is new. A new arrow is a design decision: \
                 write it into the table in arrows.rs"
            )
        }));
        differences.extend(allowed.difference(arrows).map(|arrow| {
            format!("the arrow {name} -> {arrow} is gone. Take it out of the table in arrows.rs")
        }));
    }
    let gone = allowed.keys().filter(|name| !found.contains_key(*name));
    differences
        .extend(gone.map(|name| format!("the crate {name} is gone. Take it out of the table in arrows.rs")));
    differences
}

/// The arrows that a table names.
fn plan(table: &[(&'static str, &[Arrow<'static>])]) -> Arrows<'static> {
    table.iter().map(|(name, arrows)| (*name, arrows.iter().copied().collect())).collect()
}

/// What cargo says of the workspace.
fn metadata() -> Value {
    let told = cargo(&["metadata", "--no-deps", "--format-version", "1"]);
    serde_json::from_slice(&told).expect("cargo writes JSON")
}

/// What cargo prints. It asks nobody else.
fn cargo(arguments: &[&str]) -> Vec<u8> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(arguments)
        .arg("--offline")
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs this test, so it can be run");
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{complaint}");
    output.stdout
}

fn packages(metadata: &Value) -> &[Value] {
    let packages = metadata["packages"].as_array();
    packages.expect("there are packages")
}

fn name(package: &Value) -> &str {
    package["name"].as_str().expect("everything in the metadata has a name")
}

/// The folder of a package, relative to the root.
fn folder<'a>(metadata: &Value, package: &'a Value) -> &'a Path {
    let manifest = package["manifest_path"].as_str().expect("a package has a manifest");
    let manifest = manifest.strip_prefix(root(metadata)).expect("a member is below the root");
    let manifest = Path::new(manifest.trim_start_matches(['/', '\\']));
    manifest.parent().expect("a manifest is in a folder")
}

fn root(metadata: &Value) -> &str {
    metadata["workspace_root"].as_str().expect("a workspace has a root")
}

/// The arrows that are drawn, except those of who may see all. Dependencies of tests are not drawn.
fn found(metadata: &Value) -> Arrows<'_> {
    let members: BTreeSet<&str> = packages(metadata).iter().map(name).collect();
    packages(metadata)
        .iter()
        .filter(|package| !SEE_ALL.contains(&name(package)))
        .map(|package| (name(package), arrows(package, &members)))
        .collect()
}

fn arrows<'a>(package: &'a Value, members: &BTreeSet<&str>) -> BTreeSet<Arrow<'a>> {
    let dependencies = package["dependencies"].as_array();
    dependencies
        .expect("there are dependencies, if none")
        .iter()
        .filter(|dependency| dependency["kind"] != "dev" && members.contains(name(dependency)))
        .map(|dependency| match dependency["optional"].as_bool() {
            Some(true) => optional(name(dependency)),
            _ => always(name(dependency)),
        })
        .collect()
}

/// The names at the top level of what is kept in the repository, or of the folder if it is no repository.
fn top_level(root: &Path) -> BTreeSet<String> {
    let git = Command::new("git")
        // In a container the folder may belong to somebody else.
        .args(["-c", "safe.directory=*", "ls-files"])
        .current_dir(root)
        .output();
    let files = git.ok().filter(|output| output.status.success());
    let names: BTreeSet<String> = match files {
        Some(files) => String::from_utf8_lossy(&files.stdout)
            .lines()
            .filter_map(|path| path.split('/').next().map(str::to_owned))
            .collect(),
        None => names_in(root),
    };
    names.into_iter().filter(|name| !name.starts_with('.')).collect()
}

fn names_in(folder: &Path) -> BTreeSet<String> {
    let entries = folder.read_dir().expect("the root can be read");
    let names = entries.map(|entry| entry.expect("the root can be read").file_name());
    names.map(|name| name.to_string_lossy().into_owned()).filter(|name| name != "target").collect()
}

/// The client's own cache gives out what was invalidated while it was on its way, and its connection for clusters lets one
/// node's trouble be everybody's.
#[test]
fn the_client_has_no_part_that_is_not_safe() {
    let tree = cargo(&["tree", "--workspace", "--all-features", "--prefix", "none", "--format", "{p} {f}"]);
    let tree = String::from_utf8_lossy(&tree);
    let client = tree.lines().find(|line| line.starts_with("redis v")).expect("it is a dependency");
    assert!(client.contains("aio"), "{client}");
    for unsafe_part in ["cache-aio", "cluster-async", "connection-manager"] {
        assert!(!client.contains(unsafe_part), "{client}");
    }
}

#[test]
fn arrows_are_those_of_the_plan() {
    let metadata = metadata();
    let differences = differences(&plan(ALLOWED), &found(&metadata));
    assert!(differences.is_empty(), "\n{}\n", differences.join("\n"));
}

#[test]
fn a_folder_is_named_after_its_crate() {
    let metadata = metadata();
    for package in packages(&metadata) {
        let name = name(package);
        let expected = match name {
            name if AMONG_TESTS.contains(&name) => Path::new("tests").join(name),
            name if SEE_ALL.contains(&name) => PathBuf::from(name),
            name => Path::new("crates").join(name),
        };
        assert_eq!(folder(&metadata, package), expected, "the folder of {name}");
    }
}

#[test]
fn the_top_level_holds_what_the_plan_names() {
    let metadata = metadata();
    let root = Path::new(root(&metadata));
    let expected: BTreeSet<String> = TOP_LEVEL.iter().map(|name| (*name).to_owned()).collect();
    let missing: Vec<&String> = expected.iter().filter(|name| !root.join(name).exists()).collect();
    assert!(missing.is_empty(), "missing at the top level: {missing:?}");
    let kept = top_level(root);
    let extra: Vec<&String> = kept.difference(&expected).collect();
    assert!(extra.is_empty(), "these belong into a folder, or are dotfiles: {extra:?}");
}

fn check(found: &[(&'static str, &[Arrow<'static>])], expected: &[&str]) {
    let allowed = plan(&[("core", &[optional("macros")]), ("macros", &[])]);
    let differences = differences(&allowed, &plan(found));
    assert_eq!(differences.len(), expected.len(), "{differences:?}");
    for (difference, expected) in differences.iter().zip(expected) {
        assert!(difference.starts_with(expected), "{difference}");
    }
}

#[test]
fn the_plan_itself_is_no_difference() {
    check(&[("core", &[optional("macros")]), ("macros", &[])], &[]);
}

#[test]
fn a_new_arrow_is_a_difference() {
    check(
        &[("core", &[optional("macros")]), ("macros", &[always("core")])],
        &["the arrow macros -> core is new. A new arrow is a design decision"],
    );
}

#[test]
fn an_arrow_that_is_no_longer_optional_is_a_difference() {
    check(
        &[("core", &[always("macros")]), ("macros", &[])],
        &["the arrow core -> macros is new", "the arrow core -> macros (optional) is gone"],
    );
}

#[test]
fn new_and_vanished_crates_are_differences() {
    check(
        &[("core", &[optional("macros")]), ("memory", &[])],
        &["the crate memory is new", "the crate macros is gone"],
    );
}

#[test]
fn dependencies_of_tests_are_no_arrows() {
    let metadata: Value = serde_json::from_str(
        r#"{ "packages": [
            { "name": "core", "dependencies": [
                { "name": "macros", "kind": null, "optional": true },
                { "name": "kit", "kind": "dev", "optional": false },
                { "name": "serde", "kind": null, "optional": false }
            ] },
            { "name": "kit", "dependencies": [] },
            { "name": "macros", "dependencies": [{ "name": "kit", "kind": "build", "optional": false }] },
            { "name": "tests", "dependencies": [{ "name": "core", "kind": null, "optional": false }] }
        ] }"#,
    )
    .expect("this is JSON");
    let expected = plan(&[("core", &[optional("macros")]), ("kit", &[]), ("macros", &[always("kit")])]);
    assert_eq!(found(&metadata), expected);
}
