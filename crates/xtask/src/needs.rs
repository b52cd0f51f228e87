//! What the tests need of the machine, beside Rust.

use std::ffi::OsString;
use std::path::Path;
use std::process::Stdio;
use std::{env, fs};

use crate::Outcome;
use crate::program::{is_installed, program};

/// Something that has to be installed.
struct Need {
    name: &'static str,
    is_met: fn() -> bool,
    /// How to install it.
    install: &'static str,
}

const NEEDS: &[Need] = &[
    Need {
        name: "redis-server",
        is_met: has_redis_server,
        install: "apt-get install redis-server, or name a server in LARDER_REDIS_SERVER",
    },
    Need { name: "redis-sentinel", is_met: has_redis_sentinel, install: "apt-get install redis-sentinel" },
    Need {
        name: "postgres",
        is_met: has_postgres,
        install: "apt-get install postgresql, or name the folder of its programs in LARDER_POSTGRES",
    },
    Need {
        name: "cc, a C compiler",
        is_met: has_c_compiler,
        install: "apt-get install gcc libc6-dev, or the package of your system",
    },
    Need {
        name: "a python3 with the module xxhash",
        is_met: has_python,
        install: "apt-get install python3-xxhash, or python3 -m pip install xxhash, or name a Python in LARDER_PYTHON",
    },
];

/// Names everything that is missing, one on a line. Better now than after a thousand tests.
pub(crate) fn check() -> Outcome {
    let missing: Vec<&Need> = NEEDS.iter().filter(|need| !(need.is_met)()).collect();
    for need in &missing {
        println!("{}", complaint(need));
    }
    match missing.len() {
        0 => Ok(()),
        count => Err(format!("missing on this machine: {count}, see above")),
    }
}

fn complaint(need: &Need) -> String {
    format!("!!! {} is missing. To install it: {}", need.name, need.install)
}

fn has_redis_server() -> bool {
    let named = env::var("LARDER_REDIS_SERVER");
    is_installed(named.as_deref().unwrap_or("redis-server"), "--version")
}

/// Whoever names a server of their own has what belongs to it.
fn has_redis_sentinel() -> bool {
    env::var_os("LARDER_REDIS_SERVER").is_some() || is_installed("redis-sentinel", "--version")
}

/// As the tests look for it: on Debian and its kin each version has a folder of its own.
fn has_postgres() -> bool {
    let has_both = |folder: &Path| {
        ["initdb", "postgres"]
            .iter()
            .all(|name| is_installed(&folder.join(name).to_string_lossy(), "--version"))
    };
    if let Some(named) = env::var_os("LARDER_POSTGRES") {
        return has_both(Path::new(&named));
    }
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    has_both(Path::new(""))
        || versions.map(|version| version.path().join("bin")).any(|folder| has_both(&folder))
}

/// It makes the servers of the fault matrix a clock that can be turned.
fn has_c_compiler() -> bool {
    is_installed("cc", "--version")
}

/// As the tests look for it: the one of the system comes first, for packages of the system are for it.
fn has_python() -> bool {
    match env::var_os("LARDER_PYTHON") {
        Some(named) => can_hash(&named),
        None => ["/usr/bin/python3", "python3"].into_iter().map(OsString::from).any(|place| can_hash(&place)),
    }
}

fn can_hash(python: &OsString) -> bool {
    let mut import = program(&python.to_string_lossy(), "-c");
    import.arg("import xxhash").stdout(Stdio::null()).stderr(Stdio::null());
    import.status().is_ok_and(|status| status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_complaint_names_the_command_on_one_line() {
        for need in NEEDS {
            let complaint = complaint(need);
            assert!(complaint.contains(need.name) && complaint.contains("apt-get install "), "{complaint}");
            assert_eq!(complaint.lines().count(), 1);
        }
    }

    #[test]
    fn what_is_no_python_cannot_hash() {
        assert!(!can_hash(&"no-such-program".into()));
        assert!(!can_hash(&"false".into()));
    }
}
