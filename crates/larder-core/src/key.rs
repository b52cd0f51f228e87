//! Keys: from a value of any type to a text, and from the text to 128 bits.
//!
//! A key's text is what stands in Redis, in logs and in `explain`. Everything else works on its
//! hash: the local tiers look it up, the bus carries it, partitions and stripes are cut from it. The hash
//! needs no secret, because every hit compares the whole text.

mod decimal;
mod hash;
mod text;

use std::borrow::Cow;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::num::{NonZeroI32, NonZeroI64, NonZeroU8, NonZeroU16, NonZeroU32, NonZeroU64, NonZeroU128};
use std::sync::Arc;

use crate::error::{Error, ErrorKind, Result};
use decimal::read_decimal;
pub use hash::{KeyHash, KeyHasher, Namespace, PARTITIONS, Partition};
pub(crate) use text::KeyBytes;
pub use text::KeyText;

/// The longest key text, in bytes.
pub const MAX_KEY_BYTES: usize = 4_096;

/// A type whose values identify something to be cached.
///
/// Strings, characters, booleans, integers, addresses, `Uuid`, options, and tuples of all these are keys; a type
/// of one's own becomes one by `#[derive(CacheKey)]`.
///
/// Borrowed keys look up what owned keys stored: `str` finds `String`, `(&str, u32)` finds
/// `(String, u32)`. They share [`Owned`](Self::Owned), and must write the same text.
///
/// # Implementing it by hand
///
/// [`write_text`](Self::write_text) must be injective: two keys that differ must write texts that
/// differ. Write each part with [`KeyText::part`], which puts the separators between the parts and escapes
/// what is inside them.
///
/// ```
/// use larder_core::{CacheKey, KeyText};
///
/// #[derive(Clone)]
/// struct Seat {
///     row: char,
///     number: u16,
/// }
///
/// impl CacheKey for Seat {
///     type Owned = Self;
///
///     fn write_text(&self, text: &mut KeyText) {
///         text.part(&self.row).part(&self.number);
///     }
///
///     fn to_owned_key(&self) -> Self {
///         self.clone()
///     }
/// }
///
/// assert_eq!(KeyText::of(&Seat { row: 'C', number: 12 }).to_string(), "C:12");
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the key of a cache",
    note = "strings, integers, `Uuid`, options and tuples of these are keys; derive `CacheKey` for a type of your own"
)]
pub trait CacheKey {
    /// The type that a cache of such keys is declared with.
    type Owned: CacheKey<Owned = Self::Owned> + Send + Sync + 'static;

    /// Writes the key's text.
    fn write_text(&self, text: &mut KeyText);

    /// The key for keeps: a loader outlives its caller, and takes its key along.
    fn to_owned_key(&self) -> Self::Owned;

    /// Calls `read` with the text in UTF-8.
    ///
    /// Every hit comes through here. Override it where the text lies in memory already, or can be made
    /// more cheaply than through a [`KeyText`]; it must be the text that [`write_text`](Self::write_text) writes.
    #[inline]
    fn read_text<R>(&self, read: impl FnOnce(&[u8]) -> R) -> R {
        read(KeyText::of(self).as_bytes())
    }
}

/// A key of one cache, encoded and hashed: what the tiers below the typed surface work with.
#[derive(Clone, PartialEq, Eq)]
pub struct Key {
    namespace: Namespace,
    text: KeyBytes,
    hash: KeyHash,
}

impl Key {
    /// Encodes `key` as one of `namespace`.
    ///
    /// An empty text, which is what an unset variable becomes, and one over
    /// [`MAX_KEY_BYTES`] are refused.
    pub fn new<Q: CacheKey + ?Sized>(namespace: &Namespace, key: &Q) -> Result<Self> {
        key.read_text(|text| {
            let refused = |kind, reason| {
                Error::new(kind, reason)
                    .with("app", namespace.app())
                    .with("cache", namespace.cache())
                    .with("bytes", text.len())
            };
            match text.len() {
                0 => Err(refused(ErrorKind::Invalid, "a key cannot be empty")),
                1..=MAX_KEY_BYTES => Ok(Self {
                    namespace: namespace.clone(),
                    text: KeyBytes::new(text),
                    hash: namespace.hash(text),
                }),
                _ => Err(refused(ErrorKind::TooLarge, "a key cannot be longer than 4096 bytes")),
            }
        })
    }

    /// The app and the cache it belongs to.
    pub fn namespace(&self) -> &Namespace {
        &self.namespace
    }

    /// Its text.
    pub fn text(&self) -> &str {
        self.text.as_str()
    }

