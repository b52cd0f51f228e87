//! The serialization formats, one module each, so that each dependency is known to one module.

#[cfg(feature = "bincode")]
pub(crate) mod bincode;
#[cfg(feature = "json")]
pub(crate) mod json;
#[cfg(feature = "msgpack")]
pub(crate) mod msgpack;
#[cfg(feature = "postcard")]
pub(crate) mod postcard;

#[cfg(any(feature = "bincode", feature = "json", feature = "msgpack", feature = "postcard"))]
mod bounded;
#[cfg(any(feature = "bincode", feature = "json", feature = "msgpack", feature = "postcard"))]
mod refusals;
#[cfg(any(feature = "bincode", feature = "json", feature = "msgpack", feature = "postcard"))]
use refusals::{left_over, undecodable, unwritable};
