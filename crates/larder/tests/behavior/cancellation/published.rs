//! What a crate publishes that is asynchronous. The tests of other crates share it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// That these functions, by type and name, are all the public async functions of the crate in a folder.
pub(crate) fn check_listed(folder: &str, functions: impl IntoIterator<Item = &'static str>) {
    let mut published = BTreeSet::new();
    for file in sources(&Path::new(folder).join("src")) {
        published.extend(async_functions(&fs::read_to_string(&file).unwrap()));
    }
    let listed: BTreeSet<String> = functions.into_iter().map(str::to_owned).collect();
    let forgotten: Vec<_> = published.difference(&listed).collect();
    assert!(forgotten.is_empty(), "not dropped in the middle by any test: {forgotten:?}");
    let gone: Vec<_> = listed.difference(&published).collect();
    assert!(gone.is_empty(), "there is no such function: {gone:?}");
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

/// The public functions that return futures, with their types: `Cache::get`. Those by themselves have no type.
pub(crate) fn async_functions(source: &str) -> Vec<String> {
    let (mut owner, mut functions) = (String::new(), Vec::new());
    let lines: Vec<&str> = source.lines().collect();
    for (number, line) in lines.iter().enumerate() {
        let rest = lines.get(number..).unwrap_or_default();
        if line.starts_with("impl") {
            owner = owner_of(line);
        } else if *line == "}" {
            owner.clear();
        }
        if let Some(name) = async_function(line.trim_start(), &head(rest)) {
            functions.push(if owner.is_empty() { name } else { format!("{owner}::{name}") });
        }
    }
    functions
}

/// All in front of a body.
fn head(lines: &[&str]) -> String {
    let body = lines.iter().position(|line| line.contains(['{', ';'])).unwrap_or(0);
    lines.get(..=body).unwrap_or_default().join(" ")
}

/// What `impl<K, V> Cache<K, V>` is about.
fn owner_of(line: &str) -> String {
    let (mut depth, mut rest) = (0_i32, line.trim_start_matches("impl"));
    if rest.starts_with('<') {
        let end = rest.find(|letter| {
            depth += i32::from(letter == '<') - i32::from(letter == '>');
            depth == 0
        });
        rest = &rest[end.map_or(0, |end| end + 1)..];
    }
    let rest = rest.split_once(" for ").map_or(rest, |(_, of)| of);
    rest.trim_start().chars().take_while(|letter| letter.is_alphanumeric()).collect()
}

fn async_function(line: &str, head: &str) -> Option<String> {
    let rest = line.strip_prefix("pub ")?.trim_start_matches("const ");
    let returned = head.split_once("->").map_or("", |(_, returned)| returned);
    let returned = returned.split("where").next().unwrap_or(returned);
    let is_async = rest.starts_with("async ") || rest.starts_with("fn ") && returned.contains("Future");
    let name = rest.trim_start_matches("async ").strip_prefix("fn ").filter(|_| is_async)?;
    Some(name.chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect())
}
