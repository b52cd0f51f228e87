//! What a server may read of stored bytes: the few fields that its scripts decide by.

use crate::label::Version;
use crate::stamp::Sequence;

/// How long a stored entry is at least, if a build of ours wrote it.
const HEADER_BYTES: usize = 64;
const MAGIC: [u8; 2] = [0xC1, 0x4C];
const STALE: usize = 3;

/// The fields of a stored entry that lie at the same place in every layout, for ever.
///
/// A server decides by them without knowing the rest: when the value was born, in which version, by how new a build. They
/// are read only from bytes that begin like an entry and are long enough; whatever else lies under a key has none.
///
/// | offset | bytes | field |
/// |---|---|---|
/// | 0 | 2 | magic, `C1 4C` |
/// | 2 | 1 | layout |
/// | 3 | 1 | the stale mark |
/// | 8 | 8 | the lower half of the key's hash |
/// | 16 | 8 | birth |
/// | 24 | 8 | version |
/// | 48 | 2 | schema version |
///
/// Numbers are little-endian.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Peek {
    /// The number of the header's layout.
    pub layout: u8,
    /// Whose value it is, by the [fingerprint](crate::KeyHash::fingerprint) of its key.
    pub key: u64,
    /// The order of tag invalidations that its load knew.
    pub birth: Sequence,
    /// The writer's version.
    pub version: Version,
    /// The version of its schema.
    pub schema: u16,
}

impl Peek {
    /// Looks into stored bytes; `None` if they are none of ours.
    pub fn into(stored: &[u8]) -> Option<Self> {
        let header = stored.first_chunk::<HEADER_BYTES>().filter(|header| header.starts_with(&MAGIC))?;
        let eight = |from: usize| header.get(from..)?.first_chunk().copied().map(u64::from_le_bytes);
        Some(Self {
            layout: *header.get(2)?,
            key: eight(8)?,
            birth: Sequence::new(eight(16)?),
            version: Version::new(eight(24)?),
            schema: header.get(48..)?.first_chunk().copied().map(u16::from_le_bytes)?,
        })
    }

    /// Whether a newer build than the one behind `other` has written it.
    pub fn is_newer_than(self, other: Self) -> bool {
        (self.layout, self.schema) > (other.layout, other.schema)
    }

    /// Sets the stale mark, if the bytes are an entry. Returns whether they are.
    pub fn mark_stale(stored: &mut [u8]) -> bool {
        match (Self::into(stored), stored.get_mut(STALE)) {
            (Some(_), Some(mark)) => {
                *mark = 1;
                true
            }
            _ => false,
        }
    }
}
