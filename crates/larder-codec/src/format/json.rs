//! JSON, for values that are read by eye and by other languages.

use larder_core::{Codec, CodecId, Result};
use serde::Serialize;
use serde::de::{DeserializeOwned, DeserializeSeed};

use super::bounded::{Bounds, Root};
use super::{left_over, undecodable, unwritable};

/// JSON.
///
/// It writes the names of fields. Under a schema without a fingerprint, such as `Schema::version(1)`, fields may be added
/// with `#[serde(default)]`, removed and reordered, and entries of both kinds are read by both builds.
#[derive(Clone, Copy, Debug, Default)]
pub struct Json;

const ID: CodecId = CodecId::JSON;

impl<V: Serialize + DeserializeOwned> Codec<V> for Json {
    fn id(&self) -> CodecId {
        ID
    }

    fn encode(&self, value: &V, into: &mut Vec<u8>) -> Result<()> {
        serde_json::to_writer(into, value).map_err(|error| unwritable(ID, error))
    }

    fn decode(&self, bytes: &[u8]) -> Result<V> {
        let bounds = Bounds::of::<V>(bytes);
        let mut deserializer = serde_json::Deserializer::from_slice(bytes);
        let value =
            Root::new(&bounds).deserialize(&mut deserializer).map_err(|error| undecodable(ID, error))?;
        deserializer.end().map_err(|_| left_over(ID))?;
        Ok(value)
    }
}
