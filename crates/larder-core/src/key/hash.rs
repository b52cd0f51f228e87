//! The 128 bits that stand for a key, and what is cut from them.

use std::fmt;
use std::hash::{BuildHasher, Hash, Hasher};
use std::sync::Arc;

use xxhash_rust::xxh3::{xxh3_64, xxh3_128_with_seed};

use crate::name::{AppName, CacheName};

/// How many partitions the keys of an app fall into. The same on every topology, for ever: the
/// sequences that detect lost messages are counted per partition.
pub const PARTITIONS: usize = 64;

/// The hash of a key's text in its namespace.
///
/// `xxh3_128` of the text, seeded with the namespace. Test vectors are kept in
/// `tests/golden/key-hash.txt`, so that a service in another language can compute it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeyHash {
    // Two words and not one of 128 bits, which would be aligned to 16 bytes, and pad every map that holds it.
    high: u64,
    low: u64,
}

impl KeyHash {
    /// A hash from its sixteen bytes, little-endian, as the bus carries it.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self::from_u128(u128::from_le_bytes(bytes))
    }

    /// The sixteen bytes, little-endian.
    pub const fn to_bytes(self) -> [u8; 16] {
        ((self.high as u128) << 64 | self.low as u128).to_le_bytes()
    }

    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "it is cut in halves")]
    const fn from_u128(hash: u128) -> Self {
        Self { high: (hash >> 64) as u64, low: hash as u64 }
    }

    /// The partition: the highest six bits.
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "six bits are left")]
    pub const fn partition(self) -> Partition {
        Partition((self.high >> (64 - PARTITIONS.trailing_zeros())) as u8)
    }

    /// The lower half, which an L2 entry carries, so that an answer to another question is known.
    #[inline]
    pub const fn fingerprint(self) -> u64 {
        self.low
    }

    /// Sixteen bits that neither partitions nor local maps use, for the stripes of the fence.
    #[inline]
    pub(crate) const fn stripe(self) -> usize {
        ((self.high >> 32) & 0xFFFF) as usize
    }
}

/// The lower half is as good a hash as any.
impl Hash for KeyHash {
    #[inline]
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        hasher.write_u64(self.low);
    }
}

impl fmt::Display for KeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}{:016x}", self.high, self.low)
    }
}

impl fmt::Debug for KeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyHash({self})")
    }
}

/// Builds the hasher for maps keyed by [`KeyHash`], which need none: it takes what it is given.
#[derive(Clone, Copy, Debug, Default)]
pub struct KeyHasher(u64);

impl BuildHasher for KeyHasher {
    type Hasher = Self;

    #[inline]
    fn build_hasher(&self) -> Self {
        Self(0)
    }
}

impl Hasher for KeyHasher {
    #[inline]
    fn finish(&self) -> u64 {
        self.0
    }

    #[inline]
    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = xxh3_64(bytes);
    }
}

/// One of the [`PARTITIONS`] that keys fall into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Partition(u8);

impl Partition {
    /// The partition of that number, if there is one.
    pub const fn new(number: u8) -> Option<Self> {
        if (number as usize) < PARTITIONS { Some(Self(number)) } else { None }
    }

    /// All of them, in order.
    pub fn all() -> impl ExactSizeIterator<Item = Self> {
        #[expect(clippy::cast_possible_truncation, reason = "there are 64")]
        (0..PARTITIONS as u8).map(Self)
    }

    /// Its number, below [`PARTITIONS`].
    #[inline]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// An app's cache, as the seed of its keys' hashes. Cheap to clone.
///
/// # Examples
///
/// ```
/// use larder_core::{AppName, CacheName, Key, Namespace};
///
/// let users = Namespace::new(AppName::new("prod.shop")?, CacheName::new("user")?);
/// let admins = Namespace::new(AppName::new("prod.shop")?, CacheName::new("admin")?);
/// assert_ne!(Key::new(&users, &7)?.hash(), Key::new(&admins, &7)?.hash());
/// # Ok::<(), larder_core::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Namespace(Arc<Names>);

#[derive(Debug, PartialEq, Eq, Hash)]
struct Names {
    seed: u64,
    app: AppName,
    cache: CacheName,
}

impl Namespace {
    /// The namespace of `cache` in `app`.
    pub fn new(app: AppName, cache: CacheName) -> Self {
        let seed = seed(app.as_str(), cache.as_str());
        Self(Arc::new(Names { seed, app, cache }))
    }

    /// The app.
    pub fn app(&self) -> &AppName {
        &self.0.app
    }

    /// The cache.
    pub fn cache(&self) -> &CacheName {
        &self.0.cache
    }

    /// The hash of a key's text.
    #[inline]
    pub fn hash(&self, text: &[u8]) -> KeyHash {
        KeyHash::from_u128(xxh3_128_with_seed(text, self.0.seed))
    }
}

/// Hashes both names, each after its length in four bytes, little-endian: `a` + `bc` is not `ab` + `c`.
fn seed(app: &str, cache: &str) -> u64 {
    let mut bytes = Vec::with_capacity(8 + app.len() + cache.len());
    for name in [app, cache] {
        let len = u32::try_from(name.len()).expect("names are at most 64 bytes");
        bytes.extend_from_slice(&len.to_le_bytes());
        bytes.extend_from_slice(name.as_bytes());
    }
    xxh3_64(&bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partitions_and_stripes_are_spread_evenly_and_independently() {
        let namespace = Namespace::new(AppName::new("test.shop").unwrap(), CacheName::new("user").unwrap());
        let mut cells = vec![0_u32; PARTITIONS * 16];
        for key in 0..64 * cells.len() {
            let hash = namespace.hash(key.to_string().as_bytes());
            cells[hash.partition().index() * 16 + hash.stripe() % 16] += 1;
        }
        // 64 a cell on average, 8 the standard deviation: five of them are beyond chance.
        assert!(cells.iter().all(|&count| (24..=104).contains(&count)));
    }

    #[test]
    fn a_hash_survives_its_bytes() {
        let hash = KeyHash::from_u128(0x0102_0304_0506_0708_090a_0b0c_0d0e_0f10);
        assert_eq!(KeyHash::from_bytes(hash.to_bytes()), hash);
        assert_eq!(hash.to_bytes()[0], 0x10);
        assert_eq!(hash.fingerprint(), 0x090a_0b0c_0d0e_0f10);
        assert_eq!(hash.partition().index(), 0);
        assert_eq!(KeyHash::from_u128(u128::MAX).partition(), Partition::new(63).unwrap());
        assert_eq!(Partition::new(64), None);
        assert_eq!(Partition::all().len(), PARTITIONS);
    }
}
