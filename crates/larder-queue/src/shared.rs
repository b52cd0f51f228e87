//! What the callers, the keeper of the log and the courier to the sink have in common.
//!
//! ```text
//!   put ──▶ incoming ──▶ keeper: log, sync ──▶ backlog ──▶ courier ──▶ sink
//!    ▲          ▲            │ acknowledges                   │
//!    └──────────│────────────┘                                │ done, set aside
//!               └─────────────────────────────────────────────┘
//! ```
//!
//! Whatever is to be in the log goes through `incoming`, in the order in which it happened: a version is given out, and a
//! write taken out of the backlog, under the lock under which that is noted there.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use larder_core::{Clock, Error, ErrorKind, Result};
use tokio::sync::{Notify, oneshot};

use crate::backlog::{self, Backlog};
use crate::log::record;
use crate::poisoned::Poison;
use crate::settings::Settings;
use crate::stats::Stats;

#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) settings: Settings,
    pub(crate) clock: Clock,
    state: Mutex<State>,
    /// Tells the keeper that there is something for the log.
    pub(crate) for_log: Condvar,
    /// Tells the courier that something is ready, or that the queue is closed.
    pub(crate) for_sink: Notify,
    /// Tells those who wait for room, or for the end, that a write is over.
    pub(crate) less: Notify,
}

#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) backlog: Backlog,
    /// What the keeper has yet to write down.
    pub(crate) incoming: VecDeque<Incoming>,
    /// The room that is promised to puts which are not in the backlog yet.
    reserved: Room,
    /// The last version that was given out.
    pub(crate) last: u64,
    /// The last version that is on the disk. No newer one is given to the sink.
    pub(crate) synced: u64,
    pub(crate) phase: Phase,
    /// Whether the courier has taken a batch, and not yet told the cache what became of it.
    pub(crate) is_under_way: bool,
    /// Why nothing can be put any more.
    pub(crate) broken: Option<Error>,
    pub(crate) counted: Stats,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    #[default]
    Open,
    /// Nothing is put any more; what is there is written.
    Draining,
    /// The courier is told to end, and writes nothing more.
    Stopping,
    /// The keeper writes down what it has been given, and ends.
    Ending,
}

/// Part of the capacity.
#[derive(Clone, Copy, Debug, Default)]
struct Room {
    entries: usize,
    bytes: usize,
}

/// Something for the log, and whoever waits for it to be there.
#[derive(Debug)]
pub(crate) struct Incoming {
    pub(crate) what: What,
    pub(crate) waiting: Option<oneshot::Sender<Result<()>>>,
}

#[derive(Debug)]
pub(crate) enum What {
    Put { version: u64, text: Arc<str>, sealed: Bytes },
    Done { version: u64 },
    SetAside { version: u64, attempts: u32, poison: Poison },
    Revived { version: u64 },
}

/// The end of something that the keeper was asked to write down.
pub(crate) type Acknowledgement = oneshot::Receiver<Result<()>>;

impl Shared {
    pub(crate) fn new(settings: Settings, clock: Clock, state: State) -> Self {
        Self {
            settings,
            clock,
            state: Mutex::new(state),
            for_log: Condvar::new(),
            for_sink: Notify::new(),
            less: Notify::new(),
        }
    }

    /// Nobody panics while holding it, but for a defect of ours; the state is then as good as before.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues a write, if there is room.
    pub(crate) fn put(&self, text: &Arc<str>, sealed: &Bytes) -> Result<(u64, Acknowledgement)> {
        let mut state = self.state();
        state.check_open()?;
        state.reserve(&self.settings, backlog::cost(text, sealed))?;
        // Microseconds of the wall clock, so that the versions of several nodes, and those after the folder was lost, have
        // about the order of their writes; and never less than before, whatever the clock does.
        let version = (state.last + 1).max(self.clock.unix_millis() * 1_000);
        state.last = version;
        let what = What::Put { version, text: text.clone(), sealed: sealed.clone() };
        let acknowledgement = state.note_and_wait(what);
        drop(state);
        self.for_log.notify_one();
        Ok((version, acknowledgement))
    }

