//! The state of the breaker: closed, open, or being probed.
//!
//! ```text
//!            too many steps have failed
//!    closed ────────────────────────────▶ open ◀──────────────┐
//!       ▲                                  │ one asks          │ no answer in time: a longer rest
//!       │           an answer in time      ▼                   │
//!       └───────────────────────────── probing ────────────────┘
//! ```
//!
//! # Why a lock suffices
//!
//! Whoever is about to take a step looks at one atomic and nothing else, so that an open circuit costs a load. What follows
//! from a step is told under the lock: once for each round trip to a server, for some additions. Nothing is awaited and
//! nobody is called while it is held. The atomic is a copy of what the lock guards, written under it. Who sees it late takes
//! a step too many or one too few; that step counts for the phase that it began in, and for no other.

use std::num::NonZeroU64;
use std::sync::PoisonError;
use std::sync::atomic::Ordering;
use std::time::Duration;

use larder_core::{BreakerState, Moment};

use super::Breaker;
use super::window::{Counts, Window};
use crate::backoff::Backoff;
use crate::sync::{AtomicU64, Mutex, MutexGuard};

#[cfg(all(test, loom))]
mod proof;

/// So many steps one after the other that fail are no chance, whatever was answered before them: if a third fails because
/// one master of three is dead, they come once in three billion.
const SILENT_CALLS: u32 = 20;

/// For how long nothing must be answered meanwhile, in budgets of a read: a server may stop for a moment.
const SILENCE: u32 = 5;

/// How much longer the longest rest is than the first.
const MOST_REST: u32 = 8;

/// One process's breaker.
#[derive(Debug)]
pub(crate) struct Circuit {
    pub(crate) breaker: Breaker,
    silence: Duration,
    /// The number of the closed phase that it is in; zero while it is not closed.
    phase: AtomicU64,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    position: Position,
    since: Moment,
    window: Window,
    /// The steps that have failed one after the other, and when the first of them had.
    in_a_row: u32,
    silent_since: Moment,
    /// How often it has opened, the reopening after a probe aside.
    opened: u64,
    rests: Backoff,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Position {
    Closed,
    Open { until: Moment },
    Probing { until: Moment },
}

/// A step that may be taken, and in which phase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pass(NonZeroU64);

/// How a step went, as far as that says something of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Went {
    Well,
    Badly,
}

/// The one question that is asked while it is not closed. Dropped without an outcome, it was never asked.
#[derive(Debug)]
#[must_use]
pub(crate) struct Probe<'a> {
    circuit: &'a Circuit,
    is_over: bool,
}

/// What has happened to the circuit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// Of so many steps so many had failed.
    Opened { calls: u32, failed: u32 },
    /// A question is under way.
    Probing,
    /// It was not answered in time.
    Reopened,
    /// After so long.
    Closed { after: Duration },
}

impl Change {
    pub(crate) fn state(self) -> BreakerState {
        match self {
            Self::Opened { .. } | Self::Reopened => BreakerState::Open,
            Self::Probing => BreakerState::Probing,
            Self::Closed { .. } => BreakerState::Closed,
        }
    }
}

impl Circuit {
    pub(crate) fn new(breaker: Breaker, read_budget: Duration, now: Moment) -> Self {
        let inner = Inner {
            position: Position::Closed,
            since: now,
            window: Window::new(breaker.window),
            in_a_row: 0,
            silent_since: now,
            opened: 0,
            rests: rests(&breaker),
        };
        let silence = breaker.slowness(read_budget).saturating_mul(SILENCE);
        Self { breaker, silence, phase: AtomicU64::new(1), inner: Mutex::new(inner) }
    }

    /// Whether a step may be taken.
    pub(crate) fn enter(&self) -> Option<Pass> {
        NonZeroU64::new(self.phase.load(Ordering::Relaxed)).map(Pass)
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.enter().is_some()
    }

