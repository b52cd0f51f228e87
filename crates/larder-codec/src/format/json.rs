//! JSON, for values that are read by eye and by other languages.

use larder_core::{Codec, CodecId, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{undecodable, unwritable};

/// JSON.
///
/// Fields may be added with `#[serde(default)]`, removed and reordered without a new schema version.
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

    // It checks by itself that nothing is left over, and how deep values are nested.
    fn decode(&self, bytes: &[u8]) -> Result<V> {
        serde_json::from_slice(bytes).map_err(|error| undecodable(ID, error))
    }
}
