//! What builds of before have written.

use std::fmt;
use std::sync::Arc;

use larder_core::{Cacheable, Codec, Schema};

use crate::form::Form;
use crate::reader::{Reader, Writer};

/// An older form of values: they were stored as an `S`, of which a `T` is made.
///
/// # Examples
///
/// A type that has changed twice, each time with a `From` of the one before:
///
/// ```
/// # use larder_codec::{Bincode, Envelope, Old};
/// # use larder_core::Cacheable;
/// # use serde::{Deserialize, Serialize};
/// #[derive(Serialize, Deserialize, Cacheable)]
/// struct UserV1 { name: String }
///
/// #[derive(Serialize, Deserialize, Cacheable)]
/// #[cacheable(version = 1)]
/// struct UserV2 { given: String, family: Option<String> }
///
/// #[derive(Serialize, Deserialize, Cacheable)]
/// #[cacheable(version = 2)]
/// struct User { name: String, is_member: bool }
///
/// # impl From<UserV1> for UserV2 { fn from(user: UserV1) -> Self { Self { given: user.name, family: None } } }
/// # impl From<UserV2> for User { fn from(user: UserV2) -> Self { Self { name: user.given, is_member: false } } }
/// let users = Envelope::<User>::new(Bincode)
///     .reads(Old::<UserV1>::new(Bincode).upgraded::<UserV2>())
///     .reads(Old::<UserV2>::new(Bincode));
/// assert!(users.verify().is_ok());
/// ```
pub struct Old<S, T = S> {
    codec: Arc<dyn Codec<S>>,
    form: Form,
    upgrade: Box<dyn Fn(S) -> T + Send + Sync>,
}

impl<S: Cacheable + 'static> Old<S> {
    /// Values in the format of `codec`, under the schema that their type declares.
    pub fn new(codec: impl Codec<S>) -> Self {
        Self::with_schema(codec, Schema::of::<S>())
    }
}

impl<S: 'static> Old<S> {
    /// Values of a type that declared no schema, under this one.
    pub fn with_schema(codec: impl Codec<S>, schema: Schema) -> Self {
        let form = Form::new(codec.id(), schema);
        Self { codec: Arc::new(codec), form, upgrade: Box::new(|value| value) }
    }
}

impl<S: 'static, T: 'static> Old<S, T> {
    /// Makes the next type of them.
    ///
    /// Its `From` is called on values that anybody may have stored: it must not panic.
    #[must_use]
    pub fn upgraded<U: From<T>>(self) -> Old<S, U> {
        let Self { codec, form, upgrade } = self;
        Old { codec, form, upgrade: Box::new(move |value| upgrade(value).into()) }
    }

    /// What reads them, and makes the newest type of them.
    pub(crate) fn reader<V: From<T> + 'static>(self) -> Reader<V> {
        let upgrade = self.upgrade;
        Reader::new(self.form, self.codec, move |value| upgrade(value).into())
    }

    /// What makes them of the newest type, and writes them.
    pub(crate) fn writer<V: 'static>(&self) -> Writer<V>
    where
        S: for<'a> From<&'a V>,
    {
        Writer::of(self.form, self.codec.clone())
    }
}

impl<S, T> fmt::Debug for Old<S, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Old").field(&self.form).finish()
    }
}
