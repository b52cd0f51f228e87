//! The serialization formats, one module each, so that each dependency is known to one module.

#[cfg(feature = "bincode")]
pub(crate) mod bincode;
#[cfg(any(feature = "bincode", feature = "msgpack", feature = "postcard"))]
mod bounded;
#[cfg(feature = "json")]
pub(crate) mod json;
#[cfg(feature = "msgpack")]
pub(crate) mod msgpack;
#[cfg(feature = "postcard")]
pub(crate) mod postcard;

#[cfg(any(feature = "bincode", feature = "json", feature = "msgpack", feature = "postcard"))]
use larder_core::{CodecId, Error, ErrorKind};

/// How deep values may be nested. A hostile entry could otherwise overflow the stack, which no caller could catch.
#[cfg(any(feature = "bincode", feature = "msgpack", feature = "postcard"))]
const MOST_NESTED: u32 = 128;

#[cfg(any(feature = "bincode", feature = "json", feature = "msgpack", feature = "postcard"))]
fn unwritable(format: CodecId, error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::new(ErrorKind::Codec, "the value cannot be written").with("format", format).because(error)
}

#[cfg(any(feature = "bincode", feature = "json", feature = "msgpack", feature = "postcard"))]
fn undecodable(format: CodecId, error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::new(ErrorKind::Codec, "the value does not decode").with("format", format).because(error)
}

#[cfg(any(feature = "bincode", feature = "msgpack", feature = "postcard"))]
fn left_over(format: CodecId) -> Error {
    Error::new(ErrorKind::Codec, "bytes are left over behind the value").with("format", format)
}
