//! The 64 bytes before every stored value.

use std::time::Duration;

use larder_core::{
    CodecId, KeyHash, Label, Lifetime, MAX_TAGS, Schema, Sequence, TagHash, Tags, Ttl, Version,
};
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

use crate::compression::CompressionId;
use crate::form::Form;
use crate::unreadable::Unreadable;

/// How long a header is without its tags.
pub const HEADER_BYTES: usize = 64;

const MAGIC: [u8; 2] = [0xC1, 0x4C];
const FORMAT: u8 = 1;
/// What the checksum of the header covers: all but what identifies the layout, the mark, and itself.
const CHECKED: std::ops::Range<usize> = 4..60;
const NEGATIVE: u8 = 1;

/// What is stored of a value besides the value: the 64 bytes before it.
///
/// ```text
///  0  magic C1 4C          the first byte begins no JSON, no UTF-8 and no MessagePack
///  2  format               1
///  3  stale                0 or 1; set in place by the server, so no part of the checksum
///  4  flags                1: the origin has no such value
///  5  codec                the serialization format
///  6  compression          0 none, 1 lz4, 2 zstd
///  7  reserved             0
///  8  key                  the lower half of the key's hash
/// 16  birth                the tag invalidations that the load knew; scripts read it here
/// 24  version              the writer's; 0 for none
/// 32  made at              6 bytes: milliseconds since the Unix epoch
/// 38  load cost            2 bytes: milliseconds, at most 65,535
/// 40  fresh for            milliseconds
/// 44  time to live         milliseconds
/// 48  schema version       2 bytes
/// 50  number of tags       2 bytes
/// 52  schema fingerprint   4 bytes; 0 if none was declared
/// 56  raw length           4 bytes: the payload's once decompressed; 0 if it is not compressed
/// 60  checksum             4 bytes
/// 64  tags                 8 bytes each, ascending
///  …  payload
/// ```
///
/// All numbers are little-endian. The checksum is the lower half of `xxh3_64` over all from byte 64 on, seeded with the
/// `xxh3_64` of bytes 4 to 59.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Header {
    /// Which key it is the value of.
    pub key: u64,
    /// What travels with it through the tiers.
    pub label: Label,
    /// Whether it was expired: to be served only while it is refreshed, or if that fails.
    pub stale: bool,
    /// Whether it says that the origin has no such value.
    pub negative: bool,
    /// The format of the value.
    pub codec: CodecId,
    /// The version and shape of the value's type.
    pub schema: Schema,
    /// How the payload is compressed.
    pub compression: CompressionId,
    /// The length of the payload before compression; zero if it is not compressed.
    pub raw_len: u32,
}

impl Header {
    /// The header of an uncompressed value.
    pub fn new(key: KeyHash, label: &Label, codec: CodecId, schema: Schema) -> Self {
        Self {
            key: key.fingerprint(),
            label: label.clone(),
            stale: false,
            negative: false,
            codec,
            schema,
            compression: CompressionId::NONE,
            raw_len: 0,
        }
    }

    /// How many bytes come before the payload.
    pub fn bytes(&self) -> usize {
        HEADER_BYTES + size_of_val(self.label.tags.as_slice())
    }

    /// Puts the header before the payload that `stored` holds from [`bytes`](Self::bytes) on.
    pub fn write(&self, stored: &mut [u8]) {
        let label = &self.label;
        let load_cost = u16::try_from(label.load_cost.as_millis()).unwrap_or(u16::MAX);
        let made_at = label.made_at.min((1 << 48) - 1);
        let tags = label.tags.as_slice();
        let tag_count = u16::try_from(tags.len()).expect("there are at most 64");
        let mut field = Writer(stored.get_mut(..self.bytes()).unwrap_or_default());
        field.put(&MAGIC);
        field.put(&[FORMAT, self.stale.into(), if self.negative { NEGATIVE } else { 0 }]);
        field.put(&[self.codec.get(), self.compression.get(), 0]);
        field.put(&self.key.to_le_bytes());
        field.put(&label.birth.get().to_le_bytes());
        field.put(&label.version.get().to_le_bytes());
        field.put(made_at.to_le_bytes().get(..6).unwrap_or_default());
        field.put(&load_cost.to_le_bytes());
        field.put(&label.lifetime.fresh().as_millis().to_le_bytes());
        field.put(&label.lifetime.time_to_live().as_millis().to_le_bytes());
        field.put(&self.schema.number().to_le_bytes());
        field.put(&tag_count.to_le_bytes());
        field.put(&self.schema.fingerprint().to_le_bytes());
        field.put(&self.raw_len.to_le_bytes());
        field.put(&[0; 4]);
        for tag in tags {
            field.put(&tag.to_bits().to_le_bytes());
        }
        let checksum = checksum(stored);
        Writer(stored.get_mut(CHECKED.end..HEADER_BYTES).unwrap_or_default()).put(&checksum.to_le_bytes());
    }

    /// The form that a header tells, which may be damaged.
    pub(crate) fn form_of(header: &[u8; HEADER_BYTES]) -> Option<Form> {
        let Some([FORMAT, _, _, codec, ..]) = header.strip_prefix(&MAGIC) else {
            return None;
        };
        let version = u16::from_le_bytes(*header.get(48..)?.first_chunk()?);
        let fingerprint = u32::from_le_bytes(*header.get(52..)?.first_chunk()?);
        Some(Form::new(CodecId::new(*codec), Schema::from_parts(version, fingerprint)))
    }

