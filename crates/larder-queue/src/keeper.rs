//! The keeper: a thread that writes the log.
//!
//! It takes all that has come in, appends it as one frame, and syncs it with one sync: while that runs, the next callers
//! gather. It alone adds to the backlog, right after it has appended; so whenever it looks, the backlog holds what the log
//! holds, but for what is noted in `incoming` and will follow.

use std::collections::VecDeque;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use larder_core::{Error, ErrorKind, Moment, Result};
use tokio::sync::{oneshot, watch};

use crate::backlog::{self, Replaced, Standing};
use crate::durability::Durability;
use crate::log::{Log, record};
use crate::shared::{Incoming, Phase, Shared, What};

/// As much as goes into one frame, and then as much as the write that exceeds it.
const MOST_AT_ONCE: usize = 4 << 20;
/// So many files may lie about half empty before what they hold is moved.
const SPARE_FILES: usize = 8;

#[derive(Debug)]
pub(crate) struct Keeper {
    shared: Arc<Shared>,
    log: Log,
    /// The last version that is in the log.
    appended: u64,
    /// Since when something waits for a sync that was acknowledged without it.
    unsynced_since: Option<Moment>,
    /// Who waits for the next sync, and whether for a put.
    waiting: Vec<(oneshot::Sender<Result<()>>, bool)>,
    /// What must be in the log some time, and could not be appended.
    carried: VecDeque<Incoming>,
    /// Why it ended, if not because it was told to.
    failure: Option<Error>,
    /// Is gone when the keeper is.
    _alive: watch::Sender<()>,
}

impl Keeper {
    pub(crate) fn new(shared: Arc<Shared>, log: Log, alive: watch::Sender<()>) -> Self {
        let appended = shared.state().last;
        let (waiting, carried) = (Vec::new(), VecDeque::new());
        Self { shared, log, appended, unsynced_since: None, waiting, carried, failure: None, _alive: alive }
    }

    pub(crate) fn run(mut self) {
        self.tidy_or_warn();
        while let Some(taken) = self.next() {
            self.round(taken);
            if self.log.is_broken() {
                return;
            }
        }
    }

