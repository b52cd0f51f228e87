//! What holds for all apps of a server.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use larder_core::Clock;

use crate::probe::Probe;
use crate::registers::Lines;

#[derive(Debug)]
pub(crate) struct Settings {
    clock: Clock,
    /// How often subscriptions probe; on a reliable server there is nothing to find out.
    probe: Option<Probe>,
    /// How many bytes the values of one app may take.
    capacity: AtomicU64,
    /// Whether the server plays one whose memory is used up.
    is_full: AtomicBool,
    /// The caches of all apps, as builds have noted them.
    caches: Mutex<Lines>,
}

impl Settings {
    pub(crate) fn new(clock: Clock, probe: Option<Probe>, capacity: u64) -> Self {
        Self {
            clock,
            probe,
            capacity: capacity.into(),
            is_full: AtomicBool::new(false),
            caches: Mutex::default(),
        }
    }

    pub(crate) fn set_capacity(&self, bytes: u64) {
        self.capacity.store(bytes, Ordering::Relaxed);
    }

    pub(crate) fn set_full(&self, is_full: bool) {
        self.is_full.store(is_full, Ordering::SeqCst);
    }

    pub(crate) fn caches(&self) -> MutexGuard<'_, Lines> {
        self.caches.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.clock
    }

    pub(crate) fn probe(&self) -> Option<Probe> {
        self.probe
    }

    pub(crate) fn capacity(&self) -> u64 {
        self.capacity.load(Ordering::Relaxed)
    }

    pub(crate) fn is_full(&self) -> bool {
        self.is_full.load(Ordering::SeqCst)
    }
}