    /// Hears how a step went.
    pub(crate) fn note(&self, pass: Pass, went: Went, now: Moment) -> Option<Change> {
        if !self.breaker.is_used {
            return None;
        }
        let mut inner = self.inner();
        if inner.position != Position::Closed || pass.0.get() != inner.opened + 1 {
            // It began before the circuit opened, and says nothing of how things are now.
            return None;
        }
        let counts = inner.count(went, now, &self.breaker)?;
        if !self.is_too_much(&inner, counts, now) {
            return None;
        }
        inner.open(now);
        self.phase.store(0, Ordering::Relaxed);
        Some(Change::Opened { calls: counts.calls, failed: counts.failed })
    }

    fn is_too_much(&self, inner: &Inner, counts: Counts, now: Moment) -> bool {
        let has_share = counts.calls >= self.breaker.calls && counts.has_share(self.breaker.share);
        // The window of a busy process is full of answers from before.
        let is_silent = inner.in_a_row >= SILENT_CALLS.max(self.breaker.calls)
            && now.since(inner.silent_since) >= self.silence;
        has_share || is_silent
    }

    /// Lets one question pass, unless another is under way or none is needed.
    pub(crate) fn probe(&self) -> Option<Probe<'_>> {
        let mut inner = self.inner();
        let Position::Open { until } = inner.position else {
            return None;
        };
        inner.position = Position::Probing { until };
        Some(Probe { circuit: self, is_over: false })
    }

    /// How long the server is still to be left alone; `None` while the circuit is closed.
    pub(crate) fn rest(&self, now: Moment) -> Option<Duration> {
        match self.inner().position {
            Position::Closed => None,
            Position::Open { until } | Position::Probing { until } => Some(until.since(now)),
        }
    }

    /// Its state, since when, and how often it has opened.
    pub(crate) fn report(&self) -> (BreakerState, Moment, u64) {
        let inner = self.inner();
        let state = match inner.position {
            Position::Closed => BreakerState::Closed,
            Position::Open { .. } => BreakerState::Open,
            Position::Probing { .. } => BreakerState::Probing,
        };
        (state, inner.since, inner.opened)
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// Counts a step, and tells the sums if it has failed.
    fn count(&mut self, went: Went, now: Moment, breaker: &Breaker) -> Option<Counts> {
        self.window.count(went == Went::Badly, now);
        if went == Went::Well {
            self.in_a_row = 0;
            if now.since(self.since) > breaker.window {
                self.rests = rests(breaker);
            }
            return None;
        }
        if self.in_a_row == 0 {
            self.silent_since = now;
        }
        self.in_a_row = self.in_a_row.saturating_add(1);
        Some(self.window.counts(now))
    }

    fn open(&mut self, now: Moment) {
        self.position = Position::Open { until: now.after(self.rests.next()) };
        self.since = now;
        self.opened += 1;
    }
}

impl Probe<'_> {
    /// Hears how it went.
    pub(crate) fn end(mut self, went: Went, now: Moment) -> Change {
        self.is_over = true;
        let mut inner = self.circuit.inner();
        if went == Went::Badly {
            inner.position = Position::Open { until: now.after(inner.rests.next()) };
            return Change::Reopened;
        }
        let after = now.since(inner.since);
        inner.window.forget();
        (inner.position, inner.since, inner.in_a_row) = (Position::Closed, now, 0);
        self.circuit.phase.store(inner.opened + 1, Ordering::Relaxed);
        Change::Closed { after }
    }
}

impl Drop for Probe<'_> {
    fn drop(&mut self) {
        if self.is_over {
            return;
        }
        let mut inner = self.circuit.inner();
        if let Position::Probing { until } = inner.position {
            inner.position = Position::Open { until };
        }
    }
}

fn rests(breaker: &Breaker) -> Backoff {
    Backoff::new(breaker.rest, breaker.rest.saturating_mul(MOST_REST))
}

#[cfg(all(test, not(loom)))]
mod tests;
