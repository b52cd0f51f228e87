//! Examples that judge what they show, in their short forms.

use std::path::Path;
use std::process::Command;
use std::{fs, io};

const ROLLING: &str = env!("CARGO_BIN_EXE_rolling");
const FORECAST: &str = env!("CARGO_BIN_EXE_forecast");

/// Whether it goes well, and what it tells.
fn run(example: &str, words: &[&str]) -> io::Result<(bool, String)> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(words.join(" "));
    fs::create_dir_all(&folder)?;
    let output = Command::new(example).args(words).current_dir(folder).output()?;
    let told = [output.stdout, output.stderr].concat();
    Ok((output.status.success(), String::from_utf8_lossy(&told).into_owned()))
}

#[test]
fn three_deploys_cost_no_hit() {
    let (is_well, told) = run(ROLLING, &["--quick", "ours"]).unwrap();
    assert!(is_well && told.contains("| three deploys |"), "{told}");
}

#[test]
fn a_new_form_at_once_is_noticed() {
    let (is_well, told) = run(ROLLING, &["--quick", "at-once"]).unwrap();
    // It is noticed by what it costs, and not because something broke.
    assert!(!is_well && told.contains("| the new form at once |"), "{told}");
}

#[test]
fn a_new_name_and_a_flush_are_noticed() {
    for (way, title) in [("name", "| a new name for the cache |"), ("flush", "| `FLUSHALL` at the deploy |")]
    {
        let (is_well, told) = run(ROLLING, &["--quick", way]).unwrap();
        assert!(!is_well && told.contains(title), "{told}");
    }
}

#[test]
fn who_predicts_begins_as_warm_as_who_has_a_list() {
    let (is_well, told) = run(FORECAST, &["--quick"]).unwrap();
    assert!(is_well && told.contains("| Sat 18:30 |"), "{told}");
}
