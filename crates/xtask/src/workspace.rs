//! What cargo knows about this workspace.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::program::{cargo, output};

/// The workspace, as far as a chore needs to know it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Workspace {
    packages: Vec<Package>,
    target: PathBuf,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Package {
    pub(crate) name: String,
    /// In alphabetical order, without `default`.
    pub(crate) features: Vec<String>,
    /// The oldest Rust that it supports.
    rust_version: Option<String>,
    folder: PathBuf,
}

impl Workspace {
    pub(crate) fn read() -> Result<Self, String> {
        let text = output(&mut cargo("metadata --no-deps --format-version 1"))?;
        Self::parse(&text).ok_or_else(|| "`cargo metadata` wrote something unexpected".into())
    }

    fn parse(text: &str) -> Option<Self> {
        let metadata: Value = serde_json::from_str(text).ok()?;
        let packages = metadata.get("packages")?.as_array()?;
        Some(Self {
            packages: packages.iter().map(Package::parse).collect::<Option<_>>()?,
            target: metadata.get("target_directory")?.as_str()?.into(),
        })
    }

    /// The packages under `crates/`, which others depend on or could.
    pub(crate) fn crates(&self) -> impl Iterator<Item = &Package> {
        self.packages
            .iter()
            .filter(|package| package.folder.parent().is_some_and(|parent| parent.ends_with("crates")))
    }

    /// The oldest Rust of each package that names one: some need a newer one than the others.
    pub(crate) fn rust_versions(&self) -> BTreeMap<&str, Vec<&str>> {
        let mut versions: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for package in &self.packages {
            if let Some(version) = &package.rust_version {
                versions.entry(version).or_default().push(&package.name);
            }
        }
        versions
    }

    /// A target directory of its own, for builds that would throw each other's results away.
    pub(crate) fn target(&self, name: &str) -> PathBuf {
        self.target.join(name)
    }
}

impl Package {
    fn parse(package: &Value) -> Option<Self> {
        let manifest = Path::new(package.get("manifest_path")?.as_str()?);
        let features = package.get("features")?.as_object()?;
        let mut features: Vec<String> = features.keys().filter(|name| *name != "default").cloned().collect();
        features.sort();
        Some(Self {
            name: package.get("name")?.as_str()?.to_owned(),
            features,
            rust_version: package.get("rust_version")?.as_str().map(str::to_owned),
            folder: manifest.parent()?.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const METADATA: &str = r#"{
        "packages": [
            {
                "name": "larder-core", "rust_version": "1.88",
                "manifest_path": "/somewhere/crates/larder-core/Cargo.toml",
                "features": { "default": ["uuid"], "uuid": [], "derive": [] }
            },
            {
                "name": "tests", "rust_version": null,
                "manifest_path": "/somewhere/tests/Cargo.toml", "features": {}
            }
        ],
        "target_directory": "/somewhere/target"
    }"#;

    #[test]
    fn metadata_is_understood() {
        let workspace = Workspace::parse(METADATA).unwrap();
        let crates: Vec<&Package> = workspace.crates().collect();
        assert_eq!(crates.len(), 1);
        assert_eq!(crates[0].name, "larder-core");
        assert_eq!(crates[0].features, ["derive", "uuid"]);
        assert_eq!(workspace.rust_versions(), BTreeMap::from([("1.88", vec!["larder-core"])]));
        assert_eq!(workspace.target("loom"), Path::new("/somewhere/target/loom"));
    }

    #[test]
    fn what_is_not_metadata_is_refused() {
        for text in ["", "[]", "{}", r#"{ "packages": [{}], "target_directory": "" }"#] {
            assert_eq!(Workspace::parse(text), None, "{text}");
        }
    }
}
