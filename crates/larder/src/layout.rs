//! How the caches of a build are stored, and how that compares with what other builds have stored.
//!
//! ```text
//!   CacheBuilder::build ──▶ Registry: own layouts ──▶ task: notes them in the shared tier, again and again
//!                              │ compared with                      │
//!                              └──◀── what other builds noted ◀─────┘
//!                           Drift: findings ──▶ log, health; an error, if the guard refuses
//! ```

mod drift;
mod guard;
mod packing;
mod registrar;
mod registry;
mod text;

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use larder_codec::{CompressionId, Form};
use larder_core::{AppName, CacheName, Ttl};

use crate::store::Store;
pub use drift::{Cause, Drift, Finding};
pub use guard::DeployGuard;
pub(crate) use packing::Packing;
pub(crate) use registrar::keep_registered;
pub(crate) use registry::Registry;

/// How the caches of a process are stored: what another build must agree with to find what this one has stored.
///
/// Its text is one line for each cache. It can be kept in a file, and read again by `parse`: a test that compares the file with
/// what the service builds fails as soon as a change would make the next deploy a cold one.
///
/// # Examples
///
/// ```
/// use larder::{Cache, Larder, Layout};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> larder::Result<()> {
/// // As it was kept, and as the service is now.
/// let kept: Layout = "larder-layout app=prod.shop partitions=64\n\
///                     user time-to-live=600000 writes=1/0/f78ac2a7 reads=1/0/f78ac2a7\n"
///     .parse()?;
///
/// let larder = Larder::builder("prod.shop").embedded().build().await?;
/// let users: Cache<u64, (String, u32)> = larder.cache("user").build()?;
/// let drift = larder.layout().drift_from(&kept);
/// assert!(drift.costs_hits());
/// println!("{drift}");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    app: AppName,
    caches: BTreeMap<CacheName, CacheLayout>,
}

impl Layout {
    pub(crate) fn new(app: AppName, caches: BTreeMap<CacheName, CacheLayout>) -> Self {
        Self { app, caches }
    }

    /// The app.
    pub fn app(&self) -> &AppName {
        &self.app
    }

    /// Its caches that store something in the shared tier, by name.
    pub fn caches(&self) -> impl Iterator<Item = &CacheLayout> {
        self.caches.values()
    }
}

/// How one cache is stored.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CacheLayout {
    cache: CacheName,
    writes: Form,
    reads: Vec<Form>,
    /// `None` if whoever noted it did not say.
    packing: Option<Packing>,
    time_to_live: Ttl,
}

impl<V: Send + Sync + 'static> Store<V> {
    /// How its values are stored, if they are.
    pub(crate) fn layout(&self) -> Option<CacheLayout> {
        let envelope = self.envelope.as_ref().filter(|_| self.is_shared())?;
        Some(CacheLayout {
            cache: self.name.clone(),
            writes: envelope.written(),
            reads: envelope.forms().collect(),
            packing: Some(Packing::new(envelope.compresses())),
            time_to_live: self.plan.lifetime.time_to_live(),
        })
    }
}

impl CacheLayout {
    /// The name of the cache.
    pub fn cache(&self) -> &CacheName {
        &self.cache
    }

    /// The form in which values are written.
    pub fn writes(&self) -> Form {
        self.writes
    }

    /// The forms that are read, the newest first.
    pub fn reads(&self) -> &[Form] {
        &self.reads
    }

    /// How values are compressed, if that was noted.
    pub fn compresses(&self) -> Option<CompressionId> {
        self.packing.as_ref().map(|packing| packing.writes)
    }

    /// How long a value is kept.
    pub fn time_to_live(&self) -> Duration {
        self.time_to_live.as_duration()
    }

    /// Whether values that are written by that layout are found by this one.
    pub(crate) fn can_read(&self, other: &Self) -> bool {
        let is_unpacked = match (&self.packing, &other.packing) {
            (Some(own), Some(other)) => own.can_read(other),
            _ => true,
        };
        is_unpacked && self.has_form_of(other)
    }

    /// Whether the two store one type in one form, as far as its shape says so: it is declared.
    pub(crate) fn stores_what(&self, other: &Self) -> bool {
        let has_shape = |form: Form| form.schema().is_some_and(|schema| schema.fingerprint() != 0);
        has_shape(self.writes) && has_shape(other.writes) && self.has_form_of(other)
    }

    fn has_form_of(&self, other: &Self) -> bool {
        self.reads.iter().any(|form| form.covers(other.writes))
    }
}

impl fmt::Display for CacheLayout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} writes {}", self.cache, Shown(self.writes))?;
        for (index, form) in self.reads.iter().enumerate() {
            write!(f, "{}{}", if index == 0 { ", reads " } else { " and " }, Shown(*form))?;
        }
        if let Some(packing) = &self.packing {
            write!(f, ", {packing}")?;
        }
        write!(f, ", keeps it for {:?}", self.time_to_live())
    }
}

/// A form with the fingerprint, without which two of one version look the same.
struct Shown(Form);

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.schema() {
            Some(schema) => write!(f, "{} of shape {:08x}", self.0, schema.fingerprint()),
            None => write!(f, "{}", self.0),
        }
    }
}
