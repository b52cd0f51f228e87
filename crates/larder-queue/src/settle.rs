//! What becomes of the writes that the sink was given.

use std::sync::Arc;

use tokio::time::Instant;

use crate::backlog::Standing;
use crate::batch::{Batch, Mark};
use crate::pace::Pace;
use crate::poisoned::Poison;
use crate::shared::{Shared, State, What};

/// What was decided.
#[derive(Debug, Default)]
pub(crate) struct Settled {
    /// The versions that the sink has.
    pub(crate) written: Vec<u64>,
    /// Those that it will not be given again.
    pub(crate) set_aside: Vec<u64>,
    /// Whether nothing went well.
    pub(crate) has_failed: bool,
    /// Whether it was one that had failed alone before.
    pub(crate) was_suspect: bool,
}

/// What is known of one write.
struct Attempt<'a> {
    version: u64,
    /// The reason is the sink's for this very write, or that of the whole batch.
    reason: Arc<str>,
    /// Whether the sink has spoken of this write, or it was given nothing else.
    is_its_own: bool,
    /// Whether the sink has shown that it works, so that the failure is the write's.
    sink_works: bool,
    pace: &'a Pace,
}

pub(crate) fn settle<K, V>(
    shared: &Shared,
    batch: &Batch<K, V>,
    outcome: &Result<(), Arc<str>>,
    pace: &Pace,
) -> Settled {
    let mut settled = Settled::default();
    let mut state = shared.state();
    let marks = batch.take_marks();
    let works = outcome.is_ok() || marks.iter().any(|mark| *mark != Mark::None);
    for (write, mark) in batch.iter().zip(marks) {
        let version = write.version().get();
        let is_marked = mark != Mark::None;
        let reason = match (mark, outcome) {
            (Mark::Done, _) | (Mark::None, Ok(())) => {
                state.written(version);
                settled.written.push(version);
                continue;
            }
            (Mark::Refused(reason), _) => {
                state.count_attempt(version);
                if state.set_aside(version, &reason, false, shared.clock.unix_millis()) {
                    settled.set_aside.push(version);
                }
                continue;
            }
            (Mark::Retry(reason), _) => reason,
            (Mark::None, Err(reason)) => reason.clone(),
        };
        let is_its_own = is_marked || batch.len() == 1;
        settled.was_suspect |= state.is_suspect(version);
        let attempt = Attempt { version, reason, is_its_own, sink_works: works, pace };
        if state.failed(attempt, shared) {
            settled.set_aside.push(version);
        }
    }
    settled.has_failed = !works;
    drop(state);
    shared.for_log.notify_one();
    shared.less.notify_waiters();
    settled
}

impl State {
    fn written(&mut self, version: u64) {
        self.counted.written += 1;
        if self.backlog.remove(version).is_some() {
            self.note(What::Done { version });
        }
    }

    fn is_suspect(&self, version: u64) -> bool {
        self.backlog.get(version).is_some_and(|entry| entry.suspect_since.is_some())
    }

    fn count_attempt(&mut self, version: u64) {
        if let Some(entry) = self.backlog.delivered_mut(version) {
            entry.attempts = entry.attempts.saturating_add(1);
        }
    }

    /// Lets a write be tried again, or sets it aside if that was the last time. Returns whether it did.
    fn failed(&mut self, attempt: Attempt<'_>, shared: &Shared) -> bool {
        let Attempt { version, reason, is_its_own, sink_works, pace } = attempt;
        let written = self.counted.written;
        let Some(entry) = self.backlog.delivered_mut(version) else {
            // A newer write of its key has come while it was with the sink.
            self.counted.coalesced += 1;
            return false;
        };
        if !is_its_own {
            self.counted.retries += 1;
            self.backlog.stand(version, Standing::Ready);
            return false;
        }
        entry.attempts = entry.attempts.saturating_add(1);
        if !sink_works {
            entry.suspect_since.get_or_insert(written);
        }
        let is_proven = sink_works || entry.suspect_since.is_some_and(|since| written > since);
        if entry.attempts >= shared.settings.attempts && is_proven {
            return self.set_aside(version, &reason, false, shared.clock.unix_millis());
        }
        let until = Instant::now() + pace.waits().after(entry.attempts);
        self.counted.retries += 1;
        self.backlog.stand(version, Standing::Delayed(until));
        false
    }

    /// Moves a write to the poison area. Whether it was there to be moved.
    pub(crate) fn set_aside(&mut self, version: u64, reason: &str, unreadable: bool, now: u64) -> bool {
        let Some(entry) = self.backlog.get(version) else { return false };
        let attempts = entry.attempts;
        // What it is of and why is not for everybody who reads logs.
        tracing::warn!(version, attempts, unreadable, "a write was set aside");
        let poison = Poison::new(reason, now, unreadable);
        self.note(What::SetAside { version, attempts, poison: poison.clone() });
        self.backlog.stand(version, Standing::Poisoned(poison));
        true
    }
}
