//! The server.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use larder_core::{AppName, Clock, Usage};

use crate::connection::{Connection, lock};
use crate::faults::ServerFaults;
use crate::link::Link;
use crate::probe::Probe;
use crate::settings::Settings;
use crate::state::State;

/// How many bytes the values of one app may take, unless told otherwise: 256 MiB.
pub const DEFAULT_CAPACITY: u64 = 256 << 20;

/// A shared tier and a bus within this process, for any number of nodes and apps.
///
/// Clones are the same server. It keeps what it holds until the last of them and the last [`Link`] is gone.
///
/// # Examples
///
/// ```
/// use larder_core::{AppName, Assurance, Bus, Clock};
/// use larder_memory::MemoryServer;
///
/// let server = MemoryServer::new(Clock::coarse()).capacity(64 << 20);
/// let link = server.connect(&AppName::new("prod.shop")?);
/// assert_eq!(link.bus().assurance(), Assurance::Lossless);
/// # Ok::<(), larder_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct MemoryServer {
    inner: Arc<Inner>,
}

#[derive(Debug)]
pub(crate) struct Inner {
    settings: Arc<Settings>,
    /// An app is kept from its first connection on.
    apps: Mutex<HashMap<AppName, Arc<Mutex<State>>>>,
}

impl MemoryServer {
    /// A server that loses nothing.
    pub fn new(clock: Clock) -> Self {
        Self::with(clock, None)
    }

    /// A server whose links can be broken: see [`Link::faults`] and [`faults`](Self::faults). For tests.
    ///
    /// Its subscriptions probe by tokio's timers, so they need a runtime of tokio that has some.
    pub fn unreliable(clock: Clock, probe: Probe) -> Self {
        Self::with(clock, Some(probe))
    }

    fn with(clock: Clock, probe: Option<Probe>) -> Self {
        let settings = Arc::new(Settings::new(clock, probe, DEFAULT_CAPACITY));
        Self { inner: Arc::new(Inner { settings, apps: Mutex::default() }) }
    }

    /// Sets how many bytes the values of each app may take, with their keys and what they cost by themselves. Past that
    /// some are dropped. A value that is larger by itself is refused.
    ///
    /// It holds for all clones from now on. Default: [`DEFAULT_CAPACITY`].
    #[must_use]
    pub fn capacity(self, bytes: u64) -> Self {
        self.inner.settings.set_capacity(bytes);
        self
    }

    /// Connects one more node of an app.
    pub fn connect(&self, app: &AppName) -> Link {
        let settings = self.inner.settings.clone();
        let state = || Arc::new(Mutex::new(State::new(app.clone(), settings.clone())));
        let state = self.inner.apps().entry(app.clone()).or_insert_with(state).clone();
        Link::new(Connection::new(settings, state))
    }

    /// How much is kept of all apps: how many keys have a value, a lease, a guard or a version, and what the values weigh
    /// together in bytes. What has expired counts until it is swept.
    pub fn usage(&self) -> Usage {
        let usages = self.inner.states().into_iter().map(|state| lock(&state).usage());
        usages
            .fold(Usage::default(), |all, one| Usage::new(all.entries + one.entries, all.weight + one.weight))
    }

    /// What can befall the server itself: nothing, if it is a reliable one.
    pub fn faults(&self) -> Option<ServerFaults> {
        self.inner.settings.probe().map(|_| ServerFaults::new(self.inner.clone()))
    }
}

impl Inner {
    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }

    pub(crate) fn states(&self) -> Vec<Arc<Mutex<State>>> {
        self.apps().values().cloned().collect()
    }

    fn apps(&self) -> MutexGuard<'_, HashMap<AppName, Arc<Mutex<State>>>> {
        self.apps.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
