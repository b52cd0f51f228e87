//! Warm starts, as a builder sets them up.

use std::sync::Arc;
use std::time::Duration;

use larder_core::{CacheKey, Error, ErrorKind, Result};
use tokio::runtime::Handle;

use super::CacheBuilder;
use crate::loader::{BoxLoad, Loader};
use crate::store::Store;
use crate::warm::{Loads, Saving, Sketch, WarmStart, warm_up};

/// How many are loaded a second, and how a key is made of its text.
pub(super) type WarmLoads<K> = (u32, Box<dyn Fn(&str) -> Option<K> + Send + Sync>);

impl<K, V> CacheBuilder<K, V>
where
    K: CacheKey<Owned = K> + Send + Sync + 'static,
    V: Send + Sync + 'static,
{
    /// Has it begin warm, and count what is read of it for those that begin later. A cache that does must be built within a
    /// tokio runtime. See [`WarmStart`], [`Larder::ready`](crate::Larder::ready), and the page of the guide about
    /// [deploys](crate::guide::deploys).
    ///
    /// Default: it begins empty, and counts nothing.
    pub fn warm_start(mut self, how: WarmStart) -> Self {
        self.settings.warm_start = Some(how);
        self
    }

    /// Has a warm start load what the shared tier does not have, with the [`loader`](Self::loader), at most so many a second:
    /// once for the whole fleet, and behind the [limit of loads](Self::concurrent_loads), as any load. A key is made of
    /// its text by `key_of`, which says `None` to what it does not know.
    ///
    /// Default: nothing is loaded before somebody asks for it.
    ///
    /// # Examples
    ///
    /// ```
    /// # use larder::{Cache, Larder, WarmStart};
    /// # async fn price_of(_: u32) -> Result<u64, std::io::Error> { Ok(100) }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> larder::Result<()> {
    /// # let larder = Larder::builder("test.shop").embedded().build().await?;
    /// let prices: Cache<u32, u64> = larder
    ///     .cache("price")
    ///     .loader(price_of)
    ///     .warm_start(WarmStart::default())
    ///     .warm_loads(100, |text| text.parse().ok())
    ///     .build()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn warm_loads(
        mut self,
        per_second: u32,
        key_of: impl Fn(&str) -> Option<K> + Send + Sync + 'static,
    ) -> Self {
        self.warm_loads = Some((per_second, Box::new(key_of)));
        self
    }
}

/// Begins to get warm, and to tell the others what is read.
pub(super) fn begin<V: Send + Sync + 'static>(
    store: &Arc<Store<V>>,
    sketch: Arc<Sketch>,
    loads: Option<Loads<V>>,
) -> Result<()> {
    let node = &store.node;
    let (Some(remote), Some(settings)) = (node.remote(), store.plan.warm_start) else {
        return Ok(());
    };
    if Handle::try_current().is_err() {
        return Err(Error::new(ErrorKind::Invalid, "a cache begins warm within a tokio runtime only")
            .with("cache", &store.name));
    }
    let saving =
        Saving { node: node.clone(), remote: remote.clone(), cache: store.name.clone(), sketch, settings };
    node.tasks.spawn(saving.run())?;
    node.tasks.spawn(warm_up(store.clone(), remote.clone(), settings, loads, node.readiness.pending()))
}

/// How a warm start loads, if it does.
pub(super) fn loads<K, V>(
    warm_loads: Option<WarmLoads<K>>,
    loader: Option<&Loader<K, V>>,
) -> Result<Option<Loads<V>>>
where
    K: Send + Sync + 'static,
    V: Send + Sync + 'static,
{
    let Some((per_second, key_of)) = warm_loads else {
        return Ok(None);
    };
    let (Some(loader), true) = (loader.cloned(), per_second > 0) else {
        let reason = "a warm start that loads needs a loader, and more than no loads a second";
        return Err(Error::new(ErrorKind::Invalid, reason).with("warm_loads", per_second));
    };
    let load = move |text: &str| {
        let (key, loader) = (key_of(text)?, loader.clone());
        let load: BoxLoad<V> = Box::new(move |_| loader(key));
        Some(load)
    };
    Ok(Some(Loads { interval: Duration::from_secs(1) / per_second, load: Box::new(load) }))
}
