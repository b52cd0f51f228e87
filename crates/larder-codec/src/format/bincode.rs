//! bincode 2, the default. The only module that knows the crate.

use bincode::config::{Configuration, standard};
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

const CONFIG: Configuration = standard();
const ID: CodecId = CodecId::BINCODE;

impl<V: Serialize + DeserializeOwned> Codec<V> for Bincode {
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
