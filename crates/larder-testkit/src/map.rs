//! The reference local tier.

use std::collections::HashMap;
use std::fmt::Debug;
use std::sync::{Mutex, MutexGuard, PoisonError};

use larder_core::{KeyHash, Local, Stored, Usage};

/// A [`Local`] that is a map under a lock, and never evicts.
///
/// It says what a local means, and every other is tested against it. In a test of one's own it makes hits certain.
#[derive(Debug)]
pub struct MapLocal<S> {
    map: Mutex<HashMap<KeyHash, S>>,
}

impl<S: Stored> MapLocal<S> {
    /// An empty map.
    pub fn new() -> Self {
        Self { map: Mutex::default() }
    }

    fn map(&self) -> MutexGuard<'_, HashMap<KeyHash, S>> {
        self.map.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S: Stored> Default for MapLocal<S> {
    fn default() -> Self {
        Self::new()
    }
}

impl<S: Stored + Debug> Local<S> for MapLocal<S> {
    fn get(&self, hash: KeyHash) -> Option<S> {
        self.map().get(&hash).cloned()
    }

    fn insert(&self, hash: KeyHash, stored: S) {
        self.map().insert(hash, stored);
    }

    fn remove(&self, hash: KeyHash) {
        self.map().remove(&hash);
    }

    fn retain(&self, keep: &mut dyn FnMut(&S) -> bool) {
        self.map().retain(|_, stored| keep(stored));
    }

    fn usage(&self) -> Usage {
        let map = self.map();
        Usage::new(map.len() as u64, map.values().map(|stored| u64::from(stored.weight())).sum())
    }
}
