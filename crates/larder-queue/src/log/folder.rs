//! The folder of a queue: one process holds it, and its files are numbered.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use larder_core::{Error, ErrorKind, Result};

use crate::failure::failed;

/// A process that ends, or a queue that was dropped, needs a moment to let go.
const PATIENCE: usize = 50;
const PAUSE: Duration = Duration::from_millis(20);

#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    /// Held for as long as it is open.
    _lock: File,
}

impl Folder {
    /// Makes the folder if there is none, and waits a second for whoever has it.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        if path.exists() && !path.is_dir() {
            return Err(Error::new(ErrorKind::Invalid, "the path of a queue is not a folder")
                .with("path", path.display()));
        }
        fs::create_dir_all(path).map_err(|error| failed("the folder cannot be made", path, error))?;
        let lock = lock(path)?;
        let folder = Self { path: path.to_owned(), _lock: lock };
        // Its own name must be on the disk too before anything in it can be.
        let above = path.parent().filter(|above| !above.as_os_str().is_empty()).unwrap_or(Path::new("."));
        sync_folder(above).map_err(|error| failed("the folder cannot be synced", above, error))?;
        Ok(folder)
    }

    pub(crate) fn file(&self, number: u64) -> PathBuf {
        self.path.join(format!("{number:016x}.log"))
    }

    /// The numbers of the files, in order. What is not named like one of ours is somebody else's.
    pub(crate) fn numbers(&self) -> Result<Vec<u64>> {
        let names = || {
            let entries = fs::read_dir(&self.path)?;
            entries.map(|entry| entry.map(|entry| entry.file_name())).collect::<io::Result<Vec<_>>>()
        };
        let names = names().map_err(|error| failed("the folder cannot be read", &self.path, error))?;
        let mut numbers: Vec<u64> = names
            .iter()
            .filter_map(|name| name.to_str()?.strip_suffix(".log").filter(|digits| digits.len() == 16))
            .filter_map(|digits| u64::from_str_radix(digits, 16).ok())
            .collect();
        numbers.sort_unstable();
        match numbers.windows(2).find(|pair| matches!(pair, [one, next] if one + 1 != *next)) {
            Some(gap) => Err(Error::new(ErrorKind::Codec, "a file of the queue is missing")
                .with("path", self.path.display())
                .with("after", format!("{:016x}.log", gap.first().unwrap_or(&0)))),
            None => Ok(numbers),
        }
    }

    /// Makes the names in it last.
    pub(crate) fn sync(&self) -> Result<()> {
        sync_folder(&self.path).map_err(|error| failed("the folder cannot be synced", &self.path, error))
    }
}

fn lock(folder: &Path) -> Result<File> {
    let path = folder.join("lock");
    for _ in 0..PATIENCE {
        match try_lock(&path) {
            Ok(Some(lock)) => return Ok(lock),
            Ok(None) => thread::sleep(PAUSE),
            Err(error) => return Err(failed("the lock of the queue cannot be taken", &path, error)),
        }
    }
    Err(Error::new(ErrorKind::Unavailable, "the queue is open already, here or in another process")
        .with("path", folder.display()))
}

#[cfg(unix)]
fn try_lock(path: &Path) -> io::Result<Option<File>> {
    use rustix::fs::{FlockOperation, flock};

    let file = File::options().create(true).truncate(false).write(true).open(path)?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(Some(file)),
        Err(rustix::io::Errno::WOULDBLOCK) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

#[cfg(windows)]
fn try_lock(path: &Path) -> io::Result<Option<File>> {
    use std::os::windows::fs::OpenOptionsExt;

    /// What Windows says of a file that somebody shares with nobody.
    const SHARING_VIOLATION: i32 = 32;
    match File::options().create(true).truncate(false).write(true).share_mode(0).open(path) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.raw_os_error() == Some(SHARING_VIOLATION) => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(unix)]
fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

/// Windows keeps names by itself, and opens no folder as a file.
#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}
