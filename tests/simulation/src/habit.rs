//! How the caches of a game are set up.

use std::time::Duration;

use larder::CacheBuilder;

use crate::fleet::Value;

/// Values grow old in a game only where there is something to be seen then.
const FRESH: Duration = Duration::from_secs(1);

/// What is done about values that grow old.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Habit {
    /// They stay fresh for longer than a game lasts.
    None,
    /// They are refreshed ahead of time.
    Early,
    /// They are served stale while they are loaded.
    Hasty,
}

impl Habit {
    /// One in three each, in every climate.
    pub(crate) const fn of(seed: u64) -> Self {
        match seed / 4 % 3 {
            0 => Self::None,
            1 => Self::Early,
            _ => Self::Hasty,
        }
    }

    pub(crate) fn set_up(self, cache: CacheBuilder<u64, Value>) -> CacheBuilder<u64, Value> {
        match self {
            Self::None => cache,
            Self::Early => cache.fresh_for(FRESH).refresh_ahead(0.3).refresh_by_chance(5.0),
            Self::Hasty => cache.fresh_for(FRESH).soft_timeout(Duration::from_millis(10)),
        }
    }
}
