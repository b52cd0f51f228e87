//! Keys: from a value of any type to a text, and from the text to 128 bits.
//!
//! A key's text is what stands in Redis, in logs and in `explain`. Everything else works on its
//! hash: the local tiers look it up, the bus carries it, partitions and stripes are cut from it. The hash
//! needs no secret, because every hit compares the whole text.

mod decimal;
mod hash;
mod keys;
mod text;

use std::fmt;
use std::hash::{Hash, Hasher};

use crate::error::{Error, ErrorKind, Result};
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

impl Hash for Key {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.hash.hash(hasher);
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({}:{:?})", self.namespace.cache(), self.text())
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

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
