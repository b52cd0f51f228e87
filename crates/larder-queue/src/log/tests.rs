use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use bytes::Bytes;
use larder_core::ErrorKind;

use super::record::Record;
use super::*;

/// A folder in memory where there is such a thing: none of these tests is about a disk.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let memory = Path::new("/dev/shm");
        let parent = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
        let path = parent.join(format!("larder-queue-log-{}-{number}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn open(&self) -> Result<(Log, Recovered)> {
        Log::open(&self.0, 1 << 20, Box::new(RealDisk))
    }

    fn first(&self) -> PathBuf {
        self.0.join("0000000000000001.log")
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _gone = fs::remove_dir_all(&self.0);
    }
}

const FRAMES: u64 = 6;

fn payload(version: u64) -> Vec<u8> {
    let mut payload = Vec::new();
    record::put(&mut payload, version, &format!("key {version}"), b"sealed");
    payload
}

/// The bytes of a file with some frames, each synced before the next one, and where each ends.
fn written() -> (Vec<u8>, Vec<usize>) {
    let scratch = Scratch::new();
    let (mut log, _) = scratch.open().unwrap();
    let mut ends = Vec::new();
    for version in 1..=FRAMES {
        log.append(&payload(version), version - 1).unwrap();
        log.sync().unwrap();
        ends.push(fs::metadata(scratch.first()).unwrap().len().try_into().unwrap());
    }
    (fs::read(scratch.first()).unwrap(), ends)
}

/// The versions in a folder that has this file, and the last one that was given out.
fn versions(bytes: &[u8]) -> Result<(Vec<u64>, u64)> {
    let scratch = Scratch::new();
    fs::write(scratch.first(), bytes).unwrap();
    let (_, recovered) = scratch.open()?;
    let version = |(_, record): &(u64, Record)| match record {
        Record::Put { version, text, sealed } => {
            assert_eq!((&**text, sealed), (&*format!("key {version}"), &Bytes::from_static(b"sealed")));
            *version
        }
        other => panic!("{other:?}"),
    };
    Ok((recovered.records.iter().map(version).collect(), recovered.last))
}

#[test]
fn a_log_that_is_cut_at_any_byte_holds_what_was_whole() {
    let (bytes, ends) = written();
    for length in 0..=bytes.len() {
        let whole = ends.iter().filter(|end| **end <= length).count() as u64;
        let (versions, last) = versions(&bytes[..length]).unwrap();
        assert_eq!((versions, last), ((1..=whole).collect(), whole), "cut at {length}");
    }
}

#[test]
fn a_log_with_any_byte_changed_is_refused_or_lacks_its_last_frame() {
    let (bytes, ends) = written();
    let last_frame = ends[ends.len() - 2];
    for place in 0..bytes.len() {
        let mut bytes = bytes.clone();
        bytes[place] ^= 1 << fastrand::u32(0..8);
        match versions(&bytes) {
            Ok(held) => assert!(
                place >= last_frame && held == ((1..FRAMES).collect(), FRAMES - 1),
                "changed at {place}: {held:?}"
            ),
            Err(error) => assert!(
                place < last_frame && matches!(error.kind(), ErrorKind::Codec | ErrorKind::Refused),
                "changed at {place}: {error}"
            ),
        }
    }
}

#[test]
fn garbage_is_an_error_or_nothing_and_never_a_panic() {
    let (bytes, _) = written();
    for _ in 0..300 {
        let mut bytes = bytes.clone();
        for _ in 0..fastrand::usize(1..40) {
            match fastrand::u8(0..3) {
                0 => drop(bytes.splice(fastrand::usize(0..bytes.len()).., [])),
                1 => bytes.extend((0..50).map(|_| fastrand::u8(..))),
                _ => {
                    if let Some(byte) = fastrand::choice(bytes.iter_mut()) {
                        *byte = fastrand::u8(..);
                    }
                }
            }
            if bytes.is_empty() {
                break;
            }
        }
        if let Ok((versions, _)) = versions(&bytes) {
            assert!(versions.iter().copied().eq(1..=versions.len() as u64), "{versions:?}");
        }
    }
}

#[test]
fn what_is_appended_after_a_torn_end_is_read_with_what_was_before_it() {
    let (bytes, ends) = written();
    let scratch = Scratch::new();
    fs::write(scratch.first(), &bytes[..ends[2] + 5]).unwrap();
    let (mut log, recovered) = scratch.open().unwrap();
    assert_eq!(recovered.torn, 5);
    log.append(&payload(9), recovered.last).unwrap();
    drop(log);
    let (_, recovered) = scratch.open().unwrap();
    assert_eq!((recovered.records.len(), recovered.last, recovered.torn), (4, 9, 0));
}

#[test]
fn the_oldest_file_goes_first_and_the_last_version_stays() {
    let scratch = Scratch::new();
    let (mut log, _) = Log::open(&scratch.0, HEAD as u64 + 1, Box::new(RealDisk)).unwrap();
    for version in 1..=3 {
        log.append(&payload(version), version - 1).unwrap();
    }
    assert_eq!(log.oldest_closed(), Some((1, 2)));
    log.remove_oldest().unwrap();
    assert_eq!(log.oldest_closed(), Some((2, 1)));
    drop(log);
    let (mut log, recovered) = scratch.open().unwrap();
    assert_eq!((recovered.records.len(), recovered.last), (2, 3));
    while log.oldest_closed().is_some() {
        log.remove_oldest().unwrap();
    }
    drop(log);
    let (_, recovered) = scratch.open().unwrap();
    assert_eq!((recovered.records.len(), recovered.last), (0, 3));
}
