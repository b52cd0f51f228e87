//! From one form of stored values to another, in three deploys, without a miss.
//!
//! ```text
//!   deploy                 reads        writes   beside it run
//!   before                 old          old
//!   1  still_writes(old)   old and new  old      builds that read the old form only
//!   2  reads(old)          old and new  new      builds that read both
//!   3                      new          new      the same; and what is stored in the old form has ended by then
//! ```
//!
//! In any other order some builds miss what others write. They never read it wrongly, and never overwrite it in turns: an
//! older build leaves alone what may be newer.

use std::sync::Arc;

use larder_core::{Codec, Error, ErrorKind, Result};

use crate::bare::Bare;
use crate::envelope::Envelope;
use crate::form::Form;
use crate::old::Old;
use crate::reader::{Reader, Writer};

impl<V: 'static> Envelope<V> {
    /// Reads an older form, too: the second deploy of three.
    #[must_use]
    pub fn reads<S: 'static, T: 'static>(mut self, old: Old<S, T>) -> Self
    where
        V: From<T>,
    {
        self.readers.push(old.reader());
        self
    }

    /// Reads the same type in another format, too.
    #[must_use]
    pub fn reads_in(mut self, codec: impl Codec<V>) -> Self {
        let form = self.newest().in_codec(codec.id());
        self.readers.push(Reader::new(form, Arc::new(codec), |value| value));
        self
    }

    /// Reads values without an envelope, too, of another library or language.
    #[must_use]
    pub fn reads_bare<S: 'static, T: 'static>(mut self, bare: Bare<S, T>) -> Self
    where
        V: From<T>,
    {
        self.bare.push(bare.reader());
        self
    }

    /// Reads an older form, too, and still writes it, for builds that read nothing else: the first deploy of three.
    ///
    /// What the old type has no room for is not stored. Of several calls the last says what is written.
    #[must_use]
    pub fn still_writes<S, T: 'static>(mut self, old: Old<S, T>) -> Self
    where
        S: for<'a> From<&'a V> + 'static,
        V: From<T>,
    {
        self.writer = old.writer();
        self.reads(old)
    }

    /// Reads the same type in another format, too, and still writes that, for builds that read nothing else.
    #[must_use]
    pub fn still_writes_in(mut self, codec: impl Codec<V>) -> Self {
        let (form, codec) = (self.newest().in_codec(codec.id()), Arc::new(codec));
        self.writer = Writer::new(form, codec.clone());
        self.readers.push(Reader::new(form, codec, |value| value));
        self
    }

    /// The forms that it reads, the newest first.
    pub fn forms(&self) -> impl Iterator<Item = Form> {
        let bare = self.bare.iter().map(|bare| bare.reader.form);
        self.readers.iter().map(|reader| reader.form).chain(bare)
    }

    /// The form that it writes.
    pub fn written(&self) -> Form {
        self.writer.form
    }

    /// Makes sure that whatever is stored is read as one form only.
    ///
    /// # Errors
    ///
    /// [`Invalid`](ErrorKind::Invalid) if two forms are of one format and one version, and one of them declares no shape by
    /// which to tell them apart; or if one prefix of bare values begins with another.
    pub fn verify(&self) -> Result<()> {
        let forms = pairs(&self.readers).find(|(one, other)| one.form.covers(other.form));
        if let Some((one, other)) = forms {
            return Err(Error::new(ErrorKind::Invalid, "stored values could be read as either of two forms")
                .with("one", one.form)
                .with("other", other.form));
        }
        match pairs(&self.bare).find(|(one, other)| one.contends_with(other)) {
            None => Ok(()),
            Some((one, other)) => {
                Err(Error::new(ErrorKind::Invalid, "bare values could be read as either of two forms")
                    .with("one", one.reader.form)
                    .with("other", other.reader.form))
            }
        }
    }

    fn newest(&self) -> Form {
        self.readers.first().expect("it is made with one").form
    }
}

/// Each two of them.
fn pairs<T>(all: &[T]) -> impl Iterator<Item = (&T, &T)> {
    all.iter().enumerate().flat_map(|(index, one)| all.iter().skip(index + 1).map(move |other| (one, other)))
}
