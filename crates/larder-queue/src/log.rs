//! The log: an order of everything that happened, in numbered files.
//!
//! A file is written from its front to its end, and then never again. Once nothing in the oldest file is needed any more, it
//! is removed; the oldest comes first always, or else a write could come back from the dead: what says that it is over
//! stands behind it. A new file begins only when the one before it is wholly on the disk. So damage anywhere but at the end
//! of the last file is no accident of a crash, and is refused with its place.

mod disk;
mod folder;
mod frame;
pub(crate) mod record;
mod recovery;

use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::{Seek, SeekFrom};
use std::path::Path;

use larder_core::Result;
use xxhash_rust::xxh3::xxh3_64;

pub(crate) use disk::{Disk, RealDisk};
use folder::Folder;
pub(crate) use recovery::Recovered;

use crate::failure::failed;

/// The beginning of a file: what it is, its number, the last version that was given out before it, and a checksum.
pub(crate) const HEAD: usize = 32;
const MAGIC: [u8; 7] = *b"larderq";
const FORMAT: u8 = 1;

#[derive(Debug)]
pub(crate) struct Log {
    folder: Folder,
    disk: Box<dyn Disk>,
    /// How long a file gets before the next one begins.
    longest: u64,
    /// The files that are never written again, the oldest first.
    closed: VecDeque<u64>,
    active: Active,
    /// Whether something has failed after which nobody knows what is on the disk.
    is_broken: bool,
}

/// The file that is written.
#[derive(Debug)]
struct Active {
    number: u64,
    file: File,
    /// Where the next frame goes.
    length: u64,
    /// How much of it is on the disk.
    synced: u64,
}

impl Log {
    /// Opens the log in a folder, and reads what it holds.
    pub(crate) fn open(path: &Path, longest: u64, disk: Box<dyn Disk>) -> Result<(Self, Recovered)> {
        let folder = Folder::open(path)?;
        let recovered = recovery::recover(&folder)?;
        let next = recovered.numbers.last().map_or(1, |last| last + 1);
        let active = Active::create(&folder, next, recovered.last)?;
        let closed = recovered.numbers.iter().copied().collect();
        Ok((Self { folder, disk, longest, closed, active, is_broken: false }, recovered))
    }

    /// Appends a frame, as a whole or not at all, and says in which file it lies. `last` is the last version that was given
    /// out before.
    pub(crate) fn append(&mut self, payload: &[u8], last: u64) -> Result<u64> {
        if self.active.length >= self.longest {
            self.roll(last)?;
        }
        let Active { number, file, length, synced } = &mut self.active;
        let frame = frame::build(*number, *length, *synced, payload);
        if let Err(error) = self.disk.write(file, &frame) {
            // What was written of it would stand in the way of the next one.
            let path = self.folder.file(*number);
            let mended = file.set_len(*length).and_then(|()| file.seek(SeekFrom::Start(*length)));
            self.is_broken = mended.is_err();
            return Err(failed("the queue cannot be written to", &path, error));
        }
        *length += frame.len() as u64;
        Ok(*number)
    }

    /// Makes everything that was appended last.
    pub(crate) fn sync(&mut self) -> Result<()> {
        let Active { number, file, length, synced } = &mut self.active;
        if synced < length {
            let outcome = self.disk.sync(file, *number, *length);
            // The system may have dropped what it could not write, and would say that all is well if it were asked again.
            self.is_broken |= outcome.is_err();
            outcome
                .map_err(|error| failed("the queue cannot be synced", &self.folder.file(*number), error))?;
            *synced = *length;
        }
        Ok(())
    }

    pub(crate) fn is_synced(&self) -> bool {
        self.active.synced == self.active.length
    }

    /// Whether something has failed that cannot be made good: the log must be opened anew.
    pub(crate) fn is_broken(&self) -> bool {
        self.is_broken
    }

    /// The oldest file that is not written any more, and how many there are.
    pub(crate) fn oldest_closed(&self) -> Option<(u64, usize)> {
        self.closed.front().map(|oldest| (*oldest, self.closed.len()))
    }

    /// Removes that file. What was moved out of it must be synced.
    pub(crate) fn remove_oldest(&mut self) -> Result<()> {
        if let Some(oldest) = self.closed.front() {
            let path = self.folder.file(*oldest);
            fs::remove_file(&path).map_err(|error| failed("a file cannot be removed", &path, error))?;
            self.closed.pop_front();
            // Or else the next one could be gone after a loss of power, and this one be back.
            self.folder.sync()?;
        }
        Ok(())
    }

    fn roll(&mut self, last: u64) -> Result<()> {
        self.sync()?;
        let next = Active::create(&self.folder, self.active.number + 1, last)?;
        self.closed.push_back(std::mem::replace(&mut self.active, next).number);
        Ok(())
    }
}

impl Active {
    fn create(folder: &Folder, number: u64, last: u64) -> Result<Self> {
        let path = folder.file(number);
        let create = || {
            // One of that number can only be what an attempt has left that failed.
            let file = File::options().create(true).truncate(true).write(true).open(&path)?;
            let mut disk = RealDisk;
            disk.write(&file, &head(number, last))?;
            file.sync_all()?;
            Ok(file)
        };
        let file = create().map_err(|error| failed("a file of the queue cannot be made", &path, error))?;
        folder.sync()?;
        Ok(Self { number, file, length: HEAD as u64, synced: HEAD as u64 })
    }
}

fn head(number: u64, last: u64) -> [u8; HEAD] {
    let mut head = [0; HEAD];
    let parts = [MAGIC.as_slice(), &[FORMAT], &number.to_le_bytes(), &last.to_le_bytes()].concat();
    let checksum = xxh3_64(&parts).to_le_bytes();
    head.iter_mut().zip(parts.iter().chain(&checksum)).for_each(|(place, byte)| *place = *byte);
    head
}

#[cfg(test)]
mod tests;
