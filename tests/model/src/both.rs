//! Two of a kind: all that a small scope needs.

use std::ops::{Index, IndexMut};

/// Two of a kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Both<T> {
    first: T,
    second: T,
}

/// A node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Name {
    A,
    B,
}

/// One of two flights of a node, or of two writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Which {
    First,
    Second,
}

impl Name {
    pub(crate) const ALL: [Self; 2] = [Self::A, Self::B];
}

impl Which {
    pub(crate) const ALL: [Self; 2] = [Self::First, Self::Second];

    pub(crate) fn other(self) -> Self {
        match self {
            Self::First => Self::Second,
            Self::Second => Self::First,
        }
    }
}

impl<T> Both<T> {
    pub(crate) const fn new(first: T, second: T) -> Self {
        Self { first, second }
    }

    pub(crate) fn swap(&mut self) {
        std::mem::swap(&mut self.first, &mut self.second);
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        [&mut self.first, &mut self.second].into_iter()
    }
}

impl From<Name> for Which {
    fn from(name: Name) -> Self {
        match name {
            Name::A => Self::First,
            Name::B => Self::Second,
        }
    }
}

impl<T, I: Into<Which>> Index<I> for Both<T> {
    type Output = T;

    fn index(&self, which: I) -> &T {
        match which.into() {
            Which::First => &self.first,
            Which::Second => &self.second,
        }
    }
}

impl<T, I: Into<Which>> IndexMut<I> for Both<T> {
    fn index_mut(&mut self, which: I) -> &mut T {
        match which.into() {
            Which::First => &mut self.first,
            Which::Second => &mut self.second,
        }
    }
}
