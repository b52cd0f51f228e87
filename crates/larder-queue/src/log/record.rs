//! What is written down: one record for each thing that happens to a write.

use bytes::Bytes;

use crate::poisoned::Poison;

const PUT: u8 = 1;
const DONE: u8 = 2;
const SET_ASIDE: u8 = 3;
const REVIVED: u8 = 4;

/// One thing that happened to the write of a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Record {
    /// It was queued, or moved here from a file that goes away.
    Put { version: u64, text: Box<str>, sealed: Bytes },
    /// It is over: the sink has it, or somebody discarded it.
    Done { version: u64 },
    /// It went to the poison area.
    SetAside { version: u64, attempts: u32, poison: Poison },
    /// It came back from there.
    Revived { version: u64 },
}

pub(crate) fn put(into: &mut Vec<u8>, version: u64, text: &str, sealed: &[u8]) {
    begin(into, PUT, version);
    put_text(into, text);
    let length = u32::try_from(sealed.len()).expect("what is larger is refused when it is put");
    into.extend_from_slice(&length.to_le_bytes());
    into.extend_from_slice(sealed);
}

pub(crate) fn done(into: &mut Vec<u8>, version: u64) {
    begin(into, DONE, version);
}

pub(crate) fn set_aside(into: &mut Vec<u8>, version: u64, attempts: u32, poison: &Poison) {
    begin(into, SET_ASIDE, version);
    into.extend_from_slice(&attempts.to_le_bytes());
    into.extend_from_slice(&poison.since.to_le_bytes());
    into.push(poison.unreadable.into());
    put_text(into, &poison.reason);
}

pub(crate) fn revived(into: &mut Vec<u8>, version: u64) {
    begin(into, REVIVED, version);
}

fn begin(into: &mut Vec<u8>, kind: u8, version: u64) {
    into.push(kind);
    into.extend_from_slice(&version.to_le_bytes());
}

fn put_text(into: &mut Vec<u8>, text: &str) {
    let length = u16::try_from(text.len()).expect("a key has 4 KiB at most, and a reason is cut");
    into.extend_from_slice(&length.to_le_bytes());
    into.extend_from_slice(text.as_bytes());
}

/// Reads the records of a frame. `None` if they are not such as are written.
pub(crate) fn read_all(payload: &[u8]) -> Option<Vec<Record>> {
    let mut rest = Reader(payload);
    let mut records = Vec::new();
    while !rest.0.is_empty() {
        records.push(rest.record()?);
    }
    Some(records)
}

/// Takes a slice apart from front to back.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn record(&mut self) -> Option<Record> {
        let [kind] = self.array()?;
        let version = u64::from_le_bytes(self.array()?);
        Some(match kind {
            PUT => {
                let text = self.text()?;
                let length = u32::from_le_bytes(self.array()?) as usize;
                Record::Put { version, text, sealed: Bytes::copy_from_slice(self.slice(length)?) }
            }
            DONE => Record::Done { version },
            SET_ASIDE => {
                let attempts = u32::from_le_bytes(self.array()?);
                let since = u64::from_le_bytes(self.array()?);
                let [unreadable] = self.array()?;
                let poison = Poison::new(&self.text()?, since, unreadable != 0);
                Record::SetAside { version, attempts, poison }
            }
            REVIVED => Record::Revived { version },
            _ => return None,
        })
    }

    fn text(&mut self) -> Option<Box<str>> {
        let length = u16::from_le_bytes(self.array()?).into();
        std::str::from_utf8(self.slice(length)?).ok().map(Into::into)
    }

    fn slice(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written() -> (Vec<u8>, Vec<Record>) {
        let poison = Poison::new("no such column", 7, true);
        let mut bytes = Vec::new();
        put(&mut bytes, 1, "ada", b"sealed");
        done(&mut bytes, 2);
        set_aside(&mut bytes, 3, 4, &poison);
        revived(&mut bytes, 5);
        let records = vec![
            Record::Put { version: 1, text: "ada".into(), sealed: Bytes::from_static(b"sealed") },
            Record::Done { version: 2 },
            Record::SetAside { version: 3, attempts: 4, poison },
            Record::Revived { version: 5 },
        ];
        (bytes, records)
    }

    #[test]
    fn records_come_back_as_they_were_written() {
        let (bytes, records) = written();
        assert_eq!(read_all(&bytes), Some(records));
        assert_eq!(read_all(&[]), Some(Vec::new()));
    }

    #[test]
    fn what_is_cut_off_or_unknown_is_no_record() {
        let (bytes, records) = written();
        let whole = (0..bytes.len()).filter_map(|end| read_all(&bytes[..end]));
        assert!(whole.clone().all(|read| read.len() < records.len()));
        assert_eq!(whole.count(), records.len(), "the cuts between two records");
        assert_eq!(read_all(&[9, 0, 0, 0, 0, 0, 0, 0, 0]), None);
    }
}
