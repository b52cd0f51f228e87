//! From values to bytes and back, as the engine sees it.

use std::fmt;

use crate::error::Result;

/// A serialization format for values of one type.
///
/// The bytes it reads come from a network that anyone may write to, so decoding must fail rather than panic, and
/// must not allocate by a length that the bytes merely claim.
pub trait Codec<V>: fmt::Debug + Send + Sync + 'static {
    /// The number that marks this format in a stored entry.
    fn id(&self) -> CodecId;

    /// Appends the value's bytes to `into`.
    fn encode(&self, value: &V, into: &mut Vec<u8>) -> Result<()>;

    /// Reads a value from exactly these bytes: what is left over is an error too, for it is how a removed field
    /// shows.
    fn decode(&self, bytes: &[u8]) -> Result<V>;
}

/// Marks a serialization format in a stored entry. Never reused.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CodecId(u8);

impl CodecId {
    /// bincode 2, standard configuration.
    pub const BINCODE: Self = Self(1);
    /// postcard 1.
    pub const POSTCARD: Self = Self(2);
    /// `MessagePack` with field names.
    pub const MESSAGE_PACK: Self = Self(3);
    /// JSON.
    pub const JSON: Self = Self(4);
    /// bincode 1, as its functions write by default.
    pub const BINCODE_1: Self = Self(5);

    /// The first number that is free for a format of one's own.
    pub const FIRST_CUSTOM: u8 = 128;

    /// The format of that number. Those below [`FIRST_CUSTOM`](Self::FIRST_CUSTOM) are Larder's to give out.
    pub const fn new(id: u8) -> Self {
        Self(id)
    }

    /// The number.
    pub const fn get(self) -> u8 {
        self.0
    }
}

impl fmt::Debug for CodecId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::BINCODE => f.write_str("bincode"),
            Self::POSTCARD => f.write_str("postcard"),
            Self::MESSAGE_PACK => f.write_str("MessagePack"),
            Self::JSON => f.write_str("JSON"),
            Self::BINCODE_1 => f.write_str("bincode 1"),
            Self(id) => write!(f, "codec {id}"),
        }
    }
}

impl fmt::Display for CodecId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}
