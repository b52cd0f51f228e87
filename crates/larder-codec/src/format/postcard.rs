//! postcard: as small and fast as bincode, with a documented format.

use larder_core::{Codec, CodecId, Result};
use serde::Serialize;
use serde::de::{DeserializeOwned, DeserializeSeed};

use super::bounded::{Bounds, Root};
use super::{left_over, undecodable, unwritable};

/// postcard 1.
///
/// It writes no names and no types. What keeps a changed type from being read wrongly is the
/// [`Schema`](larder_core::Schema) of the envelope.
#[derive(Clone, Copy, Debug, Default)]
pub struct Postcard;

const ID: CodecId = CodecId::POSTCARD;

impl<V: Serialize + DeserializeOwned> Codec<V> for Postcard {
    fn id(&self) -> CodecId {
        ID
    }

    fn encode(&self, value: &V, into: &mut Vec<u8>) -> Result<()> {
        *into = postcard::to_extend(value, std::mem::take(into)).map_err(|error| unwritable(ID, error))?;
        Ok(())
    }

    fn decode(&self, bytes: &[u8]) -> Result<V> {
        let bounds = Bounds::of::<V>(bytes);
        let mut deserializer = postcard::Deserializer::from_bytes(bytes);
        let value =
            Root::new(&bounds).deserialize(&mut deserializer).map_err(|error| undecodable(ID, error))?;
        match deserializer.finalize() {
            Ok([]) => Ok(value),
            Ok(_) => Err(left_over(ID)),
            Err(error) => Err(undecodable(ID, error)),
        }
    }
}
