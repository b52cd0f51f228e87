//! How one read goes.

use crate::tiers::Tiers;

/// How one read goes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Route {
    /// Which tiers it fills, and of them the remote one is also looked at.
    pub(crate) tiers: Tiers,
    /// Whether it looks at the local tier.
    pub(crate) looks_local: bool,
    /// Whether what is not fresh is an answer to a read that cannot load.
    pub(crate) allows_stale: bool,
    pub(crate) boarding: Boarding,
}

/// Whose flight a read may be in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Boarding {
    /// Whoever's.
    Shared,
    /// Nobody else's: this one goes where theirs does not.
    Alone,
    /// One that begins now, and loads whatever the tiers have.
    Anew,
}

impl Route {
    pub(crate) fn of(tiers: Tiers) -> Self {
        Self { tiers, looks_local: tiers.has_local(), allows_stale: false, boarding: Boarding::Shared }
    }

    /// Past this process's memory, whose values may not do. Nor may those of a flight that others are in.
    pub(crate) fn past_local(self) -> Self {
        Self { looks_local: false, boarding: Boarding::Alone, ..self }
    }

    /// Past whatever the tiers have.
    pub(crate) fn forced(self) -> Self {
        Self { boarding: Boarding::Anew, ..self }
    }

    pub(crate) fn is_forced(self) -> bool {
        self.boarding == Boarding::Anew
    }

    pub(crate) fn is_alone(self) -> bool {
        self.boarding == Boarding::Alone
    }

    /// Past the shared tier.
    pub(crate) fn past_remote(self) -> Self {
        Self { tiers: self.tiers.without_remote(), boarding: Boarding::Alone, ..self }
    }
}
