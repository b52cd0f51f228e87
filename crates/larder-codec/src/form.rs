//! How a stored value is written down.

use std::fmt;

use larder_core::{CodecId, Schema};

use crate::header::{HEADER_BYTES, Header};

/// The form in which a value is stored: its format, and the schema of its type, which only an envelope tells.
///
/// # Examples
///
/// ```
/// use larder_codec::{Bincode, Bincode1, Envelope, Form};
/// use larder_core::{CodecId, Schema};
///
/// let envelope: Envelope<String> = Envelope::new(Bincode).reads_in(Bincode1);
/// let forms = [CodecId::BINCODE, CodecId::BINCODE_1].map(|codec| Form::new(codec, Schema::of::<String>()));
/// assert!(envelope.forms().eq(forms));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Form {
    codec: CodecId,
    schema: Option<Schema>,
}

impl Form {
    /// That of a value in an envelope.
    pub const fn new(codec: CodecId, schema: Schema) -> Self {
        Self { codec, schema: Some(schema) }
    }

    /// That of a value without one.
    pub const fn bare(codec: CodecId) -> Self {
        Self { codec, schema: None }
    }

    /// That of a stored value which begins like this, as far as its header says. `None` if it begins with none that this
    /// build knows. Whether the rest of it is whole is not looked at.
    pub fn of(head: &[u8]) -> Option<Self> {
        let header = head.first_chunk::<HEADER_BYTES>()?;
        Header::form_of(header)
    }

    /// The serialization format.
    pub const fn codec(self) -> CodecId {
        self.codec
    }

    /// The schema; `None` if there is no envelope to tell it.
    pub const fn schema(self) -> Option<Schema> {
        self.schema
    }

    /// Whether there is no envelope around the value.
    pub const fn is_bare(self) -> bool {
        self.schema.is_none()
    }

    /// The same type in another format.
    pub(crate) const fn in_codec(self, codec: CodecId) -> Self {
        Self { codec, ..self }
    }

    /// Whether who reads the one takes values in the other for such, as far as the shape of either is known.
    pub fn covers(self, other: Self) -> bool {
        let is_same = match (self.schema, other.schema) {
            (Some(one), Some(other)) => one.number() == other.number() && one.has_shape_of(other),
            (one, other) => one == other,
        };
        is_same && self.codec == other.codec
    }
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.schema {
            Some(schema) => write!(f, "{} of schema {}", self.codec, schema.number()),
            None => write!(f, "bare {}", self.codec),
        }
    }
}
