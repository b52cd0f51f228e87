//! Rules for sources that clippy cannot express.

mod functions;
mod lints;
mod machine;
mod redis;
mod released;
mod sources;
mod text;

use std::path::Path;

use crate::Outcome;

/// One text file of the project.
pub(crate) struct Source {
    /// Relative to the root, with forward slashes.
    path: String,
    text: String,
}

/// What a rule has to say about a source.
#[derive(Debug, PartialEq, Eq)]
struct Finding {
    /// From 1.
    line: usize,
    /// What it is, and why it is not wanted.
    what: String,
}

type Rule = fn(&Source) -> Vec<Finding>;

const RULES: &[Rule] = &[
    text::long_file,
    text::unfinished,
    functions::long_function,
    machine::machine_path,
    lints::house_lints,
    redis::unbounded_command,
    released::changed_release,
];

/// Applies every rule to every source, and tells all that is found.
pub(crate) fn run() -> Outcome {
    let sources = sources::read(Path::new("."))?;
    let mut findings = 0;
    for source in &sources {
        for Finding { line, what } in RULES.iter().flat_map(|rule| rule(source)) {
            println!("{}:{line}: {what}", source.path);
            findings += 1;
        }
    }
    if findings > 0 {
        return Err(format!("findings in {} files: {findings}", sources.len()));
    }
    println!("{} files are tidy", sources.len());
    Ok(())
}

impl Source {
    fn is_rust(&self) -> bool {
        self.has_extension("rs")
    }

    fn has_extension(&self, wanted: &str) -> bool {
        Path::new(&self.path).extension().is_some_and(|extension| extension == wanted)
    }

    /// Whether it lies in a folder of this name, at whatever depth.
    fn is_within(&self, folder: &str) -> bool {
        let mut folders = self.path.split('/');
        folders.next_back();
        folders.any(|name| name == folder)
    }

    /// Its lines and their numbers, from 1.
    fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.lines().enumerate().map(|(index, line)| (index + 1, line))
    }
}

#[cfg(test)]
fn source(path: &str, text: impl Into<String>) -> Source {
    Source { path: path.into(), text: text.into() }
}

#[cfg(test)]
fn lines(findings: &[Finding]) -> Vec<usize> {
    findings.iter().map(|finding| finding.line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_knows_its_folders() {
        let source = source("crates/a/fuzz/fuzz_targets/values.rs", "");
        assert!(source.is_rust());
        assert!(source.is_within("fuzz"));
        assert!(!source.is_within("values.rs"));
        assert!(!source.is_within("tests"));
    }
}
