//! bincode 1, for what was written by its functions.

use bincode::config::{Configuration, Fixint, LittleEndian, NoLimit, legacy};
use larder_core::{Codec, CodecId, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::bounded::{Bounds, Root};
use super::{left_over, undecodable, unwritable};

/// What `serialize` and `deserialize` of bincode 1 write and read: little-endian, numbers of fixed length, eight bytes
/// for each length. To read what was stored before Larder, with [`Bare`](crate::Bare).
#[derive(Clone, Copy, Debug, Default)]
pub struct Bincode1;

const CONFIG: Configuration<LittleEndian, Fixint, NoLimit> = legacy();
const ID: CodecId = CodecId::BINCODE_1;

impl<V: Serialize + DeserializeOwned> Codec<V> for Bincode1 {
    fn id(&self) -> CodecId {
        ID
    }

    fn encode(&self, value: &V, into: &mut Vec<u8>) -> Result<()> {
        bincode::serde::encode_into_std_write(value, into, CONFIG).map_err(|error| unwritable(ID, error))?;
        Ok(())
    }

    fn decode(&self, bytes: &[u8]) -> Result<V> {
        let bounds = Bounds::of::<V>(bytes);
        let (value, read) = bincode::serde::seed_decode_from_slice(Root::new(&bounds), bytes, CONFIG)
            .map_err(|error| undecodable(ID, error))?;
        if read == bytes.len() { Ok(value) } else { Err(left_over(ID)) }
    }
}
