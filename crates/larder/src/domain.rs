//! Domain events: what happened, told once, and what that means to the caches.

mod text;

use larder_core::{AppName, CacheKey, CacheName, Key, Namespace, Result, Tag};

use crate::intent::Intent;

/// Something that happens in the domain, and what it touches.
///
/// It is mapped to keys and tags once, here, and then [announced](crate::Larder::announce) wherever it happens. The mapping can
/// live in a crate that several services share: the one that announces need not have the caches, nor know their types.
///
/// # Examples
///
/// ```
/// use larder::{DomainEvent, Larder, Touched};
///
/// struct UserRenamed {
///     id: u64,
///     tenant: u32,
/// }
///
/// impl DomainEvent for UserRenamed {
///     fn touches(&self, touched: &mut Touched) {
///         touched.key("user", &self.id).key("profile", &self.id).tag("members", &self.tenant);
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> larder::Result<()> {
/// # let larder = Larder::builder("test.shop").embedded().build().await?;
/// let _receipt = larder.announce(&UserRenamed { id: 7, tenant: 3 }).await?;
/// # Ok(())
/// # }
/// ```
pub trait DomainEvent {
    /// Names all that can no longer be served.
    fn touches(&self, touched: &mut Touched);
}

/// Collects what an event touches. Names that cannot be such are reported by the announcement.
///
/// It is an event itself, which touches the same. So it can be [written down](Self::to_text) where the event happens, and
/// [announced](crate::Larder::announce) later, or by somebody else.
#[derive(Clone, Debug)]
pub struct Touched {
    app: AppName,
    intents: Result<Vec<Intent>>,
}

impl Touched {
    /// What the event touches among the caches of the app.
    pub fn by(app: &AppName, event: &impl DomainEvent) -> Self {
        let mut touched = Self { app: app.clone(), intents: Ok(Vec::new()) };
        event.touches(&mut touched);
        touched
    }

    /// One key of a cache.
    pub fn key<Q: CacheKey + ?Sized>(&mut self, cache: &str, key: &Q) -> &mut Self {
        let intent = self.find(cache, key).map(Intent::Invalidate);
        self.touch(intent)
    }

    /// One key of a cache, which is only marked as stale.
    pub fn expire<Q: CacheKey + ?Sized>(&mut self, cache: &str, key: &Q) -> &mut Self {
        let intent = self.find(cache, key).map(Intent::Expire);
        self.touch(intent)
    }

    /// Whatever carries the tag of that kind and key.
    pub fn tag<Q: CacheKey + ?Sized>(&mut self, kind: &str, key: &Q) -> &mut Self {
        self.touch(Tag::of(kind, key).map(|tag| Intent::Tag(tag.hash())))
    }

    /// Whatever carries that very tag.
    pub fn whole_tag(&mut self, tag: &Tag) -> &mut Self {
        self.touch(Ok(Intent::Tag(tag.hash())))
    }

    /// A whole cache.
    pub fn cache(&mut self, cache: &str) -> &mut Self {
        self.touch(CacheName::new(cache).map(Intent::Cache))
    }

    /// Whether it is nothing at all.
    pub fn is_empty(&self) -> bool {
        self.intents.as_ref().is_ok_and(Vec::is_empty)
    }

    pub(crate) fn into_intents(self) -> Result<Vec<Intent>> {
        self.intents
    }

    fn find<Q: CacheKey + ?Sized>(&self, cache: &str, key: &Q) -> Result<Key> {
        Key::new(&Namespace::new(self.app.clone(), CacheName::new(cache)?), key)
    }

    /// Keeps the first error: it is the one to mend first.
    fn touch(&mut self, intent: Result<Intent>) -> &mut Self {
        match (&mut self.intents, intent) {
            (Ok(intents), Ok(intent)) => intents.push(intent),
            (Ok(_), Err(error)) => self.intents = Err(error),
            (Err(_), _) => {}
        }
        self
    }
}
