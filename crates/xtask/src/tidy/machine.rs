//! No path that exists only on the machine of whoever wrote it.

use super::{Finding, Source};

/// Where people keep their things. With a slash at its end, only what is below is meant: the name by itself is
/// also a page of many sites. No name begins with a slash here, so that the rule does not find itself.
const FOLDERS: &[&str] = &["work", "root", "home/", "Users/"];

pub(super) fn machine_path(source: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (line, text) in source.lines() {
        if let Some(folder) = FOLDERS.iter().find(|folder| contains_absolute(text, folder)) {
            let folder = folder.trim_end_matches('/');
            let what = format!("a path below the folder `{folder}` of one machine means nothing on another");
            findings.push(Finding { line, what });
        }
    }
    findings
}

/// Whether a path that begins with this folder is there, not one that only has it in its middle.
fn contains_absolute(text: &str, folder: &str) -> bool {
    let is_word = |character: char| character.is_alphanumeric() || "_-".contains(character);
    let is_path = |character: char| is_word(character) || "./~$}>*".contains(character);
    text.match_indices('/').any(|(at, _)| {
        let before = text.get(..at).unwrap_or_default();
        let after = text.get(at + 1..).and_then(|after| after.strip_prefix(folder));
        after.is_some_and(|after| after.starts_with(is_word) == folder.ends_with('/'))
            && !before.ends_with(is_path)
    })
}

#[cfg(test)]
mod tests {
    use super::super::{lines, source};
    use super::*;

    fn check(text: &str, expected: &[usize]) {
        assert_eq!(lines(&machine_path(&source("a.toml", text))), expected, "{text}");
    }

    #[test]
    fn a_path_of_a_machine_is_found() {
        for folder in ["work", "root", "home/ada", "Users/ada"] {
            check(&format!("path = 1\npath = \"/{folder}/larder\""), &[2]);
            check(&format!("cd /{folder}"), &[1]);
            check(&format!("/{folder}/larder: built"), &[1]);
        }
    }

    #[test]
    fn a_folder_in_the_middle_is_none() {
        for path in [
            concat!("../", "work/a"),
            concat!("crates/", "root/src"),
            "~/work",
            "work/main",
            "$HOME/work",
            "either/work",
        ] {
            check(path, &[]);
        }
    }

    #[test]
    fn a_longer_name_and_a_page_are_none() {
        for path in ["/workspace/a", "/root-ca.pem", "/home", "(\"/home\")", "/home/", "/usr/lib"] {
            check(path, &[]);
        }
    }
}
