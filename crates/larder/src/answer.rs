//! What a loader answers.

use std::time::Duration;

use larder_core::{Lifetime, Result, Tag, TagHash, Ttl, Version};

/// A loader's answer: the value, or that there is none, and what the cache should do with it.
///
/// A loader that has nothing to say about that returns the value itself, or an `Option` of it.
///
/// # Examples
///
/// ```
/// # use larder::{Cache, Larder};
/// use larder::{Answer, Tag};
/// use std::time::Duration;
///
/// # struct User { tenant: u64 }
/// # async fn find(_: u64) -> Result<Option<User>, larder::Error> { Ok(Some(User { tenant: 3 })) }
/// async fn load_user(id: u64) -> Result<Answer<User>, larder::Error> {
///     Ok(match find(id).await? {
///         Some(user) => {
///             let tenant = Tag::of("tenant", &user.tenant)?; // the value itself tells its tags
///             Answer::value(user).tag(&tenant).time_to_live(Duration::from_secs(3_600))
///         }
///         None => Answer::missing().time_to_live(Duration::from_secs(5)),
///     })
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Answer<V> {
    pub(crate) content: Content<V>,
    pub(crate) wishes: Wishes,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Content<V> {
    Value(V),
    Missing,
    NotModified,
}

/// What a loader wants otherwise than the cache does by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Wishes {
    pub(crate) time_to_live: Option<Duration>,
    pub(crate) fresh_for: Option<Duration>,
    pub(crate) tags: Vec<TagHash>,
    pub(crate) version: Version,
    pub(crate) kept: Kept,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Kept {
    #[default]
    Everywhere,
    Nowhere,
}

impl<V> Answer<V> {
    /// The origin has this value.
    pub fn value(value: V) -> Self {
        Self::new(Content::Value(value))
    }

    /// The origin has no such value. That is kept too, for the cache's
    /// [negative time to live](crate::CacheBuilder::negative_time_to_live).
    pub fn missing() -> Self {
        Self::new(Content::Missing)
    }

    /// The value that the loader was [shown](crate::Load::previous) is still the one, with its tags and its version. An error
    /// if it was shown none.
    pub fn not_modified() -> Self {
        Self::new(Content::NotModified)
    }

    /// Sets how long the value may be kept. Less than a millisecond is the same as [not at all](Self::do_not_cache); more
    /// than 49 days fails the load.
    ///
    /// Default: the cache's.
    pub fn time_to_live(mut self, time_to_live: Duration) -> Self {
        self.wishes.time_to_live = Some(time_to_live);
        self
    }

    /// Sets how long the value is fresh.
    ///
    /// Default: the cache's.
    pub fn fresh_for(mut self, fresh_for: Duration) -> Self {
        self.wishes.fresh_for = Some(fresh_for);
        self
    }

    /// Adds a tag to invalidate the value by, 64 at most.
    pub fn tag(mut self, tag: &Tag) -> Self {
        self.wishes.tags.push(tag.hash());
        self
    }

    /// Adds several tags.
    pub fn tags<'a>(mut self, tags: impl IntoIterator<Item = &'a Tag>) -> Self {
        self.wishes.tags.extend(tags.into_iter().map(Tag::hash));
        self
    }

    /// Sets the version that the origin gives the value. As long as it is there, an older one does not take its place.
    ///
    /// Default: none.
    pub fn version(mut self, version: Version) -> Self {
        self.wishes.version = version;
        self
    }

    /// Returns the value to its readers and keeps it nowhere.
    pub fn do_not_cache(mut self) -> Self {
        self.wishes.kept = Kept::Nowhere;
        self
    }

    fn new(content: Content<V>) -> Self {
        Self { content, wishes: Wishes::default() }
    }
}

impl Wishes {
    /// The lifetime that is wished, where `usual` leaves it open.
    pub(crate) fn lifetime(&self, usual: Lifetime) -> Result<Lifetime> {
        let time_to_live =
            self.time_to_live.map_or(Ok(usual.time_to_live()), |wish| Ttl::new(wish.max(SHORTEST)))?;
        let fresh_for = match self.fresh_for {
            Some(wish) => Ttl::new(wish.clamp(SHORTEST, time_to_live.as_duration()))?,
            // Who says nothing of freshness wants it as the cache has it: for the whole life, or for so long.
            None if usual.fresh() == usual.time_to_live() => time_to_live,
            None => usual.fresh(),
        };
        Ok(Lifetime::new(time_to_live).fresh_for(fresh_for))
    }

    /// Takes over what was known of a value that has not changed, besides what the loader says anew.
    pub(crate) fn inherit(&mut self, tags: &[TagHash], version: Version) {
        self.tags.extend_from_slice(tags);
        self.version = self.version.max(version);
    }

    pub(crate) fn kept(&self) -> Kept {
        match self.time_to_live {
            Some(wish) if wish < SHORTEST => Kept::Nowhere,
            _ => self.kept,
        }
    }
}

/// The shortest that anything is kept.
const SHORTEST: Duration = Duration::from_millis(1);

impl<V> From<V> for Answer<V> {
    fn from(value: V) -> Self {
        Self::value(value)
    }
}

impl<V> From<Option<V>> for Answer<V> {
    fn from(value: Option<V>) -> Self {
        value.map_or_else(Self::missing, Self::value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const USUAL: Lifetime = Lifetime::new(Ttl::seconds(100));

    fn secs(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn check(answer: &Answer<()>, usual: Lifetime, fresh: u32, time_to_live: u32) {
        let lifetime = answer.wishes.lifetime(usual).unwrap();
        assert_eq!(lifetime, Lifetime::new(Ttl::seconds(time_to_live)).fresh_for(Ttl::seconds(fresh)));
    }

    #[test]
    fn wishes_change_what_they_name_and_nothing_else() {
        let soft = USUAL.fresh_for(Ttl::seconds(10));
        check(&Answer::value(()), USUAL, 100, 100);
        check(&Answer::value(()), soft, 10, 100);
        check(&Answer::value(()).time_to_live(secs(200)), USUAL, 200, 200);
        check(&Answer::value(()).time_to_live(secs(200)), soft, 10, 200);
        check(&Answer::value(()).time_to_live(secs(5)), soft, 5, 5);
        check(&Answer::value(()).fresh_for(secs(30)), soft, 30, 100);
        check(&Answer::value(()).fresh_for(secs(300)), soft, 100, 100);
    }

    #[test]
    fn no_time_to_live_is_not_kept_and_an_endless_one_is_refused() {
        assert_eq!(Answer::value(()).time_to_live(Duration::ZERO).wishes.kept(), Kept::Nowhere);
        assert_eq!(Answer::value(()).time_to_live(secs(1)).wishes.kept(), Kept::Everywhere);
        assert_eq!(Answer::value(()).do_not_cache().wishes.kept(), Kept::Nowhere);
        assert!(Answer::value(()).time_to_live(Duration::MAX).wishes.lifetime(USUAL).is_err());
    }
}
