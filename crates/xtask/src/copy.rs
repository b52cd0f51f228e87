//! A copy of the sources that may be broken.

use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::Outcome;
use crate::program::{output, program};
use crate::weaken::Weakening;

/// The sources as they are now, committed or not, in a folder of their own.
pub(crate) struct Copy {
    folder: PathBuf,
}

/// A file of the copy while it is weakened.
#[must_use]
pub(crate) struct Weakened {
    path: PathBuf,
    original: String,
}

impl Copy {
    /// Makes the copy, or brings it up to date. What has not changed is left alone, so that it is not built again.
    pub(crate) fn make(folder: &Path) -> Result<Self, String> {
        Self::make_changed(folder, |_, text| text)
    }

    /// The same with some texts changed on the way.
    pub(crate) fn make_changed(
        folder: &Path,
        change: impl Fn(&Path, Vec<u8>) -> Vec<u8>,
    ) -> Result<Self, String> {
        let copy = Self { folder: folder.to_owned() };
        let listed = output(&mut program("git", "ls-files --cached --others --exclude-standard"))?;
        // A file that was deleted and not committed is listed too.
        let files: BTreeSet<&Path> = listed.lines().map(Path::new).filter(|path| path.is_file()).collect();
        for file in &files {
            let bytes = fs::read(file).map_err(|error| at(file, &error))?;
            update(&change(file, bytes), &copy.root().join(file)).map_err(|error| at(file, &error))?;
        }
        remove_others(&copy.root(), Path::new(""), &files).map_err(|error| at(&copy.folder, &error))?;
        Ok(copy)
    }

    pub(crate) fn root(&self) -> PathBuf {
        self.folder.join("sources")
    }

    /// One target directory for each set of compiler flags.
    pub(crate) fn target(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    pub(crate) fn weaken(&self, weakening: &Weakening) -> Result<Weakened, String> {
        let path = self.root().join(weakening.file);
        let original = fs::read_to_string(&path).map_err(|error| at(&path, &error))?;
        let text = replace(&original, weakening)?;
        fs::write(&path, text).map_err(|error| at(&path, &error))?;
        Ok(Weakened { path, original })
    }
}

impl Weakened {
    pub(crate) fn restore(self) -> Outcome {
        fs::write(&self.path, self.original).map_err(|error| at(&self.path, &error))
    }
}

fn replace(original: &str, weakening: &Weakening) -> Result<String, String> {
    let Weakening { name, file, from, to, .. } = weakening;
    match original.matches(from).count() {
        1 => Ok(original.replace(from, to)),
        count => Err(format!("{name}: expected this once in {file}, found it {count} times:\n{from}")),
    }
}

fn update(bytes: &[u8], to: &Path) -> std::io::Result<()> {
    if fs::read(to).is_ok_and(|there| there == bytes) {
        return Ok(());
    }
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(to, bytes)
}

/// Removes what is not listed: a test that was deleted must not run in the copy.
fn remove_others(root: &Path, folder: &Path, listed: &BTreeSet<&Path>) -> std::io::Result<()> {
    for entry in fs::read_dir(root.join(folder))? {
        let entry = entry?;
        let path = folder.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            remove_others(root, &path, listed)?;
        } else if !listed.contains(&*path) {
            fs::remove_file(root.join(&path)).or_else(ignore_missing)?;
        }
    }
    Ok(())
}

fn ignore_missing(error: std::io::Error) -> std::io::Result<()> {
    if error.kind() == ErrorKind::NotFound { Ok(()) } else { Err(error) }
}

fn at(path: &Path, error: &std::io::Error) -> String {
    format!("{}: {error}", path.display())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::weaken::Test;

    fn check(original: &str, expected: Option<&str>) {
        let weakening = Weakening {
            name: "no check",
            file: "fence.rs",
            from: "a < b",
            to: "true",
            noticed_by: Test::Core("name"),
        };
        assert_eq!(replace(original, &weakening).ok().as_deref(), expected, "{original}");
    }

    #[test]
    fn a_text_must_be_there_exactly_once() {
        check("if a < b {", Some("if true {"));
        check("if a <= b {", None);
        check("a < b && a < b", None);
    }
}
