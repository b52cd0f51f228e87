//! What is done to an open file, as a seam: tests let it fail, wait, and remember what was synced.

use std::fmt;
use std::fs::File;
use std::io::{self, Write};

pub(crate) trait Disk: fmt::Debug + Send {
    /// Appends to a file.
    fn write(&mut self, mut file: &File, bytes: &[u8]) -> io::Result<()> {
        file.write_all(bytes)
    }

    /// Makes the first `length` bytes of a file last.
    fn sync(&mut self, file: &File, segment: u64, length: u64) -> io::Result<()>;
}

/// That of the operating system.
#[derive(Debug)]
pub(crate) struct RealDisk;

impl Disk for RealDisk {
    fn sync(&mut self, file: &File, _segment: u64, _length: u64) -> io::Result<()> {
        file.sync_data()
    }
}
