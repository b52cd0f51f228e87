//! Frames: what is written at once, and is there as a whole or not at all.
//!
//! ```text
//!   magic 4 | length 4 | synced 8 | checksum 8 | records
//! ```
//!
//! `synced` is how much of the file was known to be on the disk when the frame was written. A file that was torn by a
//! loss of power is damaged in its last part only, which nobody was told to be safe; a file that somebody else has written into
//! is damaged before a place that was known to be safe, and this is how the two are told apart.

use xxhash_rust::xxh3::xxh3_64_with_seed;

const MAGIC: [u8; 4] = *b"lqf\x01";
pub(crate) const HEAD: usize = 24;

/// A frame that was read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Frame<'a> {
    pub(crate) payload: &'a [u8],
    /// Where the next one begins.
    pub(crate) end: usize,
    synced: u64,
}

/// What comes after the last whole frame.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Rest {
    /// Nothing.
    End,
    /// A frame that was being written when the process or the machine stopped.
    Torn,
    /// Something that once was whole.
    Damaged,
}

/// A frame for this place of this file: nowhere else is it one.
pub(crate) fn build(segment: u64, at: u64, synced: u64, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("what is gathered for a frame is bounded");
    let mut frame = Vec::with_capacity(HEAD + payload.len());
    frame.extend_from_slice(&MAGIC);
    frame.extend_from_slice(&length.to_le_bytes());
    frame.extend_from_slice(&synced.to_le_bytes());
    frame.extend_from_slice(&checksum(segment, at, length, synced, payload).to_le_bytes());
    frame.extend_from_slice(payload);
    frame
}

/// The frame that begins there, if a whole one does.
pub(crate) fn read(segment: u64, file: &[u8], at: usize) -> Option<Frame<'_>> {
    let rest = file.get(at..)?.strip_prefix(&MAGIC)?;
    let (length, rest) = rest.split_first_chunk()?;
    let (synced, rest) = rest.split_first_chunk()?;
    let (expected, rest) = rest.split_first_chunk()?;
    let (length, synced) = (u32::from_le_bytes(*length), u64::from_le_bytes(*synced));
    let payload = rest.get(..length as usize)?;
    let found = checksum(segment, at as u64, length, synced, payload);
    let frame = Frame { payload, end: at + HEAD + payload.len(), synced };
    (found == u64::from_le_bytes(*expected)).then_some(frame)
}

/// Judges what begins where no whole frame does.
pub(crate) fn judge(segment: u64, file: &[u8], at: usize) -> Rest {
    if at >= file.len() {
        return Rest::End;
    }
    let was_safe = |later| read(segment, file, later).is_some_and(|frame| frame.synced > at as u64);
    if (at + 1..file.len()).any(was_safe) { Rest::Damaged } else { Rest::Torn }
}

fn checksum(segment: u64, at: u64, length: u32, synced: u64, payload: &[u8]) -> u64 {
    let place = segment.rotate_left(32) ^ at ^ synced.rotate_left(17) ^ u64::from(length).rotate_left(48);
    xxh3_64_with_seed(payload, place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_one_only_at_its_place_and_with_every_bit_as_it_was() {
        let frame = build(7, 0, 0, b"payload");
        assert_eq!(read(7, &frame, 0).map(|frame| frame.payload), Some(b"payload".as_slice()));
        assert_eq!(read(8, &frame, 0), None);
        assert_eq!(read(7, &[&[0], &*frame].concat(), 1), None);
        for bit in 0..frame.len() * 8 {
            let mut other = frame.clone();
            other[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(read(7, &other, 0), None, "bit {bit}");
        }
    }

    #[test]
    fn damage_before_what_was_safe_is_told_from_a_torn_end() {
        let first = build(7, 0, 0, b"first");
        let length = first.len() as u64;
        let check = |synced, expected| {
            let mut file = [first.clone(), build(7, length, synced, b"second")].concat();
            file[HEAD] ^= 1;
            assert_eq!(judge(7, &file, 0), expected);
        };
        check(length, Rest::Damaged);
        check(0, Rest::Torn);
        assert_eq!(judge(7, &first, first.len()), Rest::End);
        assert_eq!(judge(7, &first[..first.len() - 1], 0), Rest::Torn);
    }

    #[test]
    fn a_length_that_is_only_claimed_is_no_frame() {
        let mut frame = build(7, 0, 0, b"payload");
        frame[4..8].copy_from_slice(&u32::MAX.to_le_bytes());
        assert_eq!(read(7, &frame, 0), None);
    }
}
