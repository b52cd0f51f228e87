//! What goes over the channel.
//!
//! ```text
//!  0  version          1
//!  1  kind             1 keys, 2 expired, 3 tags, 4 cache, 5 everything
//!  2  partition        2 bytes; 0 where there is none
//!  4  sender           8 bytes, random per process
//! 12  count            2 bytes: how many hashes, or bytes of a name, follow
//! 14  previous         8 bytes; this and the next are put in by the server
//! 22  sequence         8 bytes
//! 30  what it is about 16 bytes for each key's hash, 8 for each tag's, or the name of a cache
//! ```
//!
//! All numbers are little-endian. What follows that is left alone: a later version may have put something there.

use bytes::{BufMut, Bytes, BytesMut};
use larder_core::{CacheName, Chain, KeyHash, Notice, Partition, Sequence, TagHash};

const VERSION: u8 = 1;
/// What goes before the sequences, and how long these are.
const HEAD: usize = 14;
const SEQUENCES: usize = 16;

const KEYS: u8 = 1;
const EXPIRED: u8 = 2;
const TAGS: u8 = 3;
const CACHE: u8 = 4;
const EVERYTHING: u8 = 5;

/// A message as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Told {
    /// What it says.
    pub(crate) notice: Notice,
    /// Who sent it.
    pub(crate) sender: u64,
    /// The sequence before it in its chain.
    pub(crate) previous: Sequence,
    /// Its own.
    pub(crate) sequence: Sequence,
}

/// A message that this build cannot read. What it may have said must count as lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unknown;

/// What goes before the sequences, and what goes after them.
pub(crate) fn encode(notice: &Notice, sender: u64) -> (Bytes, Bytes) {
    let mut body = BytesMut::new();
    let (kind, partition, count) = match notice {
        Notice::Keys(partition, hashes) => (KEYS, partition.index(), put_hashes(&mut body, hashes)),
        Notice::Expired(partition, hashes) => (EXPIRED, partition.index(), put_hashes(&mut body, hashes)),
        Notice::Tags(tags) => {
            for tag in tags {
                body.put_u64_le(tag.to_bits());
            }
            (TAGS, 0, tags.len())
        }
        Notice::Cache(cache) => {
            body.put_slice(cache.as_str().as_bytes());
            (CACHE, 0, body.len())
        }
        // What this build does not know how to say concerns everything, to be safe.
        _ => (EVERYTHING, 0, 0),
    };
    let mut head = BytesMut::with_capacity(HEAD);
    head.put_u8(VERSION);
    head.put_u8(kind);
    head.put_u16_le(u16::try_from(partition).expect("there are 64"));
    head.put_u64_le(sender);
    head.put_u16_le(u16::try_from(count).expect("a step has 512 at most"));
    (head.freeze(), body.freeze())
}

/// Reads a message. Nothing it claims is believed before it is seen to be there.
pub(crate) fn decode(message: &[u8]) -> Result<Told, Unknown> {
    let (head, rest) = message.split_first_chunk::<HEAD>().ok_or(Unknown)?;
    let (sequences, body) = rest.split_first_chunk::<SEQUENCES>().ok_or(Unknown)?;
    let [VERSION, kind, low, high, sender @ .., count_low, count_high] = *head else {
        return Err(Unknown);
    };
    let count = usize::from(u16::from_le_bytes([count_low, count_high]));
    let partition =
        u8::try_from(u16::from_le_bytes([low, high])).ok().and_then(Partition::new).ok_or(Unknown)?;
    let notice = match kind {
        KEYS => Notice::Keys(partition, hashes(partition, count, body)?),
        EXPIRED => Notice::Expired(partition, hashes(partition, count, body)?),
        TAGS => Notice::Tags(
            items::<8>(count, body)?
                .iter()
                .map(|bits| TagHash::from_bits(u64::from_le_bytes(*bits)))
                .collect(),
        ),
        CACHE => {
            let name = std::str::from_utf8(body.get(..count).ok_or(Unknown)?).map_err(|_| Unknown)?;
            Notice::Cache(CacheName::new(name).map_err(|_| Unknown)?)
        }
        EVERYTHING => Notice::Everything,
        _ => return Err(Unknown),
    };
    let (previous, sequence) = sequences.split_at(8);
    let number = |bytes: &[u8]| {
        bytes.first_chunk().copied().map_or(Sequence::ZERO, |bytes| Sequence::new(u64::from_le_bytes(bytes)))
    };
    let sender = u64::from_le_bytes(sender);
    Ok(Told { notice, sender, previous: number(previous), sequence: number(sequence) })
}