    /// The hash of its text in its namespace.
    pub fn hash(&self) -> KeyHash {
        self.hash
    }

    pub(crate) fn into_bytes(self) -> KeyBytes {
        self.text
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({}:{:?})", self.namespace.cache(), self.text())
    }
}

impl CacheKey for str {
    type Owned = String;

    fn write_text(&self, text: &mut KeyText) {
        text.push_str(self);
    }

    fn to_owned_key(&self) -> String {
        self.to_owned()
    }

    #[inline]
    fn read_text<R>(&self, read: impl FnOnce(&[u8]) -> R) -> R {
        read(self.as_bytes())
    }
}

/// Texts that are kept, and so are keys as they are.
macro_rules! texts {
    ($($text:ty),*) => {$(
        impl CacheKey for $text {
            type Owned = Self;

            fn write_text(&self, text: &mut KeyText) {
                text.push_str(self);
            }

            fn to_owned_key(&self) -> Self {
                self.clone()
            }

            #[inline]
            fn read_text<R>(&self, read: impl FnOnce(&[u8]) -> R) -> R {
                read(self.as_bytes())
            }
        }
    )*};
}

texts!(String, Arc<str>, Box<str>);

impl CacheKey for Cow<'_, str> {
    type Owned = String;

    fn write_text(&self, text: &mut KeyText) {
        text.push_str(self);
    }

    fn to_owned_key(&self) -> String {
        self.as_ref().to_owned()
    }

    #[inline]
    fn read_text<R>(&self, read: impl FnOnce(&[u8]) -> R) -> R {
        read(self.as_bytes())
    }
}

impl<Q: CacheKey + ?Sized> CacheKey for &Q {
    type Owned = Q::Owned;

    fn write_text(&self, text: &mut KeyText) {
        (**self).write_text(text);
    }

    fn to_owned_key(&self) -> Self::Owned {
        (**self).to_owned_key()
    }

    #[inline]
    fn read_text<R>(&self, read: impl FnOnce(&[u8]) -> R) -> R {
        (**self).read_text(read)
    }
}

/// `None` is `-`; `Some` is `+` and the text of what it holds.
impl<Q: CacheKey> CacheKey for Option<Q> {
    type Owned = Option<Q::Owned>;

    fn write_text(&self, text: &mut KeyText) {
        match self {
            None => text.push_str("-"),
            Some(key) => {
                text.push_str("+");
                key.write_text(text);
            }
        }
    }

    fn to_owned_key(&self) -> Self::Owned {
        self.as_ref().map(CacheKey::to_owned_key)
    }
}

macro_rules! integers {
    ($($int:ty),*) => {$(
        impl CacheKey for $int {
            type Owned = Self;

            fn write_text(&self, text: &mut KeyText) {
                self.read_text(|digits| text.push(digits));
            }

            fn to_owned_key(&self) -> Self {
                *self
            }

            #[inline]
            fn read_text<R>(&self, read: impl FnOnce(&[u8]) -> R) -> R {
                match u64::try_from(*self) {
                    Ok(number) => read_decimal(number, read),
                    // Below zero, or beyond 64 bits.
                    Err(_) => read(KeyText::display(self).as_bytes()),
                }
            }
        }
    )*};
}

integers!(u8, u16, u32, u64, u128, usize, i8, i16, i32, i64, i128, isize);

macro_rules! nonzero {
    ($($int:ty),*) => {$(
        impl CacheKey for $int {
            type Owned = Self;

            fn write_text(&self, text: &mut KeyText) {
                self.get().write_text(text);
            }

            fn to_owned_key(&self) -> Self {
                *self
            }

            #[inline]
            fn read_text<R>(&self, read: impl FnOnce(&[u8]) -> R) -> R {
                self.get().read_text(read)
            }
        }
    )*};
}

nonzero!(NonZeroU8, NonZeroU16, NonZeroU32, NonZeroU64, NonZeroU128, NonZeroI32, NonZeroI64);

macro_rules! displayed {
    ($($type:ty),*) => {$(
        impl CacheKey for $type {
            type Owned = Self;

            fn write_text(&self, text: &mut KeyText) {
                text.push(KeyText::display(self).as_bytes());
            }

            fn to_owned_key(&self) -> Self {
                *self
            }
        }
    )*};
}

displayed!(IpAddr, Ipv4Addr, Ipv6Addr);

impl CacheKey for bool {
    type Owned = Self;

    fn write_text(&self, text: &mut KeyText) {
        text.push_str(if *self { "true" } else { "false" });
    }

