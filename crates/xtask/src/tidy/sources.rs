//! Which files are looked at.

use std::path::Path;
use std::{fs, io};

use super::Source;

/// What builds and tools leave behind.
const SKIPPED: &[&str] = &[".git", "target"];

/// What the fuzzer leaves beside its targets.
const SKIPPED_OF_FUZZ: &[&str] = &["artifacts", "corpus", "coverage"];

/// Every text file under a folder, in the order of their paths.
pub(super) fn read(root: &Path) -> Result<Vec<Source>, String> {
    let mut sources = Vec::new();
    visit(root, "", &mut sources).map_err(|error| format!("{}: {error}", root.display()))?;
    sources.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(sources)
}

fn visit(folder: &Path, path: &str, sources: &mut Vec<Source>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = if path.is_empty() { name.clone() } else { format!("{path}/{name}") };
        let kind = entry.file_type()?;
        if kind.is_dir() && !is_skipped(folder, &name) {
            visit(&entry.path(), &path, sources)?;
        }
        if kind.is_file()
            // The rules are for text. A file that is not, say bytes for a test, is none of their business.
            && let Ok(text) = String::from_utf8(fs::read(entry.path())?)
        {
            sources.push(Source { path, text });
        }
    }
    Ok(())
}

fn is_skipped(folder: &Path, name: &str) -> bool {
    SKIPPED.contains(&name) || folder.ends_with("fuzz") && SKIPPED_OF_FUZZ.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_fuzzer_leaves_is_skipped_only_there() {
        assert!(is_skipped(Path::new("./tests/fuzz"), "corpus"));
        assert!(!is_skipped(Path::new("./tests"), "corpus"));
        assert!(is_skipped(Path::new("."), "target"));
    }

    #[test]
    fn this_file_is_among_the_sources() {
        let sources = read(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap();
        assert!(sources.iter().any(|source| source.path == "src/tidy/sources.rs"));
    }
}
