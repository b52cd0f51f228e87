//! The server's answer to a probe, as it comes over the asker's own channel.
//!
//! ```text
//!  0  version          1
//!  1  kind             16
//!  2  reserved         2 bytes
//!  4  question         8 bytes: which one it answers
//! 12  count            2 bytes
//! 14  sequences        8 bytes each: those of the partitions in their order, and then that of the tags
//! ```

use bytes::{BufMut, Bytes, BytesMut};
use larder_core::{Chain, PARTITIONS, Partition, Sequence};

const VERSION: u8 = 1;
const POSITIONS: u8 = 16;
const HEAD: usize = 14;

/// All chains, in the order in which they are told.
pub(crate) fn chains() -> impl Iterator<Item = Chain> {
    Partition::all().map(Chain::Keys).chain([Chain::Tags])
}

/// What goes before the sequences.
pub(crate) fn head(question: u64) -> Bytes {
    let mut head = BytesMut::with_capacity(HEAD);
    head.put_u8(VERSION);
    head.put_u8(POSITIONS);
    head.put_u16_le(0);
    head.put_u64_le(question);
    head.put_u16_le(u16::try_from(PARTITIONS + 1).expect("there are 65"));
    head.freeze()
}

/// Which question a message answers, and how. `None` if it is no answer.
pub(crate) fn read(message: &[u8]) -> Option<(u64, Vec<(Chain, Sequence)>)> {
    let (head, body) = message.split_first_chunk::<HEAD>()?;
    let [VERSION, POSITIONS, _, _, question @ .., count_low, count_high] = *head else {
        return None;
    };
    let sequences = body.as_chunks::<8>().0;
    if usize::from(u16::from_le_bytes([count_low, count_high])) != PARTITIONS + 1
        || sequences.len() <= PARTITIONS
    {
        return None;
    }
    let at = chains().zip(sequences.iter().map(|bytes| Sequence::new(u64::from_le_bytes(*bytes))));
    Some((u64::from_le_bytes(question), at.collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer() -> Vec<u8> {
        let sequences = (0..=PARTITIONS as u64).flat_map(u64::to_le_bytes);
        head(7).iter().copied().chain(sequences).collect()
    }

    #[test]
    fn what_is_told_is_read() {
        let (question, at) = read(&answer()).unwrap();
        assert_eq!((question, at.len()), (7, PARTITIONS + 1));
        assert_eq!(at.last(), Some(&(Chain::Tags, Sequence::new(PARTITIONS as u64))));
    }

    #[test]
    fn a_cut_another_version_and_a_notice_are_no_answers() {
        let answer = answer();
        for end in 0..answer.len() {
            assert_eq!(read(&answer[..end]), None, "cut at {end}");
        }
        for (at, byte) in [(0, 2), (1, 1), (12, 64)] {
            let mut other = answer.clone();
            other[at] = byte;
            assert_eq!(read(&other), None, "{byte} at {at}");
        }
    }
}