    fn to_owned_key(&self) -> Self {
        *self
    }
}

impl CacheKey for char {
    type Owned = Self;

    fn write_text(&self, text: &mut KeyText) {
        text.push_str(self.encode_utf8(&mut [0; 4]));
    }

    fn to_owned_key(&self) -> Self {
        *self
    }
}

/// In the hyphenated form, lower case.
#[cfg(feature = "uuid")]
impl CacheKey for uuid::Uuid {
    type Owned = Self;

    fn write_text(&self, text: &mut KeyText) {
        text.push_str(self.hyphenated().encode_lower(&mut [0; 36]));
    }

    fn to_owned_key(&self) -> Self {
        *self
    }

    #[inline]
    fn read_text<R>(&self, read: impl FnOnce(&[u8]) -> R) -> R {
        read(self.hyphenated().encode_lower(&mut [0; 36]).as_bytes())
    }
}

macro_rules! tuples {
    ($(($($part:ident . $index:tt),+))*) => {$(
        impl<$($part: CacheKey),+> CacheKey for ($($part,)+) {
            type Owned = ($($part::Owned,)+);

            #[inline]
            fn write_text(&self, text: &mut KeyText) {
                $(text.part(&self.$index);)+
            }

            fn to_owned_key(&self) -> Self::Owned {
                ($(self.$index.to_owned_key(),)+)
            }
        }
    )*};
}

tuples! {
    (A.0)
    (A.0, B.1)
    (A.0, B.1, C.2)
    (A.0, B.1, C.2, D.3)
    (A.0, B.1, C.2, D.3, E.4)
    (A.0, B.1, C.2, D.3, E.4, F.5)
    (A.0, B.1, C.2, D.3, E.4, F.5, G.6)
    (A.0, B.1, C.2, D.3, E.4, F.5, G.6, H.7)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::{AppName, CacheName};

    fn text(key: &(impl CacheKey + ?Sized)) -> String {
        KeyText::of(key).to_string()
    }

    #[test]
    fn parts_are_told_apart_whatever_they_contain() {
        assert_eq!(text(&("a:b", "c")), r"a\:b:c");
        assert_eq!(text(&("a", "b:c")), r"a:b\:c");
        assert_eq!(text(&(("a", "b"), "c")), r"a\:b:c");
        assert_eq!(text(&(("a:b",), "c")), r"a\\\:b:c");
        assert_eq!(text(&(r"a\", "b")), r"a\\:b");
        assert_eq!(text(&("", "")), ":");
        assert_eq!(text(&("é", -7, true)), "é:-7:true");
    }

    #[test]
    fn options_and_numbers_write_what_tells_them_apart() {
        assert_eq!(
            (text(&None::<u8>), text(&Some("")), text(&Some("-"))),
            ("-".into(), "+".into(), "+-".into())
        );
        assert_eq!(text(&u128::MAX), u128::MAX.to_string());
        assert_eq!(text(&i64::MIN), i64::MIN.to_string());
        assert_eq!(text(&'ß'), "ß");
    }

    #[test]
    fn borrowed_and_owned_keys_write_the_same() {
        assert_eq!(text("ada"), text(&String::from("ada")));
        assert_eq!(text(&("ada", 1_u8)), text(&("ada", 1_u8).to_owned_key()));
        assert_eq!(text(&Cow::Borrowed("ada")), text(&&"ada"));
        let owned: (String, Option<String>) = ("ada", Some("lovelace")).to_owned_key();
        assert_eq!(owned, ("ada".into(), Some("lovelace".into())));
    }

    #[test]
    fn long_keys_made_of_parts_spill_and_stay_whole() {
        let long = "x:".repeat(100);
        assert_eq!(text(&(&*long, "y")), format!("{}:y", r"x\:".repeat(100)));
        assert_eq!(text(&(1_u64, &*long)), format!("1:{}", r"x\:".repeat(100)));
    }

    #[test]
    fn empty_and_endless_keys_are_refused_with_their_size() {
        let users = Namespace::new(AppName::new("test.shop").unwrap(), CacheName::new("user").unwrap());
        let error = Key::new(&users, "").unwrap_err();
        assert_eq!(error.to_string(), "a key cannot be empty (app: test.shop, cache: user, bytes: 0)");
        assert_eq!(Key::new(&users, &*"x".repeat(4_097)).unwrap_err().kind(), ErrorKind::TooLarge);
        assert_eq!(Key::new(&users, &*"x".repeat(4_096)).unwrap().text().len(), 4_096);
    }
}