    /// Waits for something to do. Nothing is taken when a sync is due; `None` is the end.
    fn next(&self) -> Option<VecDeque<Incoming>> {
        let mut state = self.shared.state();
        loop {
            let until_sync = self.until_sync();
            if until_sync == Some(Duration::ZERO) {
                return Some(VecDeque::new());
            }
            if !state.incoming.is_empty() {
                return Some(take(&mut state.incoming));
            }
            if state.phase == Phase::Ending {
                return (!self.log.is_synced()).then(VecDeque::new);
            }
            state = match until_sync {
                None => self.shared.for_log.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(wait) => {
                    let woken = self.shared.for_log.wait_timeout(state, wait);
                    woken.unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }

    /// How long until something that was acknowledged must be on the disk.
    fn until_sync(&self) -> Option<Duration> {
        match (self.shared.settings.durability, self.unsynced_since) {
            (Durability::Within(window), Some(since)) => {
                Some(window.saturating_sub(self.shared.clock.now().since(since)))
            }
            _ => None,
        }
    }

    fn round(&mut self, taken: VecDeque<Incoming>) {
        let nothing_taken = taken.is_empty();
        if !nothing_taken {
            self.append(taken);
        }
        if nothing_taken || !self.waiting.is_empty() {
            self.sync();
        }
    }

    fn append(&mut self, taken: VecDeque<Incoming>) {
        let mut all = std::mem::take(&mut self.carried);
        all.extend(taken);
        let mut payload = Vec::new();
        for incoming in &all {
            incoming.write(&mut payload);
        }
        match self.log.append(&payload, self.appended) {
            Ok(file) => self.apply(all, file),
            Err(error) => self.refuse(all, &error),
        }
    }

    /// Adds to the backlog what is in the log now.
    fn apply(&mut self, all: VecDeque<Incoming>, file: u64) {
        let mut state = self.shared.state();
        for Incoming { what, waiting } in all {
            let is_put = matches!(what, What::Put { .. });
            if let What::Put { version, text, sealed } = what {
                state.release(backlog::cost(&text, &sealed));
                let replaced = state.backlog.put(version, text, sealed, file);
                state.counted.coalesced += u64::from(replaced == Replaced::Queued);
                self.appended = version;
            }
            self.waiting.extend(waiting.map(|waiting| (waiting, is_put)));
        }
        drop(state);
        self.shared.less.notify_waiters();
        if self.shared.settings.durability != Durability::Synced && !self.waiting.is_empty() {
            self.unsynced_since.get_or_insert_with(|| self.shared.clock.now());
            self.acknowledge();
        }
    }

    /// Tells the callers of what could not be appended, and keeps what has no caller for the next time.
    fn refuse(&mut self, all: VecDeque<Incoming>, error: &Error) {
        if self.log.is_broken() {
            self.failure = Some(error.clone());
        }
        let mut state = self.shared.state();
        for incoming in all {
            if let What::Put { text, sealed, .. } = &incoming.what {
                state.release(backlog::cost(text, sealed));
            }
            match incoming.waiting {
                Some(waiting) => drop(waiting.send(Err(error.clone()))),
                None => self.carried.push_back(incoming),
            }
        }
        drop(state);
        self.shared.less.notify_waiters();
    }

    fn sync(&mut self) {
        if let Err(error) = self.log.sync() {
            self.failure = Some(error);
            return;
        }
        self.unsynced_since = None;
        let mut state = self.shared.state();
        state.synced = self.appended;
        state.counted.syncs += 1;
        drop(state);
        self.acknowledge();
        self.shared.for_sink.notify_one();
        self.tidy_or_warn();
    }

    fn acknowledge(&mut self) {
        let puts = self.waiting.iter().filter(|(_, is_put)| *is_put).count() as u64;
        self.shared.state().counted.acknowledged += puts;
        for (waiting, _) in self.waiting.drain(..) {
            // Whoever has left will not know, and may read it from the queue.
            let _gone = waiting.send(Ok(()));
        }
    }

    fn tidy_or_warn(&mut self) {
        if let Err(error) = self.tidy() {
            tracing::warn!(%error, "old files of the queue stay where they are");
            self.failure = self.log.is_broken().then_some(error);
        }
    }

    /// Removes files in which nothing is needed any more, and empties the oldest if there are too many. Only after a sync:
    /// what replaced the content of a file must be as safe as that was.
    fn tidy(&mut self) -> Result<()> {
        while let Some((oldest, files)) = self.log.oldest_closed() {
            let state = self.shared.state();
            let held = state.backlog.count_in(oldest);
            let bytes = state.backlog.bytes() as u64;
            drop(state);
            if held > 0 {
                let full = usize::try_from(bytes / self.shared.settings.file_size).unwrap_or(usize::MAX);
                if files <= full.saturating_mul(2).saturating_add(SPARE_FILES) {
                    return Ok(());
                }
                self.empty(oldest)?;
            }
            self.log.remove_oldest()?;
        }
        Ok(())
    }

    /// Moves what a file holds to the end of the log.
    fn empty(&mut self, file: u64) -> Result<()> {
        let held = self.shared.state().backlog.in_file(file);
        let mut payload = Vec::new();
        for (version, entry) in &held {
            record::put(&mut payload, *version, &entry.text, &entry.sealed);
            if let Standing::Poisoned(poison) = &entry.standing {
                record::set_aside(&mut payload, *version, entry.attempts, poison);
            }
        }
        let to = self.log.append(&payload, self.appended)?;
        self.log.sync()?;
        let mut state = self.shared.state();
        for (version, _) in &held {
            state.backlog.moved(*version, to);
        }
        Ok(())
    }
}

/// As much as fits into a frame, and one write at least.
fn take(incoming: &mut VecDeque<Incoming>) -> VecDeque<Incoming> {
    let mut bytes = 0;
    let fits = |incoming: &&Incoming| {
        let before = bytes;
        bytes += match &incoming.what {
            What::Put { text, sealed, .. } => backlog::cost(text, sealed),
            _ => 0,
        };
        before < MOST_AT_ONCE
    };
    let count = incoming.iter().take_while(fits).count();
    incoming.drain(..count).collect()
}

/// Nobody may wait for a keeper that is gone, for whatever reason.
impl Drop for Keeper {
    fn drop(&mut self) {
        let gone = || Error::new(ErrorKind::Closed, "the queue has been shut down");
        let mut state = self.shared.state();
        state.broken = self.failure.take();
        let error = state.broken.clone().unwrap_or_else(gone);
        state.phase = Phase::Ending;
        let incoming = std::mem::take(&mut state.incoming);
        drop(state);
        let waiting = incoming.into_iter().filter_map(|incoming| incoming.waiting);
        for waiting in waiting.chain(self.waiting.drain(..).map(|(waiting, _)| waiting)) {
            let _gone = waiting.send(Err(error.clone()));
        }
        self.shared.wake_all();
    }
}

#[cfg(test)]
mod tests;