/// The chain that a message is about which cannot be read, as far as that shows. `None`: any.
pub(crate) fn chain_of(message: &[u8]) -> Option<Chain> {
    // Another version may say it elsewhere.
    let [VERSION, KEYS | EXPIRED, partition, 0, ..] = *message else {
        return None;
    };
    Partition::new(partition).map(Chain::Keys)
}

fn put_hashes(body: &mut BytesMut, hashes: &[KeyHash]) -> usize {
    for hash in hashes {
        body.put_slice(&hash.to_bytes());
    }
    hashes.len()
}

/// The hashes of keys, which must be of the partition that the message is about: its chain speaks of no other.
fn hashes(partition: Partition, count: usize, body: &[u8]) -> Result<Vec<KeyHash>, Unknown> {
    let hashes: Vec<_> = items::<16>(count, body)?.iter().map(|bytes| KeyHash::from_bytes(*bytes)).collect();
    if hashes.iter().all(|hash| hash.partition() == partition) { Ok(hashes) } else { Err(Unknown) }
}

fn items<const BYTES: usize>(count: usize, body: &[u8]) -> Result<&[[u8; BYTES]], Unknown> {
    body.as_chunks().0.get(..count).ok_or(Unknown)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(notice: &Notice) -> Vec<u8> {
        let (head, body) = encode(notice, 0x0102_0304_0506_0708);
        [&head[..], &41_u64.to_le_bytes(), &42_u64.to_le_bytes(), &body].concat()
    }

    fn notices() -> [Notice; 5] {
        let hashes = vec![KeyHash::from_bytes([7; 16]), KeyHash::from_bytes([6; 16])];
        let partition = hashes[0].partition();
        let hashes: Vec<_> = hashes.into_iter().filter(|hash| hash.partition() == partition).collect();
        [
            Notice::Keys(partition, hashes.clone()),
            Notice::Expired(partition, hashes),
            Notice::Tags(vec![TagHash::from_bits(1), TagHash::from_bits(u64::MAX)]),
            Notice::Cache(CacheName::new("product.price").unwrap()),
            Notice::Everything,
        ]
    }

    #[test]
    fn what_is_sent_is_what_is_heard() {
        for notice in notices() {
            let told = decode(&message(&notice)).unwrap();
            assert_eq!((told.notice, told.sender), (notice, 0x0102_0304_0506_0708));
            assert_eq!((told.previous, told.sequence), (Sequence::new(41), Sequence::new(42)));
        }
    }

    /// Nodes of this release and of later ones run beside each other: a line is never changed, only added.
    #[test]
    fn the_messages_of_this_release_are_sent_and_heard() {
        let golden = include_str!("frames-1.txt");
        assert_eq!(golden.lines().count(), notices().len());
        for (notice, line) in notices().iter().zip(golden.lines()) {
            let (_, hex) = line.split_once(' ').unwrap();
            let pairs = hex.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap());
            let kept: Vec<u8> = pairs.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect();
            assert_eq!(message(notice), kept, "{line}");
            assert_eq!(decode(&kept).map(|told| told.notice).as_ref(), Ok(notice), "{line}");
        }
    }

    #[test]
    fn what_a_later_version_appends_is_left_alone() {
        for notice in notices() {
            assert_eq!(
                decode(&[&message(&notice)[..], b"more"].concat()).map(|told| told.notice),
                Ok(notice)
            );
        }
    }

    #[test]
    fn every_cut_and_another_version_are_unknown() {
        for notice in notices() {
            let whole = message(&notice);
            for end in 0..whole.len() {
                assert_eq!(decode(&whole[..end]), Err(Unknown), "{notice:?} cut at {end}");
            }
            for (at, byte) in [(0, 2), (1, 0), (1, 6), (3, 1)] {
                let mut other = whole.clone();
                other[at] = byte;
                assert_eq!(decode(&other), Err(Unknown), "{notice:?} with {byte} at {at}");
            }
        }
    }

    #[test]
    fn a_key_of_another_partition_is_unknown() {
        let mut whole = message(&notices()[0]);
        whole[2] ^= 1;
        assert_eq!(decode(&whole), Err(Unknown));
    }
}
