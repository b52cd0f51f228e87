//! From a value and its label to bytes, and back.

use std::borrow::Cow;
use std::fmt;
use std::sync::atomic::{AtomicU32, Ordering};

use bytes::Bytes;
use larder_core::{Cacheable, Codec, Error, ErrorKind, KeyHash, Label, Result, Schema};

use crate::compression::{self, Compression};
use crate::header::Header;
use crate::unreadable::Unreadable;

/// The most bytes that a value may have in its format, unless told otherwise: 8 MiB.
pub const DEFAULT_LIMIT: usize = 8 << 20;

/// Seals and opens the values of one cache.
pub struct Envelope<V> {
    codec: Box<dyn Codec<V>>,
    schema: Schema,
    compression: Compression,
    limit: usize,
    /// How many values were sealed, to choose those that are read back.
    sealed: AtomicU32,
}

/// A value out of its envelope.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Opened<V> {
    /// The value, or `None` for the knowledge that the origin has none.
    pub value: Option<V>,
    /// What is known besides.
    pub label: Label,
    /// Whether it was expired: to be served only while it is refreshed, or if that fails.
    pub stale: bool,
}

impl<V: Cacheable + 'static> Envelope<V> {
    /// An envelope for values in the format of `codec`, under the schema that their type declares.
    pub fn new(codec: impl Codec<V>) -> Self {
        Self::with_schema(codec, Schema::of::<V>())
    }
}

impl<V: 'static> Envelope<V> {
    /// An envelope for values of a type that declares no schema, under this one. Entries of another are misses.
    ///
    /// Without a fingerprint nothing notices a changed type: each change must then come with a new version.
    pub fn with_schema(codec: impl Codec<V>, schema: Schema) -> Self {
        Self {
            codec: Box::new(codec),
            schema,
            compression: Compression::default(),
            limit: DEFAULT_LIMIT,
            sealed: AtomicU32::new(0),
        }
    }

    /// Sets how payloads are compressed.
    ///
    /// Default: lz4.
    #[must_use]
    pub fn compression(self, compression: Compression) -> Self {
        Self { compression, ..self }
    }

    /// Sets the most bytes that a value may have in its format, before compression. It holds for writing and for
    /// reading.
    ///
    /// Default: [`DEFAULT_LIMIT`].
    #[must_use]
    pub fn limit(self, bytes: usize) -> Self {
        // The header has four bytes for it.
        Self { limit: bytes.min(u32::MAX as usize), ..self }
    }

    /// Turns a value into bytes; `None` is the knowledge that the origin has no such value.
    ///
    /// Types exist that can be written and not read, for instance in bincode one with
    /// `#[serde(skip_serializing_if)]`: each of their entries would be a miss for ever, or worse. So the first value is
    /// read back at once, and then fewer and fewer, one in 1,024 at last; what does not come back whole is an
    /// [`ErrorKind::Codec`]. Builds with debug assertions read every value back.
    pub fn seal(&self, key: KeyHash, label: &Label, value: Option<&V>) -> Result<Bytes> {
        let mut header = Header::new(key, label, self.codec.id(), self.schema);
        header.negative = value.is_none();
        let start = header.bytes();
        let mut stored = vec![0; start];
        if let Some(value) = value {
            self.codec.encode(value, &mut stored)?;
            let payload = stored.get(start..).unwrap_or_default();
            self.check(payload)?;
            if let Some((id, compressed)) = self.compression.compress(payload) {
                header.compression = id;
                header.raw_len = u32::try_from(payload.len()).expect("the limit is below that");
                stored.truncate(start);
                stored.extend_from_slice(&compressed);
            }
        }
        header.write(&mut stored);
        Ok(stored.into())
    }

    /// Reads bytes that were stored under `key`.
    pub fn open(&self, key: KeyHash, stored: &[u8]) -> Result<Opened<V>, Unreadable> {
        let (header, payload) = Header::read(stored)?;
        if header.key != key.fingerprint() {
            return Err(Unreadable::OtherKey);
        }
        self.check_schema(header.schema)?;
        if header.codec != self.codec.id() {
            return Err(Unreadable::OtherCodec(header.codec));
        }
        let value = match header.negative {
            true if !payload.is_empty() => return Err(Unreadable::Corrupt),
            true => None,
            false => Some(self.decode(&header, payload)?),
        };
        Ok(Opened { value, label: header.label, stale: header.stale })
    }

    fn decode(&self, header: &Header, payload: &[u8]) -> Result<V, Unreadable> {
        let raw_len = match header.compression {
            compression::NONE => payload.len(),
            _ => header.raw_len as usize,
        };
        if raw_len > self.limit {
            return Err(Unreadable::TooLarge(raw_len));
        }
        let raw = match header.compression {
            compression::NONE => Cow::Borrowed(payload),
            id => Cow::Owned(compression::decompress(id, payload, raw_len)?),
        };
        self.codec.decode(&raw).map_err(|_| Unreadable::Undecodable)
    }

    fn check_schema(&self, stored: Schema) -> Result<(), Unreadable> {
        match stored.number().cmp(&self.schema.number()) {
            std::cmp::Ordering::Greater => Err(Unreadable::NewerSchema(stored.number())),
            std::cmp::Ordering::Less => Err(Unreadable::OlderSchema(stored.number())),
            std::cmp::Ordering::Equal if stored.has_shape_of(self.schema) => Ok(()),
            std::cmp::Ordering::Equal => Err(Unreadable::OtherShape(stored.fingerprint())),
        }
    }

    /// Whether what was just encoded may be stored.
    fn check(&self, payload: &[u8]) -> Result<()> {
        if payload.len() > self.limit {
            return Err(Error::new(ErrorKind::TooLarge, "the value is over the size limit")
                .with("bytes", payload.len())
                .with("limit", self.limit));
        }
        if self.is_sample() || cfg!(debug_assertions) { self.read_back(payload) } else { Ok(()) }
    }

    /// Whether this value is one to read back: the first, the second, the fourth and so on, and every 1,024th.
    fn is_sample(&self) -> bool {
        let number = self.sealed.fetch_add(1, Ordering::Relaxed).wrapping_add(1);
        number.is_power_of_two() || number.is_multiple_of(1_024)
    }

    /// Whether a payload is read, and as a value that is written in as many bytes. The bytes themselves may differ: a
    /// set has no order.
    fn read_back(&self, payload: &[u8]) -> Result<()> {
        let refused =
            |error: Error| error.with("format", self.codec.id()).with("type", std::any::type_name::<V>());
        let value = self.codec.decode(payload).map_err(|error| {
            refused(Error::new(ErrorKind::Codec, "the value can be written but not read back").because(error))
        })?;
        let mut again = Vec::with_capacity(payload.len());
        self.codec.encode(&value, &mut again)?;
        if again.len() == payload.len() {
            Ok(())
        } else {
            Err(refused(Error::new(ErrorKind::Codec, "the value is read back as another")))
        }
    }
}

impl<V: 'static> fmt::Debug for Envelope<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Envelope")
            .field("codec", &self.codec)
            .field("schema", &self.schema)
            .field("compression", &self.compression)
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}
