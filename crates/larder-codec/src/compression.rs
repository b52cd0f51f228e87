//! Compression of payloads, and bounded decompression.

use std::fmt;

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

/// Marks a method of compression in a stored entry, whether this build has it or not. Never reused.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CompressionId(u8);

impl CompressionId {
    /// None at all.
    pub const NONE: Self = Self(0);
    /// lz4.
    pub const LZ4: Self = Self(1);
    /// zstd.
    pub const ZSTD: Self = Self(2);

    /// Those that this build reads.
    pub const READ: &[Self] = &[
        Self::NONE,
        #[cfg(feature = "lz4")]
        Self::LZ4,
        #[cfg(feature = "zstd")]
        Self::ZSTD,
    ];

    /// The method of that number.
    pub const fn new(id: u8) -> Self {
        Self(id)
    }

    /// The number.
    pub const fn get(self) -> u8 {
        self.0
    }
}

impl fmt::Debug for CompressionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::NONE => f.write_str("none"),
            Self::LZ4 => f.write_str("lz4"),
            Self::ZSTD => f.write_str("zstd"),
            Self(id) => write!(f, "compression {id}"),
        }
    }
}

impl fmt::Display for CompressionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// Below this a payload is stored as it is.
const WORTHWHILE: usize = 1_024;

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
    /// How it is marked in what it compressed.
    pub const fn id(self) -> CompressionId {
        match self {
            Self::None => CompressionId::NONE,
            #[cfg(feature = "lz4")]
            Self::Lz4 => CompressionId::LZ4,
            #[cfg(feature = "zstd")]
            Self::Zstd { .. } => CompressionId::ZSTD,
        }
    }

    /// Its mark, and the compressed payload; `None` if it is better left alone.
    #[cfg_attr(
        not(any(feature = "lz4", feature = "zstd")),
        expect(unreachable_code, unused_variables, reason = "no method is built in")
    )]
    pub(crate) fn compress(self, payload: &[u8]) -> Option<(CompressionId, Vec<u8>)> {
        if payload.len() < WORTHWHILE {
            return None;
        }
        let compressed: Vec<u8> = match self {
            Self::None => return None,
            #[cfg(feature = "lz4")]
            Self::Lz4 => lz4_flex::block::compress(payload),
            #[cfg(feature = "zstd")]
            Self::Zstd { level } => zstd::bulk::compress(payload, level).ok()?,
        };
        (compressed.len() <= payload.len() / 10 * 9).then_some((self.id(), compressed))
    }
}

/// Decompresses what was compressed by that method, to exactly `raw_len` bytes, which the caller has
/// found to be within the limit.
#[cfg_attr(
    not(any(feature = "lz4", feature = "zstd")),
    expect(unused_variables, reason = "no method is built in")
)]
pub(crate) fn decompress(id: CompressionId, payload: &[u8], raw_len: usize) -> Result<Vec<u8>, Unreadable> {
    match id {
        #[cfg(feature = "lz4")]
        CompressionId::LZ4 => {
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
        CompressionId::ZSTD => match zstd::bulk::decompress(payload, raw_len) {
            Ok(raw) if raw.len() == raw_len => Ok(raw),
            _ => Err(Unreadable::Undecodable),
        },
        other => Err(Unreadable::OtherCompression(other)),
    }
}
