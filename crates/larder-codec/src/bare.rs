//! What another library, or another language, has written.

use std::fmt;
use std::sync::Arc;

use larder_core::Codec;

use crate::form::Form;
use crate::reader::Reader;

/// Values without an envelope: they were stored as an `S`, of which a `T` is made.
///
/// Such bytes say neither whose they are, nor how long they live, nor that they are whole. The less a format takes for a
/// value, the better: [`Json`](crate::Json) notices what is not JSON of this type, while [`Bincode1`](crate::Bincode1) makes a
/// number of any eight bytes. A [prefix](Self::after) helps.
///
/// # Examples
///
/// ```
/// # #[cfg(feature = "json")] {
/// use larder_codec::{Bare, Bincode, Envelope, Json};
/// use larder_core::KeyHash;
///
/// let names: Envelope<String> = Envelope::new(Bincode).reads_bare(Bare::<String>::new(Json).after(b"v1:"));
/// let opened = names.open(KeyHash::from_bytes([7; 16]), br#"v1:"Ada""#).map(|opened| opened.value);
/// assert_eq!(opened, Ok(Some("Ada".to_owned())));
/// # }
/// ```
pub struct Bare<S, T = S> {
    codec: Arc<dyn Codec<S>>,
    prefix: Vec<u8>,
    upgrade: Box<dyn Fn(S) -> T + Send + Sync>,
}

impl<S: 'static> Bare<S> {
    /// Values in the format of `codec`, and nothing else.
    pub fn new(codec: impl Codec<S>) -> Self {
        Self { codec: Arc::new(codec), prefix: Vec::new(), upgrade: Box::new(|value| value) }
    }
}

impl<S: 'static, T: 'static> Bare<S, T> {
    /// Sets the bytes before each value, by which it is told from others.
    ///
    /// Default: none.
    #[must_use]
    pub fn after(self, prefix: impl Into<Vec<u8>>) -> Self {
        Self { prefix: prefix.into(), ..self }
    }

    /// Makes another type of them.
    ///
    /// Its `From` is called on values that anybody may have stored: it must not panic.
    #[must_use]
    pub fn upgraded<U: From<T>>(self) -> Bare<S, U> {
        let Self { codec, prefix, upgrade } = self;
        Bare { codec, prefix, upgrade: Box::new(move |value| upgrade(value).into()) }
    }

    pub(crate) fn reader<V: From<T> + 'static>(self) -> BareReader<V> {
        let (form, upgrade) = (Form::bare(self.codec.id()), self.upgrade);
        BareReader {
            prefix: self.prefix,
            reader: Reader::new(form, self.codec, move |value| upgrade(value).into()),
        }
    }
}

/// Reads values behind a prefix.
pub(crate) struct BareReader<V> {
    prefix: Vec<u8>,
    pub(crate) reader: Reader<V>,
}

impl<V> BareReader<V> {
    /// The value in these bytes, if they begin as they must.
    pub(crate) fn payload<'a>(&self, stored: &'a [u8]) -> Option<&'a [u8]> {
        stored.strip_prefix(&*self.prefix)
    }

    /// Whether there are bytes that both would read.
    pub(crate) fn contends_with(&self, other: &Self) -> bool {
        self.prefix.starts_with(&other.prefix) || other.prefix.starts_with(&self.prefix)
    }
}

impl<S: 'static, T> fmt::Debug for Bare<S, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show(Form::bare(self.codec.id()), &self.prefix, f)
    }
}

impl<V> fmt::Debug for BareReader<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show(self.reader.form, &self.prefix, f)
    }
}

fn show(form: Form, prefix: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(f, "{form}")?;
    if prefix.is_empty() { Ok(()) } else { write!(f, " after {}", prefix.escape_ascii()) }
}
