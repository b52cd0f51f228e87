//! A set of writes.

use crate::both::Which;

/// A set of writes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Set(u8);

impl Set {
    pub(crate) fn insert(&mut self, write: Which) {
        self.0 |= bit(write);
    }

    pub(crate) fn remove(&mut self, write: Which) {
        self.0 &= !bit(write);
    }

    pub(crate) fn contains(self, write: Which) -> bool {
        self.0 & bit(write) != 0
    }

    pub(crate) fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(crate) fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

fn bit(write: Which) -> u8 {
    match write {
        Which::First => 1,
        Which::Second => 2,
    }
}
