//! From a value and its label to bytes, and back.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use bytes::Bytes;
use larder_core::{
    Cacheable, Codec, CodecId, Error, ErrorKind, KeyHash, Label, Lifetime, Result, Schema, Ttl,
};

use crate::bare::BareReader;
use crate::compression::{self, Compression, CompressionId};
use crate::form::Form;
use crate::header::Header;
use crate::reader::{Reader, Writer};
use crate::unreadable::Unreadable;

/// The most bytes that a value may have in its format, unless told otherwise: 8 MiB.
pub const DEFAULT_LIMIT: usize = 8 << 20;

/// Seals and opens the values of one cache.
///
/// Alone it reads and writes one form of them. While another form is still stored, or still read by older builds, it says
/// that, too: see [`reads`](Self::reads) and [`still_writes`](Self::still_writes).
pub struct Envelope<V> {
    pub(crate) writer: Writer<V>,
    /// The newest first.
    pub(crate) readers: Vec<Reader<V>>,
    pub(crate) bare: Vec<BareReader<V>>,
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
    /// The form in which it was stored. Of a [bare](Form::is_bare) one nothing is known but the value: its label allows
    /// it the shortest life.
    pub form: Form,
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
        let (form, codec) = (Form::new(codec.id(), schema), Arc::new(codec));
        Self {
            writer: Writer::new(form, codec.clone()),
            readers: vec![Reader::new(form, codec, |value| value)],
            bare: Vec::new(),
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

    /// How it marks what it compresses.
    pub fn compresses(&self) -> CompressionId {
        self.compression.id()
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
        let form = self.writer.form;
        let mut header = Header::new(key, label, form.codec(), form.schema().unwrap_or_default());
        header.negative = value.is_none();
        let start = header.bytes();
        let mut stored = vec![0; start];
        if let Some(value) = value {
            self.writer.encode(value, &mut stored)?;
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
        match Header::read(stored) {
            Ok((header, payload)) => self.open_sealed(key, header, payload),
            Err(Unreadable::Foreign) => self.open_bare(stored),
            Err(unreadable) => Err(unreadable),
        }
    }

    fn open_sealed(&self, key: KeyHash, header: Header, payload: &[u8]) -> Result<Opened<V>, Unreadable> {
        if header.key != key.fingerprint() {
            return Err(Unreadable::OtherKey);
        }
        let stored = Form::new(header.codec, header.schema);
        let Some(reader) = self.readers.iter().find(|reader| reader.form.covers(stored)) else {
            return Err(self.mismatch(header.codec, header.schema));
        };
        let value = match header.negative {
            true if !payload.is_empty() => return Err(Unreadable::Corrupt),
            true => None,
            false => Some(self.decode(reader, &header, payload)?),
        };
        Ok(Opened { value, label: header.label, stale: header.stale, form: reader.form })
    }

    fn open_bare(&self, stored: &[u8]) -> Result<Opened<V>, Unreadable> {
        let found = self.bare.iter().find_map(|bare| Some((&bare.reader, bare.payload(stored)?)));
        let (reader, payload) = found.ok_or(Unreadable::Foreign)?;
        self.check_size(payload.len())?;
        let value = reader.decode(payload).map_err(|_| Unreadable::Undecodable)?;
        let label = Label::new(Lifetime::new(Ttl::MIN));
        Ok(Opened { value: Some(value), label, stale: false, form: reader.form })
    }

    fn decode(&self, reader: &Reader<V>, header: &Header, payload: &[u8]) -> Result<V, Unreadable> {
        let raw_len = match header.compression {
            CompressionId::NONE => payload.len(),
            _ => header.raw_len as usize,
        };
        self.check_size(raw_len)?;
        let raw = match header.compression {
            CompressionId::NONE => Cow::Borrowed(payload),
            id => Cow::Owned(compression::decompress(id, payload, raw_len)?),
        };
        reader.decode(&raw).map_err(|_| Unreadable::Undecodable)
    }

    fn check_size(&self, bytes: usize) -> Result<(), Unreadable> {
        if bytes > self.limit { Err(Unreadable::TooLarge(bytes)) } else { Ok(()) }
    }

    /// Why nobody here reads it. What is newer than all that is known is a newer build's; what is not known and lies
    /// below the newest, an older one's.
    fn mismatch(&self, codec: CodecId, schema: Schema) -> Unreadable {
        let known = || self.readers.iter().filter_map(|reader| reader.form.schema());
        let mut of_version = known().filter(|known| known.number() == schema.number()).peekable();
        if of_version.peek().is_some() {
            let is_of_shape = of_version.any(|known| known.has_shape_of(schema));
            let other_shape = Unreadable::OtherShape(schema.fingerprint());
            return if is_of_shape { Unreadable::OtherCodec(codec) } else { other_shape };
        }
        if known().any(|known| known.number() > schema.number()) {
            Unreadable::OlderSchema(schema.number())
        } else {
            Unreadable::NewerSchema(schema.number())
        }
    }

    /// Whether what was just encoded may be stored.
    fn check(&self, payload: &[u8]) -> Result<()> {
        if payload.len() > self.limit {
            return Err(Error::new(ErrorKind::TooLarge, "the value is over the size limit")
                .with("bytes", payload.len())
                .with("limit", self.limit));
        }
        if self.is_sample() || cfg!(debug_assertions) { self.writer.read_back(payload) } else { Ok(()) }
    }

    /// Whether this value is one to read back: the first, the second, the fourth and so on, and every 1,024th.
    fn is_sample(&self) -> bool {
        let number = self.sealed.fetch_add(1, Ordering::Relaxed).wrapping_add(1);
        number.is_power_of_two() || number.is_multiple_of(1_024)
    }
}

impl<V: 'static> fmt::Debug for Envelope<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Envelope")
            .field("writes", &self.writer)
            .field("reads", &self.readers)
            .field("reads_bare", &self.bare)
            .field("compression", &self.compression)
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}