    /// The courier is done with its batch.
    pub(crate) fn come_back(&self) {
        self.state().is_under_way = false;
        self.less.notify_waiters();
    }

    /// Enters a phase, unless it is over.
    pub(crate) fn enter(&self, phase: Phase) {
        let mut state = self.state();
        state.phase = state.phase.max(phase);
        drop(state);
        self.wake_all();
    }

    pub(crate) fn wake_all(&self) {
        self.for_log.notify_one();
        self.for_sink.notify_one();
        self.less.notify_waiters();
    }

    pub(crate) fn stats(&self) -> Stats {
        let state = self.state();
        let age = |queued_at: u64| {
            std::time::Duration::from_millis(self.clock.unix_millis().saturating_sub(queued_at / 1_000))
        };
        Stats {
            pending: state.backlog.pending(),
            poisoned: state.backlog.poisoned_count(),
            bytes: state.backlog.bytes(),
            oldest_pending: state.backlog.oldest().map(age),
            ..state.counted.clone()
        }
    }
}

impl State {
    /// That of a queue which is opened again: all that is there is on the disk.
    pub(crate) fn restored(last: u64, torn: u64) -> Self {
        Self { last, synced: last, counted: Stats { torn, ..Stats::default() }, ..Self::default() }
    }

    /// Whether something can be put, or changed by hand.
    pub(crate) fn check_open(&self) -> Result<()> {
        match (&self.broken, self.phase) {
            (Some(broken), _) => Err(broken.clone()),
            (None, Phase::Open) => Ok(()),
            (None, _) => Err(Error::new(ErrorKind::Closed, "the queue has been shut down")),
        }
    }

    /// Has something written down, some time.
    pub(crate) fn note(&mut self, what: What) {
        self.incoming.push_back(Incoming { what, waiting: None });
    }

    /// Has something written down, and tells when it is there as the durability demands.
    pub(crate) fn note_and_wait(&mut self, what: What) -> Acknowledgement {
        let (waiting, acknowledgement) = oneshot::channel();
        self.incoming.push_back(Incoming { what, waiting: Some(waiting) });
        acknowledgement
    }

    /// Whether nothing is left that could be written, or that the cache could be told.
    pub(crate) fn is_drained(&self) -> bool {
        self.broken.is_some()
            || self.phase >= Phase::Stopping
            || (self.backlog.pending() == 0 && self.reserved.entries == 0 && !self.is_under_way)
    }

    /// Gives back the room of a put: it is in the backlog now, or will never be.
    pub(crate) fn release(&mut self, cost: usize) {
        self.reserved.entries -= 1;
        self.reserved.bytes -= cost;
    }

    fn reserve(&mut self, settings: &Settings, cost: usize) -> Result<()> {
        let entries = self.backlog.len() + self.reserved.entries;
        let bytes = self.backlog.bytes() + self.reserved.bytes;
        if entries >= settings.capacity || bytes + cost > settings.capacity_in_bytes {
            return Err(Error::new(ErrorKind::Overloaded, "the queue is full")
                .with("entries", entries)
                .with("bytes", bytes)
                .with("poisoned", self.backlog.poisoned_count()));
        }
        self.reserved.entries += 1;
        self.reserved.bytes += cost;
        Ok(())
    }
}

impl Incoming {
    pub(crate) fn write(&self, into: &mut Vec<u8>) {
        match &self.what {
            What::Put { version, text, sealed } => record::put(into, *version, text, sealed),
            What::Done { version } => record::done(into, *version),
            What::SetAside { version, attempts, poison } => {
                record::set_aside(into, *version, *attempts, poison);
            }
            What::Revived { version } => record::revived(into, *version),
        }
    }
}
