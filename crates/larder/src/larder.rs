//! The process's handle.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use larder_core::{AppName, CacheKey, Error, ErrorKind, Result, SweepPosition, Tag};

use crate::builder::LarderBuilder;
use crate::cache_builder::CacheBuilder;
use crate::domain::{DomainEvent, Touched};
use crate::health::Health;
use crate::intent::Intent;
use crate::layout::{Drift, Layout};
use crate::node::Node;
use crate::owner::{Owner, ProcessLocal};
use crate::receipt::Receipt;
use crate::stats::Stats;
use crate::survey::Survey;
use crate::sweep::Sweep;

/// A process's part of the fleet: its connection to the shared tier and the bus, and what all of its caches share.
///
/// Make one per process, and of it the [caches](Self::cache). Cloning it copies a pointer. When the last clone, the last
/// cache and the last [guarded write](crate::GuardedWrite) are dropped, everything ends at once;
/// [`shut_down`](Self::shut_down) ends it in order.
///
/// # Examples
///
/// ```
/// use larder::{Cache, Larder};
/// use std::time::Duration;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> larder::Result<()> {
/// let larder = Larder::builder("prod.shop").embedded().build().await?;
/// let users: Cache<u64, String> = larder.cache("user").time_to_live(Duration::from_secs(600)).build()?;
/// # larder.shut_down().await;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Larder {
    owner: Arc<Owner>,
}

impl Larder {
    /// Begins to set up `app`, which is named with its environment: `prod.shop`.
    pub fn builder(app: impl Into<String>) -> LarderBuilder {
        LarderBuilder::new(app.into())
    }

    pub(crate) fn new(node: Arc<Node>, local: ProcessLocal) -> Self {
        Self { owner: Arc::new(Owner { node, local }) }
    }

    /// Begins to set up a cache. Each name can be used by one cache of a process at a time: until its last clone is dropped
    /// and its last load has ended.
    pub fn cache<K, V>(&self, name: impl Into<String>) -> CacheBuilder<K, V>
    where
        K: CacheKey<Owned = K> + Send + Sync + 'static,
        V: Send + Sync + 'static,
    {
        CacheBuilder::new(self.owner.clone(), name.into())
    }

    /// Tells all instances that something happened in the domain: they drop the keys, tags and caches that it touches.
    ///
    /// # Errors
    ///
    /// If what the event touches has no proper names, and then nothing is dropped; `Closed` after a shutdown. A shared tier
    /// that does not answer is no error: see [`Receipt::is_deferred`].
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped after its first poll, the announcement takes place all the same.
    pub async fn announce(&self, event: &impl DomainEvent) -> Result<Receipt> {
        let touched = Touched::by(&self.node().app, event);
        self.carry_out(touched.into_intents()?).await
    }

    /// Drops whatever carries the tag, in all caches. Costs the same for any number of entries.
    ///
    /// # Errors
    ///
    /// `Closed` after a shutdown.
    ///
    /// # Cancel safety
    ///
    /// As [`announce`](Self::announce).
    pub async fn invalidate_tag(&self, tag: &Tag) -> Result<Receipt> {
        self.carry_out(vec![Intent::Tag(tag.hash())]).await
    }

