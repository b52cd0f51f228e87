//! Why stored bytes count as a miss.

use std::error::Error;
use std::fmt;

use larder_core::CodecId;

use crate::compression::CompressionId;

/// What is wrong with stored bytes.
///
/// All of them are misses. What differs is whether the entry may be replaced: one that a newer build wrote must stay,
/// or else the two builds overwrite each other's entries for as long as both run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unreadable {
    /// It is not one of our envelopes.
    Foreign,
    /// It ends before its header says.
    Truncated,
    /// Its checksum is wrong, or a field has a value that is never written.
    Corrupt,
    /// It is the envelope of another key: an answer to another question.
    OtherKey,
    /// Its header is in a layout that this build does not know.
    NewerFormat(u8),
    /// Its value is in a format that this cache does not read.
    OtherCodec(CodecId),
    /// It is compressed in a way that this build does not know.
    OtherCompression(CompressionId),
    /// Its schema is of a higher version.
    NewerSchema(u16),
    /// Its schema is of a lower version.
    OlderSchema(u16),
    /// Its schema has this build's version, but another shape: somebody changed the type and not the version.
    OtherShape(u32),
    /// It is larger than this cache's limit.
    TooLarge(usize),
    /// It does not decompress or decode.
    Undecodable,
}

impl Unreadable {
    /// Whether a newer build may have written it, so that this one must leave it where it is.
    ///
    /// Another shape under the same version counts as newer: which of the two builds is older cannot be told.
    pub const fn may_be_newer(self) -> bool {
        matches!(
            self,
            Self::NewerFormat(_)
                | Self::OtherCodec(_)
                | Self::OtherCompression(_)
                | Self::NewerSchema(_)
                | Self::OtherShape(_)
        )
    }

    /// The reason in one word, for a metric's label.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Foreign => "foreign",
            Self::Truncated => "truncated",
            Self::Corrupt => "corrupt",
            Self::OtherKey => "other_key",
            Self::NewerFormat(_) => "newer_format",
            Self::OtherCodec(_) => "other_codec",
            Self::OtherCompression(_) => "other_compression",
            Self::NewerSchema(_) => "newer_schema",
            Self::OlderSchema(_) => "older_schema",
            Self::OtherShape(_) => "other_shape",
            Self::TooLarge(_) => "too_large",
            Self::Undecodable => "undecodable",
        }
    }
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Foreign => f.write_str("the stored bytes are not an envelope"),
            Self::Truncated => f.write_str("the stored envelope is cut off"),
            Self::Corrupt => f.write_str("the stored envelope is corrupt"),
            Self::OtherKey => f.write_str("the stored envelope is that of another key"),
            Self::NewerFormat(format) => write!(f, "the stored envelope has the unknown layout {format}"),
            Self::OtherCodec(codec) => {
                write!(f, "the stored value is in the format {codec}, which is not read here")
            }
            Self::OtherCompression(id) => {
                write!(f, "this build does not read what is stored: {id}")
            }
            Self::NewerSchema(version) => write!(f, "the stored value has the newer schema {version}"),
            Self::OlderSchema(version) => write!(f, "the stored value has the older schema {version}"),
            Self::OtherShape(shape) => {
                write!(f, "the stored value has another shape ({shape:08x}) under the same schema version")
            }
            Self::TooLarge(bytes) => write!(f, "the stored value has {bytes} bytes, which is over the limit"),
            Self::Undecodable => f.write_str("the stored value does not decode"),
        }
    }
}

impl Error for Unreadable {}