    /// Reads a header and finds the payload behind it. Nothing is said of the payload but that it is whole.
    pub fn read(stored: &[u8]) -> Result<(Self, &[u8]), Unreadable> {
        let Some(rest) = stored.strip_prefix(&MAGIC) else {
            return Err(Unreadable::Foreign);
        };
        match rest.first() {
            None => return Err(Unreadable::Truncated),
            Some(&FORMAT) => {}
            Some(&other) => return Err(Unreadable::NewerFormat(other)),
        }
        if stored.len() < HEADER_BYTES {
            return Err(Unreadable::Truncated);
        }
        let mut field = Reader(stored.get(3..).unwrap_or_default());
        let [stale, flags, codec, compression, reserved] = field.take();
        let key = u64::from_le_bytes(field.take());
        let birth = Sequence::new(u64::from_le_bytes(field.take()));
        let version = Version::new(u64::from_le_bytes(field.take()));
        let (low, high): ([u8; 4], [u8; 2]) = (field.take(), field.take());
        let made_at = u64::from(u32::from_le_bytes(low)) | u64::from(u16::from_le_bytes(high)) << 32;
        let load_cost = Duration::from_millis(u16::from_le_bytes(field.take()).into());
        let fresh = Ttl::from_millis(u32::from_le_bytes(field.take()));
        let time_to_live = Ttl::from_millis(u32::from_le_bytes(field.take()));
        let schema_version = u16::from_le_bytes(field.take());
        let tag_count = usize::from(u16::from_le_bytes(field.take()));
        let schema = Schema::from_parts(schema_version, u32::from_le_bytes(field.take()));
        let raw_len = u32::from_le_bytes(field.take());
        let stored_checksum = u32::from_le_bytes(field.take());

        if checksum(stored) != stored_checksum {
            return Err(Unreadable::Corrupt);
        }
        if flags & !NEGATIVE != 0 || reserved != 0 || tag_count > MAX_TAGS {
            // Well formed, and of no use to this build: a later one has put a meaning there.
            return Err(Unreadable::NewerFormat(FORMAT));
        }
        let (Some(fresh), Some(time_to_live)) = (fresh, time_to_live) else {
            return Err(Unreadable::Corrupt);
        };
        let (tags, payload) = field.0.split_at_checked(8 * tag_count).ok_or(Unreadable::Truncated)?;
        let tags = tags.as_chunks().0.iter().map(|tag| TagHash::from_bits(u64::from_le_bytes(*tag)));
        let label = Label::new(Lifetime::new(time_to_live).fresh_for(fresh))
            .birth(birth)
            .tags(Tags::new(tags).map_err(|_| Unreadable::Corrupt)?)
            .version(version)
            .made_at(made_at)
            .load_cost(load_cost);
        let (codec, compression) = (CodecId::new(codec), CompressionId::new(compression));
        let negative = flags & NEGATIVE != 0;
        Ok((Self { key, label, stale: stale != 0, negative, codec, schema, compression, raw_len }, payload))
    }
}

fn checksum(stored: &[u8]) -> u32 {
    let seed = xxh3_64(stored.get(CHECKED).unwrap_or_default());
    let checksum = xxh3_64_with_seed(stored.get(HEADER_BYTES..).unwrap_or_default(), seed);
    #[expect(clippy::cast_possible_truncation, reason = "the lower half is what is stored")]
    let checksum = checksum as u32;
    checksum
}

/// Fills a slice from front to back.
struct Writer<'a>(&'a mut [u8]);

impl Writer<'_> {
    fn put(&mut self, bytes: &[u8]) {
        let room = std::mem::take(&mut self.0);
        let (field, rest) =
            room.split_at_mut_checked(bytes.len()).expect("the room is made for all the fields");
        field.copy_from_slice(bytes);
        self.0 = rest;
    }
}

/// Takes a slice apart from front to back.
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> [u8; N] {
        let (field, rest) = self.0.split_first_chunk().expect("the length of the header was checked");
        self.0 = rest;
        *field
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored() -> Vec<u8> {
        let label = Label::new(Lifetime::new(Ttl::seconds(60)));
        let header = Header::new(KeyHash::from_bytes([7; 16]), &label, CodecId::BINCODE, Schema::default());
        let mut stored = vec![0; header.bytes()];
        header.write(&mut stored);
        stored
    }

    /// What is said of a header with other bytes at one place, and a checksum that is right about them.
    fn read_with(at: usize, bytes: &[u8]) -> Result<(), Unreadable> {
        let mut stored = stored();
        stored[at..at + bytes.len()].copy_from_slice(bytes);
        let checksum = checksum(&stored);
        stored[CHECKED.end..].copy_from_slice(&checksum.to_le_bytes());
        Header::read(&stored).map(|_| ())
    }

    #[test]
    fn what_later_builds_may_put_there_is_theirs() {
        let newer = Err(Unreadable::NewerFormat(FORMAT));
        assert_eq!(read_with(4, &[NEGATIVE]), Ok(()));
        assert_eq!(read_with(4, &[2]), newer);
        assert_eq!(read_with(7, &[1]), newer);
        assert_eq!(read_with(50, &65_u16.to_le_bytes()), newer);
    }

    #[test]
    fn what_is_never_written_is_corrupt_and_what_is_missing_is_truncated() {
        assert_eq!(read_with(40, &[0; 4]), Err(Unreadable::Corrupt));
        assert_eq!(read_with(44, &[0; 4]), Err(Unreadable::Corrupt));
        assert_eq!(read_with(50, &1_u16.to_le_bytes()), Err(Unreadable::Truncated));
    }
}
