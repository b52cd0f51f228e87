//! A rolling deploy in some seconds: real processes, and the example's own judgement.

use std::path::Path;
use std::process::Command;
use std::{fs, io};

/// Whether a way goes well, and what is told of it.
fn go(way: &str) -> io::Result<(bool, String)> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(way);
    fs::create_dir_all(&folder)?;
    let mut example = Command::new(env!("CARGO_BIN_EXE_rolling"));
    let output = example.args(["--quick", way]).current_dir(folder).output()?;
    let told = [output.stdout, output.stderr].concat();
    Ok((output.status.success(), String::from_utf8_lossy(&told).into_owned()))
}

#[test]
fn three_deploys_cost_no_hit() {
    let (is_well, told) = go("ours").unwrap();
    assert!(is_well && told.contains("| three deploys |"), "{told}");
}

#[test]
fn a_new_form_at_once_is_noticed() {
    let (is_well, told) = go("at-once").unwrap();
    // It is noticed by what it costs, and not because something broke.
    assert!(!is_well && told.contains("| the new form at once |"), "{told}");
}
