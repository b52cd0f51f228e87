//! How the values of a cache are compressed.

use std::fmt;

use larder_codec::CompressionId;

/// What a build compresses with, and what it decompresses: that depends on the features it was built with.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Packing {
    pub(crate) writes: CompressionId,
    pub(crate) reads: Vec<CompressionId>,
}

impl Packing {
    /// That of this build.
    pub(crate) fn new(writes: CompressionId) -> Self {
        Self { writes, reads: CompressionId::READ.to_vec() }
    }

    /// What is short is never compressed; but nobody relies on that.
    pub(crate) fn can_read(&self, other: &Self) -> bool {
        self.reads.contains(&other.writes)
    }

    /// As fields of a line.
    pub(super) fn fields(&self) -> String {
        let reads: Vec<String> = self.reads.iter().map(|id| id.get().to_string()).collect();
        format!("compresses={} decompresses={}", self.writes.get(), reads.join(","))
    }

    /// From two fields that anybody may have written; `None` if they are none.
    pub(super) fn read(writes: &str, reads: &str) -> Option<Self> {
        let id = |text: &str| text.parse().ok().map(CompressionId::new);
        // There are no more than 256.
        let reads = reads.split(',').take(256).map(id).collect::<Option<_>>()?;
        Some(Self { writes: id(writes)?, reads })
    }
}

impl fmt::Display for Packing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.writes {
            CompressionId::NONE => f.write_str("compresses nothing and decompresses")?,
            writes => write!(f, "compresses by {writes} and decompresses")?,
        }
        let reads: Vec<String> =
            self.reads.iter().filter(|id| **id != CompressionId::NONE).map(ToString::to_string).collect();
        write!(f, " {}", if reads.is_empty() { "nothing".to_owned() } else { reads.join(" and ") })
    }
}
