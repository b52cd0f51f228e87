//! Tags: names for groups of entries that are invalidated together.

use std::fmt;
use std::sync::Arc;

use xxhash_rust::xxh3::xxh3_64;

use crate::error::{Error, ErrorKind, Result};
use crate::key::{CacheKey, KeyText};

/// The longest tag, in bytes.
pub const MAX_TAG_BYTES: usize = 256;

/// The most tags that one entry can carry.
pub const MAX_TAGS: usize = 64;

/// The name of a group of entries, over all caches of an app.
///
/// # Examples
///
/// ```
/// use larder_core::Tag;
///
/// let tenant = Tag::new("tenant:42")?;
/// assert_eq!(tenant, Tag::of("tenant", &42)?);
/// # Ok::<(), larder_core::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag(Arc<str>);

impl Tag {
    /// Checks and takes a tag: not empty, at most [`MAX_TAG_BYTES`], otherwise anything.
    pub fn new(tag: impl AsRef<str>) -> Result<Self> {
        let tag = tag.as_ref();
        match tag.len() {
            0 => Err(Error::new(ErrorKind::Invalid, "a tag cannot be empty")),
            1..=MAX_TAG_BYTES => Ok(Self(tag.into())),
            bytes => {
                Err(Error::new(ErrorKind::TooLarge, "a tag cannot be longer than 256 bytes")
                    .with("bytes", bytes))
            }
        }
    }

    /// The tag of everything that belongs to one thing: its kind and its key.
    pub fn of<Q: CacheKey + ?Sized>(kind: &str, key: &Q) -> Result<Self> {
        // Escaping the kind is enough: it ends at the first separator that is not escaped.
        let mut text = KeyText::of("");
        text.part(kind);
        Self::new(format!("{text}:{}", KeyText::of(key)))
    }

    /// The tag as it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What entries carry and the bus announces.
    pub fn hash(&self) -> TagHash {
        TagHash(xxh3_64(self.0.as_bytes()))
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tag({:?})", &*self.0)
    }
}

/// The `xxh3_64` of a tag. Two tags that share one are invalidated together, which is an extra
/// miss and nothing worse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TagHash(u64);

impl TagHash {
    /// A tag's hash as it was stored.
    pub const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    /// The hash as it is stored.
    pub const fn to_bits(self) -> u64 {
        self.0
    }
}

/// The tags of one entry, sorted and without doubles.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Tags(Box<[TagHash]>);

impl Tags {
    /// No tags at all. Does not allocate.
    pub fn none() -> Self {
        Self::default()
    }

    /// Collects the hashes of `tags`, [`MAX_TAGS`] at most.
    pub fn new(tags: impl IntoIterator<Item = TagHash>) -> Result<Self> {
        let mut hashes: Vec<TagHash> = Vec::new();
        for tag in tags {
            match hashes.binary_search(&tag) {
                Ok(_) => {}
                Err(_) if hashes.len() == MAX_TAGS => {
                    return Err(Error::new(ErrorKind::TooLarge, "an entry cannot carry more than 64 tags"));
                }
                Err(at) => hashes.insert(at, tag),
            }
        }
        Ok(Self(hashes.into()))
    }

    /// The hashes, ascending.
    pub fn as_slice(&self) -> &[TagHash] {
        &self.0
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_of_an_entry_are_a_set() {
        let (a, b) = (TagHash(1), TagHash(2));
        let tags = Tags::new([b, a, b]).unwrap();
        assert_eq!(tags.as_slice(), [a, b]);
        assert_eq!(tags, Tags::new([a, b]).unwrap());
        assert!(Tags::none().is_empty());
    }

    #[test]
    fn a_flood_of_tags_is_refused_before_it_is_collected() {
        assert!(Tags::new((0..64).map(TagHash)).is_ok());
        assert_eq!(Tags::new([TagHash(7); 1_000]).unwrap().as_slice().len(), 1);
        let error = Tags::new((0..).map(TagHash)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TooLarge);
    }

    #[test]
    fn bad_tags_are_refused() {
        assert_eq!(Tag::new("").unwrap_err().kind(), ErrorKind::Invalid);
        assert_eq!(Tag::new("x".repeat(257)).unwrap_err().kind(), ErrorKind::TooLarge);
        assert_eq!(Tag::of("seat", &('C', 12)).unwrap().as_str(), "seat:C:12");
        assert_ne!(Tag::of("a:b", "c").unwrap(), Tag::of("a", &("b", "c")).unwrap());
    }
}
