//! The program in Python, and the Python that runs it.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The one of the system comes first: packages of the system are for it, and the first on the `PATH` may be another.
const PLACES: [&str; 2] = ["/usr/bin/python3", "python3"];

/// Runs the program with these words, and returns what it prints.
pub(crate) fn run(words: &[&str]) -> String {
    let output = Command::new(python())
        .arg(folder().join("interop/invalidate.py"))
        .args(words)
        .output()
        .expect("it has just been found");
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{words:?}: {complaint}");
    String::from_utf8(output.stdout).expect("it prints text").trim_end().to_owned()
}

/// Where the tests lie.
pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

/// A Python that can compute the hashes: what `LARDER_PYTHON` names, or else the first of the usual places.
fn python() -> OsString {
    let named = env::var_os("LARDER_PYTHON");
    let places = named.map_or_else(|| PLACES.map(OsString::from).to_vec(), |named| vec![named]);
    places.iter().find(|place| can_hash(place)).cloned().unwrap_or_else(|| {
        panic!(
            "no Python with the module `xxhash` among {places:?}. To install it: apt-get install python3-xxhash, \
             or python3 -m pip install xxhash; or name a Python that has it in LARDER_PYTHON"
        )
    })
}

fn can_hash(python: &OsString) -> bool {
    Command::new(python)
        .args(["-c", "import xxhash"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}
