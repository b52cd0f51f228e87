//! Every package obeys the lints of the house. Cargo does not ask for it.

use super::{Finding, Source};

pub(super) fn house_lints(source: &Source) -> Vec<Finding> {
    let is_manifest = source.path.split('/').next_back() == Some("Cargo.toml");
    // The fuzz targets are no members of the workspace, and cannot inherit from it.
    if !is_manifest || source.is_within("fuzz") || !has_line(&source.text, "[package]") {
        return Vec::new();
    }
    let lints = source.text.split("[lints]").nth(1).unwrap_or_default();
    let section = lints.split("\n[").next().unwrap_or_default();
    if has_line(section, "workspace = true") || has_line(&source.text, "lints.workspace = true") {
        return Vec::new();
    }
    let what = "the package goes by its own lints. Add `[lints]` with `workspace = true`".into();
    vec![Finding { line: 1, what }]
}

fn has_line(text: &str, wanted: &str) -> bool {
    text.lines().any(|line| line.trim_end() == wanted)
}

#[cfg(test)]
mod tests {
    use super::super::{lines, source};
    use super::*;

    fn check(path: &str, text: &str, expected: &[usize]) {
        assert_eq!(lines(&house_lints(&source(path, text))), expected, "{path}: {text}");
    }

    #[test]
    fn a_package_with_lints_of_its_own_is_found() {
        let package = "[package]\nname = \"a\"\n";
        check("crates/a/Cargo.toml", package, &[1]);
        check("crates/a/Cargo.toml", &format!("{package}\n[lints]\nworkspace = false\n"), &[1]);
        check("crates/a/Cargo.toml", &format!("{package}\n[lints]\n\n[other]\nworkspace = true\n"), &[1]);
        check("crates/a/Cargo.toml", &format!("{package}\n[lints]\nworkspace = true\n"), &[]);
    }

    #[test]
    fn what_is_no_package_of_the_workspace_is_left_alone() {
        check("Cargo.toml", "[workspace]\n", &[]);
        check("crates/a/fuzz/Cargo.toml", "[package]\n", &[]);
        check("crates/a/other.toml", "[package]\n", &[]);
    }
}
