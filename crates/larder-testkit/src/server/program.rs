//! A server's program.

use std::env;
use std::ffi::OsStr;
#[cfg(feature = "redis")]
use std::path;
use std::path::{Path, PathBuf};

use super::error::{Error, Result};

/// The one that a variable of the environment names, or else the first of that name on the `PATH`.
#[cfg(feature = "redis")]
pub(crate) fn find(variable: &str, name: &str, remedy: &'static str) -> Result<PathBuf> {
    let named = env::var_os(variable).unwrap_or_else(|| name.into());
    let found = search(Path::new(&named), &env::var_os("PATH").unwrap_or_default(), remedy)?;
    // The server starts in a folder of its own, from where a relative path would lead astray.
    path::absolute(&found).map_err(Error::system(format!("find {}", found.display())))
}

/// Looks for a program in these folders, which are written as in `PATH`.
pub(crate) fn search(program: &Path, path: &OsStr, remedy: &'static str) -> Result<PathBuf> {
    let missing = || Error::Missing { program: program.display().to_string(), remedy };
    // As in a shell: a bare name is sought, anything else is where it says.
    if program.components().count() > 1 {
        return program.is_file().then(|| program.to_owned()).ok_or_else(missing);
    }
    env::split_paths(path)
        .map(|folder| folder.join(program))
        .find(|found| found.is_file())
        .ok_or_else(missing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_sought_on_the_path() {
        let program = search(Path::new("sh"), OsStr::new("/nowhere:/bin"), "").unwrap();
        assert_eq!(program, Path::new("/bin/sh"));
    }

    #[test]
    fn a_path_is_taken_as_it_is() {
        assert_eq!(search(Path::new("/bin/sh"), OsStr::new(""), "").unwrap(), Path::new("/bin/sh"));
    }

    #[test]
    fn whoever_lacks_it_is_told_how_to_install_it() {
        for missing in ["redis-server", "/nowhere/redis-server"] {
            let error = search(Path::new(missing), OsStr::new("/nowhere"), "install it").unwrap_err();
            assert_eq!(error.to_string(), format!("there is no program `{missing}`: install it"));
        }
    }
}
