//! `MessagePack` with the names of fields, for types that change.

use larder_core::{Codec, CodecId, Result};
use rmp_serde::decode::{Deserializer, Error};
use rmp_serde::encode::Serializer;
use serde::de::{DeserializeOwned, DeserializeSeed, IgnoredAny};
use serde::{Deserialize, Serialize};

use super::bounded::{Bounds, Root};
use super::{left_over, undecodable, unwritable};

/// `MessagePack` with the names of fields.
///
/// Under a schema without a fingerprint, such as `Schema::version(1)`, fields may be added with `#[serde(default)]`,
/// removed and reordered, and entries of both kinds are read by both builds.
#[derive(Clone, Copy, Debug, Default)]
pub struct MessagePack;

const ID: CodecId = CodecId::MESSAGE_PACK;

impl<V: Serialize + DeserializeOwned> Codec<V> for MessagePack {
    fn id(&self) -> CodecId {
        ID
    }

    fn encode(&self, value: &V, into: &mut Vec<u8>) -> Result<()> {
        value.serialize(&mut Serializer::new(into).with_struct_map()).map_err(|error| unwritable(ID, error))
    }

    fn decode(&self, bytes: &[u8]) -> Result<V> {
        let mut deserializer = Deserializer::from_read_ref(bytes);
        let bounds = Bounds::of::<V>(bytes);
        let value =
            Root::new(&bounds).deserialize(&mut deserializer).map_err(|error| undecodable(ID, error))?;
        // It does not tell where it stands, but finds no further value exactly if there is no further byte. Whatever
        // that byte begins, one level of nesting is too little to go on to the next.
        deserializer.set_max_depth(1);
        match IgnoredAny::deserialize(&mut deserializer) {
            Err(Error::InvalidMarkerRead(_)) => Ok(value),
            _ => Err(left_over(ID)),
        }
    }
}
