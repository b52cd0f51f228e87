//! bincode 2, the default, and the layout of bincode 1. The only module that knows the crate.

use bincode::config::{Config, legacy, standard};
use larder_core::{Codec, CodecId, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::bounded::{Bounds, Root};
use super::{left_over, undecodable, unwritable};

/// bincode in its standard configuration: little-endian, numbers of variable length.
///
/// It writes no names and no types. What keeps a changed type from being read wrongly is the
/// [`Schema`](larder_core::Schema) of the envelope.
#[derive(Clone, Copy, Debug, Default)]
pub struct Bincode;

/// What `serialize` and `deserialize` of bincode 1 write and read: little-endian, numbers of fixed length, eight bytes
/// for each length. To read what was stored before Larder, with [`Bare`](crate::Bare).
#[derive(Clone, Copy, Debug, Default)]
pub struct Bincode1;

impl<V: Serialize + DeserializeOwned> Codec<V> for Bincode {
    fn id(&self) -> CodecId {
        CodecId::BINCODE
    }

    fn encode(&self, value: &V, into: &mut Vec<u8>) -> Result<()> {
        encode(CodecId::BINCODE, standard(), value, into)
    }

    fn decode(&self, bytes: &[u8]) -> Result<V> {
        decode(CodecId::BINCODE, standard(), bytes)
    }
}

impl<V: Serialize + DeserializeOwned> Codec<V> for Bincode1 {
    fn id(&self) -> CodecId {
        CodecId::BINCODE_1
    }

    fn encode(&self, value: &V, into: &mut Vec<u8>) -> Result<()> {
        encode(CodecId::BINCODE_1, legacy(), value, into)
    }

    fn decode(&self, bytes: &[u8]) -> Result<V> {
        decode(CodecId::BINCODE_1, legacy(), bytes)
    }
}

fn encode<V: Serialize>(id: CodecId, layout: impl Config, value: &V, into: &mut Vec<u8>) -> Result<()> {
    bincode::serde::encode_into_std_write(value, into, layout).map_err(|error| unwritable(id, error))?;
    Ok(())
}

fn decode<V: DeserializeOwned>(id: CodecId, layout: impl Config, bytes: &[u8]) -> Result<V> {
    let bounds = Bounds::of::<V>(bytes);
    let (value, read) = bincode::serde::seed_decode_from_slice(Root::new(&bounds), bytes, layout)
        .map_err(|error| undecodable(id, error))?;
    if read == bytes.len() { Ok(value) } else { Err(left_over(id)) }
}