    /// Drops whatever carries one of the tags.
    ///
    /// # Errors
    ///
    /// `Closed` after a shutdown.
    ///
    /// # Cancel safety
    ///
    /// As [`announce`](Self::announce).
    pub async fn invalidate_tags<'a>(&self, tags: impl IntoIterator<Item = &'a Tag>) -> Result<Receipt> {
        let intents = tags.into_iter().map(|tag| Intent::Tag(tag.hash())).collect();
        self.carry_out(intents).await
    }

    /// Drops all caches of the app, on every instance.
    ///
    /// # Errors
    ///
    /// `Closed` after a shutdown.
    ///
    /// # Cancel safety
    ///
    /// As [`announce`](Self::announce).
    pub async fn clear_all(&self) -> Result<Receipt> {
        self.carry_out(vec![Intent::Everything]).await
    }

    /// Begins to remove the values of a cache from the shared tier for real, wherever their keys lie.
    ///
    /// # Errors
    ///
    /// `Invalid` if the name cannot be one, or there is no shared tier.
    pub fn sweep(&self, cache: &str) -> Result<Sweep> {
        Sweep::new(self.node(), cache, None)
    }

    /// Goes on with a sweep from where a [step](Sweep::step) has ended, also that of another process.
    ///
    /// # Errors
    ///
    /// As [`sweep`](Self::sweep). Whether anybody has been at that position shows at the next step.
    pub fn resume_sweep(&self, cache: &str, position: impl Into<String>) -> Result<Sweep> {
        Sweep::new(self.node(), cache, Some(SweepPosition::new(position)))
    }

    /// Begins to look at how the values of a cache are stored in the shared tier, and how long they have left. Unlike
    /// [`Cache::survey`](crate::Cache::survey) it needs no cache of that name; then none of the forms is the newest.
    ///
    /// # Errors
    ///
    /// `Invalid` if the name cannot be one, or there is no shared tier.
    pub fn survey(&self, cache: &str) -> Result<Survey> {
        Survey::new(self.node(), cache.parse()?)
    }

    /// Whether this process hears of all invalidations at present. If not, caches do as they are
    /// [told to](crate::CacheBuilder::while_disconnected). Without a bus it never does.
    pub fn is_in_sync(&self) -> bool {
        let coherence = &self.node().coherence;
        coherence.is_in_sync(self.node().clock.now())
    }

    /// Waits until every cache that is to [begin warm](crate::CacheBuilder::warm_start) has got what it can, or its deadline is
    /// over. For who tells the load balancer that this instance is there. Caches that are built later are waited for by who
    /// asks later.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost if the future is dropped.
    pub async fn ready(&self) {
        self.node().readiness.ready().await;
    }

    /// Whether [`ready`](Self::ready) would return at once.
    pub fn is_ready(&self) -> bool {
        self.node().readiness.is_ready()
    }

    /// What this process and each of its caches have done so far.
    pub fn stats(&self) -> Stats {
        Stats::of(self.node())
    }

    /// How the connections, the chains and the bus of this process fare.
    pub fn health(&self) -> Health {
        Health::of(self.node())
    }

    /// Publishes the [`stats`](Self::stats) and the [`health`](Self::health) through the facade `metrics`, for the recorder
    /// that the program has installed by then. The names are on the page of the guide about
    /// [observability](crate::guide::observability).
    ///
    /// # Examples
    ///
    /// In the handler that is asked for them:
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> larder::Result<()> {
    /// # struct Exporter;
    /// # impl Exporter { fn render(&self) -> String { String::new() } }
    /// # let exporter = Exporter;
    /// # let larder = larder::Larder::builder("prod.shop").embedded().build().await?;
    /// larder.publish_metrics();
    /// let text = exporter.render();
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "metrics")]
    pub fn publish_metrics(&self) {
        crate::meter::publish(self.node());
    }

    /// How many invalidations this process has not been able to tell the server yet.
    pub fn deferred(&self) -> usize {
        self.node().recovery.deferred()
    }

    /// The app.
    pub fn app(&self) -> &AppName {
        &self.node().app
    }

    /// How the caches are stored that this process has built so far: to be kept in a file, and compared with later.
    pub fn layout(&self) -> Layout {
        self.node().registry.layout()
    }

    /// In what this process's caches differ from what other builds have stored in the shared tier: whether deploying this
    /// build would cost hits. Build all caches first. Nothing is noted and nothing logged.
    ///
    /// # Errors
    ///
    /// `Invalid` without a shared tier; otherwise if that does not answer or refuses.
    ///
    /// # Cancel safety
    ///
    /// It only reads.
    ///
    /// # Examples
    ///
    /// In CI, before a deploy, at the servers that it is for:
    ///
    /// ```
    /// use larder::{Cache, DeployGuard, Larder};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> larder::Result<()> {
    /// let larder = Larder::builder("prod.shop").embedded().deploy_guard(DeployGuard::Off).build().await?;
    /// let users: Cache<u64, String> = larder.cache("user").build()?;
    /// let drift = larder.drift().await?;
    /// assert!(!drift.costs_hits(), "{drift}");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn drift(&self) -> Result<Drift> {
        let node = self.node();
        let remote =
            node.remote().ok_or_else(|| Error::new(ErrorKind::Invalid, "there is no shared tier"))?;
        node.registry.drift(&**remote, node.patience.write).await
    }

    /// Ends what this process does for the cache: lets the loads and writes under way end, tells the server what it could
    /// not be told before, and what was read of caches that begin warm, and leaves no task behind. From then on nothing is
    /// loaded and nothing in this process's memory is trusted; reads that find a value in the shared tier still return it.
    ///
    /// Takes six seconds at most. Returns whether everything ended in order.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, what has not ended is aborted.
    pub async fn shut_down(&self) -> bool {
        const GRACE: Duration = Duration::from_secs(5);
        let node = self.node();
        node.closing.send_replace(true);
        let ended = node.tasks.shut_down(GRACE / 2).await;
        // After the last write, for that may be one that could not be told.
        let told = tokio::time::timeout(GRACE / 2, node.recover()).await.unwrap_or(false);
        node.coherence.end();
        told && ended
    }

    pub(crate) fn node(&self) -> &Arc<Node> {
        &self.owner.node
    }

    async fn carry_out(&self, intents: Vec<Intent>) -> Result<Receipt> {
        Box::pin(self.node().carry_out(intents)).await
    }
}

impl fmt::Debug for Larder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Larder")
            .field("app", self.app())
            .field("is_in_sync", &self.is_in_sync())
            .field("deferred", &self.deferred())
            .finish_non_exhaustive()
    }
}
