//! One form in which values are read, and one in which they are written, whatever type is stored there.

use std::any::type_name;
use std::fmt;
use std::sync::Arc;

use larder_core::{Codec, Error, ErrorKind, Result};

use crate::form::Form;

type Decode<V> = dyn Fn(&[u8]) -> Result<V> + Send + Sync;
type Encode<V> = dyn Fn(&V, &mut Vec<u8>) -> Result<()> + Send + Sync;
type EncodeBy<S, V> = fn(&dyn Codec<S>, &V, &mut Vec<u8>) -> Result<()>;

/// Reads one form.
pub(crate) struct Reader<V> {
    pub(crate) form: Form,
    decode: Box<Decode<V>>,
}

impl<V> Reader<V> {
    /// Reads an `S`, and makes a `V` of it.
    pub(crate) fn new<S: 'static>(
        form: Form,
        codec: Arc<dyn Codec<S>>,
        upgrade: impl Fn(S) -> V + Send + Sync + 'static,
    ) -> Self {
        Self { form, decode: Box::new(move |bytes| codec.decode(bytes).map(&upgrade)) }
    }

    pub(crate) fn decode(&self, bytes: &[u8]) -> Result<V> {
        (self.decode)(bytes)
    }
}

/// Writes one form.
pub(crate) struct Writer<V> {
    pub(crate) form: Form,
    encode: Box<Encode<V>>,
    read_back: Box<Decode<()>>,
}

impl<V: 'static> Writer<V> {
    pub(crate) fn new(form: Form, codec: Arc<dyn Codec<V>>) -> Self {
        Self::with(form, codec, Codec::encode)
    }

    /// Makes an `S` of each value, and writes that.
    pub(crate) fn of<S>(form: Form, codec: Arc<dyn Codec<S>>) -> Self
    where
        S: for<'a> From<&'a V> + 'static,
    {
        Self::with(form, codec, |codec, value, into| codec.encode(&S::from(value), into))
    }

    fn with<S: 'static>(form: Form, codec: Arc<dyn Codec<S>>, encode: EncodeBy<S, V>) -> Self {
        let encoder = codec.clone();
        Self {
            form,
            encode: Box::new(move |value, into| encode(&*encoder, value, into)),
            read_back: Box::new(move |payload| read_back(&*codec, payload)),
        }
    }

    pub(crate) fn encode(&self, value: &V, into: &mut Vec<u8>) -> Result<()> {
        (self.encode)(value, into)
    }

    /// Whether a payload is read, and as a value that is written in as many bytes. The bytes themselves may differ: a
    /// set has no order.
    pub(crate) fn read_back(&self, payload: &[u8]) -> Result<()> {
        (self.read_back)(payload)
    }
}

fn read_back<S: 'static>(codec: &dyn Codec<S>, payload: &[u8]) -> Result<()> {
    let refused = |error: Error| error.with("format", codec.id()).with("type", type_name::<S>());
    let value = codec.decode(payload).map_err(|error| {
        refused(Error::new(ErrorKind::Codec, "the value can be written but not read back").because(error))
    })?;
    let mut again = Vec::with_capacity(payload.len());
    codec.encode(&value, &mut again)?;
    if again.len() == payload.len() {
        Ok(())
    } else {
        Err(refused(Error::new(ErrorKind::Codec, "the value is read back as another")))
    }
}

impl<V> fmt::Debug for Reader<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.form)
    }
}

impl<V> fmt::Debug for Writer<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.form)
    }
}
