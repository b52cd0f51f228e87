//! A folder of one's own.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::{env, process};

use super::error::{Error, Result};

/// A temporary folder that nobody else may enter, and that goes when this does.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
}

impl Folder {
    /// Makes one. Its name is short, because the path of a unix socket may have little more than 100 bytes.
    pub(crate) fn new() -> Result<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);

        loop {
            let name = format!("larder-{}-{}", process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
            let path = env::temp_dir().join(name);
            match DirBuilder::new().mode(0o700).create(&path) {
                Ok(()) => return Ok(Self { path }),
                // An earlier process of the same number left it behind.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(Error::system(format!("make {}", path.display()))(error)),
            }
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    #[cfg(feature = "redis")]
    pub(crate) fn write(&self, name: &str, content: &str) -> Result<()> {
        let path = self.path.join(name);
        fs::write(&path, content).map_err(Error::system(format!("write {}", path.display())))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // It may be gone already, and whoever drops can do nothing about what cannot be removed.
        _ = fs::remove_dir_all(&self.path);
    }
}
