//! A rolling deploy in some seconds: real processes, and the example's own judgement.

use std::process::Command;

/// Whether a way goes well, and what is told of it.
fn go(way: &str) -> (bool, String) {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(way);
    std::fs::create_dir_all(&folder).unwrap();
    let mut example = Command::new(env!("CARGO_BIN_EXE_rolling"));
    let output = example.args(["--quick", way]).current_dir(folder).output().unwrap();
    let told = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&told).into_owned())
}

#[test]
fn three_deploys_cost_no_hit() {
    let (is_well, told) = go("ours");
    assert!(is_well, "{told}");
    assert!(told.contains("| three deploys |"), "{told}");
}

#[test]
fn a_new_form_at_once_is_noticed() {
    let (is_well, told) = go("at-once");
    assert!(!is_well, "{told}");
    // It is noticed by what it costs, and not by something that broke.
    assert!(told.contains("| the new form at once |"), "{told}");
}
