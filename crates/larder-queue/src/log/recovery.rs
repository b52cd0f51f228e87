//! Reading the log when it is opened.

use std::fs::{self, File};
use std::path::Path;

use larder_core::Result;

use super::folder::Folder;
use super::frame::{self, Rest};
use super::record::{self, Record};
use super::{FORMAT, HEAD, MAGIC};
use crate::failure::{damaged, failed, foreign};

/// No file gets longer: one frame is added to it after it has reached its length, and none of these is longer than 1 GiB.
const LONGEST: u64 = 2 << 30;

/// What the log held.
#[derive(Debug, Default)]
pub(crate) struct Recovered {
    /// Each record, and the file that it is in, in the order in which they were written.
    pub(crate) records: Vec<(u64, Record)>,
    /// The last version that was given out.
    pub(crate) last: u64,
    /// How many bytes were cut off the end of the last file.
    pub(crate) torn: u64,
    /// The files, in order.
    pub(super) numbers: Vec<u64>,
}

pub(super) fn recover(folder: &Folder) -> Result<Recovered> {
    let mut recovered = Recovered { numbers: folder.numbers()?, ..Recovered::default() };
    for number in recovered.numbers.clone() {
        let is_last = recovered.numbers.last() == Some(&number);
        let path = folder.file(number);
        let bytes = read(&path)?;
        if is_last && bytes.len() < HEAD {
            // It was just being made, and nothing was written into it yet.
            recovered.numbers.pop();
            recovered.torn += bytes.len() as u64;
            break;
        }
        recovered.last = recovered.last.max(read_head(&path, number, &bytes)?);
        let end = recovered.read_frames(&path, number, &bytes)?;
        match frame::judge(number, &bytes, end) {
            Rest::Torn if is_last => recovered.torn += (bytes.len() - end) as u64,
            Rest::End => {}
            Rest::Torn | Rest::Damaged => return Err(damaged(&path, end, "no whole frame")),
        }
        if is_last {
            // Whoever was killed has not synced it, and after it comes another file.
            cut(&path, end as u64)?;
        }
    }
    Ok(recovered)
}

impl Recovered {
    /// Reads frames up to where no whole one begins, and returns that place.
    fn read_frames(&mut self, path: &Path, number: u64, bytes: &[u8]) -> Result<usize> {
        let mut at = HEAD;
        while let Some(frame) = frame::read(number, bytes, at) {
            let records = record::read_all(frame.payload)
                .ok_or_else(|| damaged(path, at, "no records that are known"))?;
            for record in records {
                if let Record::Put { version, .. } = record {
                    self.last = self.last.max(version);
                }
                self.records.push((number, record));
            }
            at = frame.end;
        }
        Ok(at)
    }
}

fn read(path: &Path) -> Result<Vec<u8>> {
    let read = || Ok((fs::metadata(path)?.len() <= LONGEST).then_some(fs::read(path)?));
    let bytes = read().map_err(|error| failed("a file of the queue cannot be read", path, error))?;
    bytes.ok_or_else(|| damaged(path, 0, "more bytes than are ever written"))
}

/// Checks the beginning of a file, and returns the version that it tells.
fn read_head(path: &Path, number: u64, bytes: &[u8]) -> Result<u64> {
    let Some(rest) = bytes.strip_prefix(&MAGIC) else {
        return Err(foreign(path, "a file is named like one of the queue, and is none"));
    };
    if rest.first() != Some(&FORMAT) {
        return Err(foreign(path, "a file of the queue was written by a newer build"));
    }
    let last = bytes.get(16..24).and_then(|last| last.first_chunk()).map(|last| u64::from_le_bytes(*last));
    match last {
        Some(last) if bytes.starts_with(&super::head(number, last)) => Ok(last),
        _ => Err(damaged(path, MAGIC.len(), "a head that is not this file's")),
    }
}

fn cut(path: &Path, end: u64) -> Result<()> {
    let cut = || {
        let file = File::options().write(true).open(path)?;
        file.set_len(end)?;
        file.sync_all()
    };
    cut().map_err(|error| failed("a file of the queue cannot be cut", path, error))
}
