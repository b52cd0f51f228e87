//! Rules about a file as such: its length, and that nothing in it is unfinished.

use super::{Finding, Source};

const MOST_LINES: usize = 400;

/// What a file says in its first lines if it has to be longer.
const EXCUSE: &str = "//! This file is long because";
const TOP: usize = 40;

// In pieces, so that the rule does not find itself.
const MARKS: &[&str] = &[concat!("TO", "DO"), concat!("FIX", "ME"), concat!("to", "do!")];

/// A long file is more than one thing. Its tests do not count.
pub(super) fn long_file(source: &Source) -> Vec<Finding> {
    let exempt = ["tests", "benches", "fuzz"];
    if !source.is_rust() || exempt.iter().any(|folder| source.is_within(folder)) {
        return Vec::new();
    }
    let length = source.text.lines().take_while(|line| *line != "#[cfg(test)]").count();
    let excused = source.text.lines().take(TOP).any(|line| line.starts_with(EXCUSE));
    if length <= MOST_LINES || excused {
        return Vec::new();
    }
    let what = format!(
        "the file has {length} lines, and {MOST_LINES} is the most. \
         Cut it where a name fits, or say near its top: `{EXCUSE} …`"
    );
    vec![Finding { line: 1, what }]
}

/// What is begun is finished, or written down where plans are kept.
pub(super) fn unfinished(source: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (line, text) in source.lines() {
        findings.extend(MARKS.iter().filter(|mark| contains_word(text, mark)).map(|mark| Finding {
            line,
            what: format!("`{mark}` does not stay: finish it, or plan it elsewhere"),
        }));
    }
    findings
}

/// Whether a word is there by itself, not within a longer one.
fn contains_word(text: &str, word: &str) -> bool {
    let is_part = |character: char| character.is_alphanumeric() || character == '_';
    text.match_indices(word).any(|(at, _)| {
        let before = text.get(..at).unwrap_or_default();
        let after = text.get(at + word.len()..).unwrap_or_default();
        // A macro's mark ends with an exclamation, and no word goes on after that.
        let goes_on = word.ends_with(is_part) && after.starts_with(is_part);
        !before.ends_with(is_part) && !goes_on
    })
}

#[cfg(test)]
mod tests {
    use super::super::{lines, source};
    use super::*;

    fn check_length(path: &str, text: String, expected: &[usize]) {
        assert_eq!(lines(&long_file(&source(path, text))), expected, "{path}");
    }

    #[test]
    fn a_long_file_is_found() {
        check_length("crates/a/src/lib.rs", "a();\n".repeat(400), &[]);
        check_length("crates/a/src/lib.rs", "a();\n".repeat(401), &[1]);
    }

    #[test]
    fn a_long_file_may_say_why() {
        let long = "a();\n".repeat(401);
        check_length("crates/a/src/lib.rs", format!("//! A.\n//!\n{EXCUSE} it is one.\n{long}"), &[]);
        check_length("crates/a/src/lib.rs", format!("{long}{EXCUSE} it is one.\n"), &[1]);
    }

    #[test]
    fn the_length_of_tests_and_of_other_files_does_not_matter() {
        let long = "a();\n".repeat(401);
        check_length("crates/a/src/lib.rs", format!("b();\n#[cfg(test)]\n{long}"), &[]);
        check_length("crates/a/tests/all.rs", long.clone(), &[]);
        check_length("benches/main.rs", long.clone(), &[]);
        check_length("README.md", long, &[]);
    }

    #[test]
    fn unfinished_work_is_found() {
        for mark in MARKS {
            let text = format!("fn good() {{}}\n// {mark}(ada): rest\n{mark}\n");
            assert_eq!(lines(&unfinished(&source("a.rs", text))), [2, 3], "{mark}");
        }
    }

    #[test]
    fn a_mark_within_a_word_is_none() {
        let text = format!("MAS{}NTE METHO{}LOGY {}_LIST", MARKS[0], MARKS[0], MARKS[0]);
        assert_eq!(unfinished(&source("a.md", text)), []);
        assert_eq!(unfinished(&source("a.toml", "todo = \"deny\"")), []);
    }
}
