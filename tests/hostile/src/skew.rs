//! A wall clock for servers that can be turned.

use std::fs::{self, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::Result;

const SOURCE: &str = include_str!("../clock.c");

/// What makes a program's wall clock wrong. It is right until it is turned.
#[derive(Debug)]
pub(crate) struct Skew {
    library: PathBuf,
    file: PathBuf,
    was_ahead: AtomicBool,
}

impl Skew {
    /// Makes one in a folder, with the C compiler that Rust links with.
    pub(crate) fn new(folder: &Path) -> Result<Self> {
        let folder = std::path::absolute(folder)?;
        let (source, library, file) =
            (folder.join("clock.c"), folder.join("clock.so"), folder.join("clock.skew"));
        fs::write(&source, SOURCE)?;
        let status = Command::new("cc")
            .args(["-shared", "-fPIC", "-O2", "-o"])
            .args([&library, &source])
            .status()
            .map_err(|error| format!("there is no `cc` to compile a clock with: {error}"))?;
        if !status.success() {
            return Err(format!("`cc` did not compile the clock: {status}").into());
        }
        fs::write(&file, 0_i64.to_ne_bytes())?;
        Ok(Self { library, file, was_ahead: AtomicBool::new(false) })
    }

    /// The variables of a program that is to go by it.
    pub(crate) fn variables(&self) -> [(&'static str, PathBuf); 2] {
        [("LD_PRELOAD", self.library.clone()), ("HOSTILE_CLOCK", self.file.clone())]
    }

    pub(crate) fn ahead(&self, by: Duration) -> io::Result<()> {
        self.was_ahead.store(true, Ordering::SeqCst);
        self.set(i64::try_from(by.as_micros()).unwrap_or(i64::MAX))
    }

    pub(crate) fn behind(&self, by: Duration) -> io::Result<()> {
        self.set(-i64::try_from(by.as_micros()).unwrap_or(i64::MAX))
    }

    /// Sets it right.
    pub(crate) fn mend(&self) -> io::Result<()> {
        self.set(0)
    }

    /// Whether it ever was ahead.
    pub(crate) fn was_ahead(&self) -> bool {
        self.was_ahead.load(Ordering::SeqCst)
    }

    /// In place, for the program has the file in its memory.
    fn set(&self, micros: i64) -> io::Result<()> {
        OpenOptions::new().write(true).open(&self.file)?.write_all_at(&micros.to_ne_bytes(), 0)
    }
}
