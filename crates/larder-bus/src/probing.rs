//! How closely a node watches whether it hears everything.

use std::time::Duration;

use larder_core::{Error, ErrorKind, Result};

/// How often the servers are asked where the chains stand, and how long the answer may take.
///
/// A copy in a process's memory is never staler than the [bound](Self::bound) that comes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Probing {
    every: Duration,
    patience: Duration,
    grace: Duration,
}

impl Default for Probing {
    /// Every second, with half a second for the answer; on a cluster, a quarter more for notices on their way.
    fn default() -> Self {
        let millis = Duration::from_millis;
        Self { every: millis(1_000), patience: millis(500), grace: millis(250) }
    }
}

impl Probing {
    /// Asks so often. Each question is one call on the server for each node.
    #[must_use]
    pub fn every(self, every: Duration) -> Self {
        Self { every, ..self }
    }

    /// Waits so long for the answer before the connection is given up.
    #[must_use]
    pub fn patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// Waits so long, on a cluster, for notices that come by another way than the answer.
    #[must_use]
    pub fn grace(self, grace: Duration) -> Self {
        Self { grace, ..self }
    }

    /// Within which time a loss of notices is found out.
    pub fn bound(self, is_cluster: bool) -> Duration {
        let grace = if is_cluster { self.grace } else { Duration::ZERO };
        self.every.saturating_add(self.patience).saturating_add(grace)
    }

    pub(crate) fn period(self) -> Duration {
        self.every
    }

    pub(crate) fn answer(self) -> Duration {
        self.patience
    }

    pub(crate) fn detour(self) -> Duration {
        self.grace
    }

    /// Makes sure that it can work.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Invalid`] if one of the first two is zero, or the bound is over an hour.
    pub fn validate(self) -> Result<()> {
        let is_sound = !self.every.is_zero()
            && !self.patience.is_zero()
            && self.bound(true) <= Duration::from_secs(3_600);
        if is_sound {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Invalid, "the bus cannot be watched like that")
            .with("setting", "probing")
            .with("value", format_args!("{self:?}")))
    }
}
