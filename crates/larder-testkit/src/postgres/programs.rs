//! The programs of Postgres.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::{env, fs};

use crate::server::error::Result;
use crate::server::program;

/// Names the folder of the programs.
const VARIABLE: &str = "LARDER_POSTGRES";
/// Where Debian and its kin have a folder for each version, none of which is on the `PATH`.
const VERSIONS: &str = "/usr/lib/postgresql";

const REMEDY: &str = "install it (`apt install postgresql`, `dnf install postgresql-server`, `brew install postgresql`), \
                      or name the folder of its programs in LARDER_POSTGRES";

/// What makes the files of a cluster, and what serves them: both of one version.
#[derive(Debug)]
pub(crate) struct Programs {
    pub(crate) initdb: PathBuf,
    pub(crate) postgres: PathBuf,
}

impl Programs {
    pub(crate) fn find() -> Result<Self> {
        let folders = env::var_os(VARIABLE).unwrap_or_else(folders);
        let find = |name: &str| program::search(Path::new(name), &folders, REMEDY);
        Ok(Self { initdb: find("initdb")?, postgres: find("postgres")? })
    }
}

/// The `PATH`, and then the newest version that lies beside it.
fn folders() -> OsString {
    let mut folders: Vec<PathBuf> =
        env::var_os("PATH").map(|path| env::split_paths(&path).collect()).unwrap_or_default();
    let mut versions: Vec<PathBuf> =
        fs::read_dir(VERSIONS).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    versions.sort_by_key(|version| number(version.file_name()));
    folders.extend(versions.into_iter().rev().map(|version| version.join("bin")));
    env::join_paths(folders).unwrap_or_default()
}

fn number(name: Option<&OsStr>) -> u32 {
    name.and_then(OsStr::to_str).and_then(|name| name.parse().ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_lacks_it_is_told_how_to_install_it() {
        let error = program::search(Path::new("postgres"), OsStr::new("/nowhere"), REMEDY).unwrap_err();
        assert!(error.to_string().contains("apt install postgresql"), "{error}");
    }

    #[test]
    fn versions_are_compared_as_numbers() {
        assert!(number(Some(OsStr::new("9"))) < number(Some(OsStr::new("16"))));
    }
}
