//! The label: what is known of a value besides the value.

use std::time::Duration;

use crate::policy::Lifetime;
use crate::stamp::Sequence;
use crate::tag::Tags;

/// A value's version as its writer counts them: a row version, a log position, a commit time.
///
/// Zero stands for "unversioned".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(u64);

impl Version {
    /// The value has no version.
    pub const NONE: Self = Self(0);

    /// The version of that number; zero is [`NONE`](Self::NONE).
    pub const fn new(version: u64) -> Self {
        Self(version)
    }

    /// The number; zero for none.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// Whether the value has no version.
    pub const fn is_none(self) -> bool {
        self.0 == 0
    }
}

/// Travels with a value through the tiers.
///
/// # Examples
///
/// ```
/// use larder_core::{Label, Lifetime, Tag, Tags, Ttl, Version};
///
/// let label = Label::new(Lifetime::new(Ttl::seconds(600)))
///     .tags(Tags::new([Tag::new("tenant:42")?.hash()])?)
///     .version(Version::new(7));
/// assert_eq!(label.lifetime.time_to_live(), Ttl::seconds(600));
/// # Ok::<(), larder_core::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Label {
    /// How long the value is fresh, and how long it may be kept.
    pub lifetime: Lifetime,
    /// The order of tag invalidations that the load knew when it began. Decides whether a tag outdates the value.
    pub birth: Sequence,
    /// The groups that the value is invalidated with.
    pub tags: Tags,
    /// The writer's version, for caches that are written through.
    pub version: Version,
    /// When it was made, in milliseconds since the Unix epoch by its maker's clock. For ages told to people and for
    /// early refresh; no decision on correctness looks at it.
    pub made_at: u64,
    /// How long the load took. Tells how early to refresh.
    pub load_cost: Duration,
}

impl Label {
    /// A label that says how long the value lives, and nothing else.
    pub fn new(lifetime: Lifetime) -> Self {
        Self {
            lifetime,
            birth: Sequence::ZERO,
            tags: Tags::none(),
            version: Version::NONE,
            made_at: 0,
            load_cost: Duration::ZERO,
        }
    }

    /// Sets how long the value lives.
    #[must_use]
    pub fn lifetime(self, lifetime: Lifetime) -> Self {
        Self { lifetime, ..self }
    }

    /// Sets the order of tag invalidations that the load knew when it began.
    #[must_use]
    pub fn birth(self, birth: Sequence) -> Self {
        Self { birth, ..self }
    }

    /// Sets the tags.
    #[must_use]
    pub fn tags(self, tags: Tags) -> Self {
        Self { tags, ..self }
    }

    /// Sets the writer's version.
    #[must_use]
    pub fn version(self, version: Version) -> Self {
        Self { version, ..self }
    }

    /// Sets when it was made, in milliseconds since the Unix epoch.
    #[must_use]
    pub fn made_at(self, unix_millis: u64) -> Self {
        Self { made_at: unix_millis, ..self }
    }

    /// Sets how long the load took.
    #[must_use]
    pub fn load_cost(self, load_cost: Duration) -> Self {
        Self { load_cost, ..self }
    }
}
