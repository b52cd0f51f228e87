//! That no public async function is forgotten.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::operations::OPERATIONS;

#[test]
fn every_public_async_function_is_dropped_in_the_middle() {
    let mut published = BTreeSet::new();
    for file in sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src")) {
        published.extend(async_functions(&fs::read_to_string(&file).unwrap()));
    }
    let listed: BTreeSet<String> = OPERATIONS.iter().map(|operation| operation.name.to_owned()).collect();
    assert_eq!(listed.len(), OPERATIONS.len(), "a function is listed twice");
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
fn async_functions(source: &str) -> Vec<String> {
    let (mut owner, mut functions) = (String::new(), Vec::new());
    let lines: Vec<&str> = source.lines().collect();
    for (number, line) in lines.iter().enumerate() {
        if line.starts_with("impl") {
            owner = owner_of(line);
        } else if *line == "}" {
            owner.clear();
        }
        if let Some(name) = async_function(line.trim_start(), &head(&lines[number..])) {
            functions.push(if owner.is_empty() { name } else { format!("{owner}::{name}") });
        }
    }
    functions
}

/// All in front of a body.
fn head(lines: &[&str]) -> String {
    let body = lines.iter().position(|line| line.contains(['{', ';'])).unwrap_or(0);
    lines[..=body].join(" ")
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

#[test]
fn functions_are_found_in_sources() {
    let source = "\
impl<'a, K: Into<Option<u8>>, V> Reading<'a, K, V>
where
    V: Send,
{
    pub async fn get<Q>(self, key: &Q) -> Result<V> {
        Ok(())
    }

    pub(crate) async fn fetch(self) {}

    pub fn name(&self) -> &str { async_fn() }

    pub fn wait<F>(&self) -> impl Future<Output = ()>
    where
        F: Send,
    {
    }

    pub fn loader<L>(&self) -> u8
    where
        L: Future<Output = ()>,
    {
    }
}

impl fmt::Debug for Cache {
    pub async fn odd() {}
}

pub async fn alone() {}
";
    let found: BTreeSet<String> = async_functions(source).into_iter().collect();
    let expected = ["Cache::odd", "Reading::get", "Reading::wait", "alone"];
    assert_eq!(found, expected.into_iter().map(str::to_owned).collect());
}
