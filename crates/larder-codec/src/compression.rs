//! Compression of payloads, and bounded decompression.

use crate::unreadable::Unreadable;

/// How payloads are compressed.
///
/// A payload under 1 KiB, and one that would shrink by less than a tenth, is stored as it is. Reading goes by what
/// the header says, so this can be changed at any time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Compression {
    /// Not at all.
    None,
    /// Fast, in pure Rust.
    #[cfg(feature = "lz4")]
    Lz4,
    /// Denser and slower, at a level from 1 to 22; 3 is usual.
    #[cfg(feature = "zstd")]
    Zstd {
        /// How much effort to spend.
        level: i32,
    },
}

/// Below this a payload is stored as it is.
const WORTHWHILE: usize = 1_024;

pub(crate) const NONE: u8 = 0;
#[cfg(feature = "lz4")]
const LZ4: u8 = 1;
#[cfg(feature = "zstd")]
const ZSTD: u8 = 2;

impl Default for Compression {
    /// lz4 where it is built in.
    fn default() -> Self {
        #[cfg(feature = "lz4")]
        return Self::Lz4;
        #[cfg(not(feature = "lz4"))]
        Self::None
    }
}

impl Compression {
    /// Its number, and the compressed payload; `None` if it is better left alone.
    #[cfg_attr(
        not(any(feature = "lz4", feature = "zstd")),
        expect(unreachable_code, reason = "no method is built in")
    )]
    pub(crate) fn compress(self, payload: &[u8]) -> Option<(u8, Vec<u8>)> {
        if payload.len() < WORTHWHILE {
            return None;
        }
        let (id, compressed): (u8, Vec<u8>) = match self {
            Self::None => return None,
            #[cfg(feature = "lz4")]
            Self::Lz4 => (LZ4, lz4_flex::block::compress(payload)),
            #[cfg(feature = "zstd")]
            Self::Zstd { level } => (ZSTD, zstd::bulk::compress(payload, level).ok()?),
        };
        (compressed.len() <= payload.len() / 10 * 9).then_some((id, compressed))
    }
}

/// Decompresses what was compressed by the method of that number, to exactly `raw_len` bytes, which the caller has
/// found to be within the limit.
#[cfg_attr(
    not(any(feature = "lz4", feature = "zstd")),
    expect(unused_variables, reason = "no method is built in")
)]
pub(crate) fn decompress(id: u8, payload: &[u8], raw_len: usize) -> Result<Vec<u8>, Unreadable> {
    match id {
        #[cfg(feature = "lz4")]
        LZ4 => {
            /// The most that one byte can stand for.
            const LZ4_RATIO: usize = 255;
            if raw_len / LZ4_RATIO > payload.len() {
                return Err(Unreadable::Undecodable);
            }
            let mut raw = vec![0; raw_len];
            match lz4_flex::block::decompress_into(payload, &mut raw) {
                Ok(len) if len == raw_len => Ok(raw),
                _ => Err(Unreadable::Undecodable),
            }
        }
        #[cfg(feature = "zstd")]
        ZSTD => match zstd::bulk::decompress(payload, raw_len) {
            Ok(raw) if raw.len() == raw_len => Ok(raw),
            _ => Err(Unreadable::Undecodable),
        },
        other => Err(Unreadable::OtherCompression(other)),
    }
}
