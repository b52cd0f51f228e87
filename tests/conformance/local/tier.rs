//! The maps, and the two ways to put a shelf on one.

use std::fmt::Debug;
use std::sync::Arc;

use larder_core::{Capacity, Entry, Local, Shared, Slot, Stored};
use larder_moka::MokaLocal;
use larder_quick::QuickLocal;
use larder_testkit::MapLocal;

/// Where shelves get the map beneath them.
pub(super) trait Tier: Send + Sync + 'static {
    /// Whether every 64th hit or so pays for the map's own housekeeping, which may allocate.
    const KEEPS_HOUSE: bool;

    fn new(capacity: Capacity) -> Self;

    /// The map for one more cache.
    fn local<V: Send + Sync + 'static>(&self) -> Arc<dyn Local<Arc<Entry<V>>>>;
}

/// Whose map it is.
pub(super) trait Technology: Send + Sync + 'static {
    type Of<S: Stored + Debug>: Local<S>;

    const KEEPS_HOUSE: bool;

    fn build<S: Stored + Debug>(capacity: Capacity) -> Self::Of<S>;
}

pub(super) struct Map;
pub(super) struct Moka;
pub(super) struct Quick;

impl Technology for Map {
    type Of<S: Stored + Debug> = MapLocal<S>;

    const KEEPS_HOUSE: bool = false;

    fn build<S: Stored + Debug>(_: Capacity) -> MapLocal<S> {
        MapLocal::new()
    }
}

impl Technology for Moka {
    type Of<S: Stored + Debug> = MokaLocal<S>;

    const KEEPS_HOUSE: bool = true;

    fn build<S: Stored + Debug>(capacity: Capacity) -> MokaLocal<S> {
        MokaLocal::new(capacity)
    }
}

impl Technology for Quick {
    type Of<S: Stored + Debug> = QuickLocal<S>;

    const KEEPS_HOUSE: bool = false;

    fn build<S: Stored + Debug>(capacity: Capacity) -> QuickLocal<S> {
        QuickLocal::new(capacity)
    }
}

/// Every cache gets a map of its own.
pub(super) struct OfOneCache<M> {
    capacity: Capacity,
    technology: std::marker::PhantomData<M>,
}

/// All caches share one map.
pub(super) struct OfManyCaches<M: Technology> {
    map: Arc<M::Of<Slot>>,
}

impl<M: Technology> Tier for OfOneCache<M> {
    const KEEPS_HOUSE: bool = M::KEEPS_HOUSE;

    fn new(capacity: Capacity) -> Self {
        Self { capacity, technology: std::marker::PhantomData }
    }

    fn local<V: Send + Sync + 'static>(&self) -> Arc<dyn Local<Arc<Entry<V>>>> {
        Arc::new(M::build(self.capacity))
    }
}

impl<M: Technology> Tier for OfManyCaches<M> {
    const KEEPS_HOUSE: bool = M::KEEPS_HOUSE;

    fn new(capacity: Capacity) -> Self {
        Self { map: Arc::new(M::build(capacity)) }
    }

    fn local<V: Send + Sync + 'static>(&self) -> Arc<dyn Local<Arc<Entry<V>>>> {
        Arc::new(Shared::new(self.map.clone()))
    }
}
