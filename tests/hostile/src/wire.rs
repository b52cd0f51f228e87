//! What workers and conductor say to each other: one line of JSON each. A line that a dying worker did not end is none.

use std::ops::Range;

use larder_core::Moment;
use larder_testkit::history::{Read, Source};
use serde::{Deserialize, Serialize};

use crate::name::Name;

/// What a worker says.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Said {
    /// The first word, with its number.
    Hello(usize),
    Ask(u64, Question),
    /// The fleet had been told of a version by this moment.
    Told {
        name: Name,
        version: u64,
        at: u64,
        receipt: Option<String>,
    },
    /// The invalidation of a version had returned by this moment, and is deferred.
    Deferred {
        name: Name,
        version: u64,
        at: u64,
    },
    Read(Seen),
    State(State),
    /// A read or a write that went as none may.
    Wrong(String),
    /// It has read everything once more.
    Swept,
}

/// What a worker wants of the database.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Question {
    /// The versions of these; 0 for what is not there.
    Load(Vec<Name>),
    /// COMMIT: a new version for each of these, all at once.
    Write(Vec<Name>, Manner),
    /// The last receipt that somebody got for this, and of which version.
    Receipt(Name),
}

/// How a write is told to the fleet.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Manner {
    /// By its keys.
    Keys,
    /// By a tag that they carry.
    Tag,
    /// By its keys, which are guarded from the one moment to the other.
    Guarded(Range<u64>),
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Answer {
    Versions(Vec<u64>),
    Receipt(Option<(u64, String)>),
}

/// What a reader was told. Times are nanoseconds, as of a [`Moment`].
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Seen {
    pub(crate) name: Name,
    pub(crate) began: u64,
    pub(crate) ended: u64,
    /// How long that took while the process was let run.
    pub(crate) awake: u64,
    /// What the value says it is, and its version; 0 if there is none.
    pub(crate) found: Name,
    pub(crate) version: u64,
    pub(crate) tier: Tier,
    pub(crate) how: How,
    /// The version whose receipt it had.
    pub(crate) at_least: u64,
    pub(crate) is_stale: bool,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) enum Tier {
    Local,
    Remote,
    Origin,
}

/// By what kind of read.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) enum How {
    Load,
    Receipt,
    Many,
    Cancelled,
    Get,
    Refresh,
    /// Past this process's memory.
    SkipLocal,
}

/// How a worker is.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct State {
    /// When it looked.
    pub(crate) at: u64,
    pub(crate) is_in_sync: bool,
    pub(crate) deferred: usize,
    /// In nanoseconds since its start.
    pub(crate) lost: u64,
    /// Its memory, in KiB.
    pub(crate) memory: u64,
    /// Since it last said so, between these moments, reads went on without the shared tier.
    pub(crate) alone: Option<(u64, u64)>,
}

/// What a worker is told.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) enum Order {
    /// To write no more.
    Quiet,
    /// To read everything once more.
    Sweep,
    /// That its wall clock is wrong by so many milliseconds.
    Wall(i64),
    /// To end, or to be stopped, in the middle of something.
    Meet(Fate),
    /// To end in order.
    Leave,
}

/// What becomes of a worker, where, and how often that place may wait before.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Fate {
    pub(crate) blow: Blow,
    pub(crate) place: Place,
    pub(crate) waits: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Blow {
    /// It is no more.
    Death,
    /// It stands still until somebody lets it go on.
    Stop,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Place {
    /// In an invalidation.
    Invalidation,
    /// In a loader.
    Load,
    /// In a guarded write, after its COMMIT.
    Guard,
}

/// What goes to a worker.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Line {
    Answer(u64, Answer),
    Order(Order),
}

impl Seen {
    pub(crate) fn into_read(self, node: usize) -> Read<Name> {
        let source = match self.tier {
            Tier::Local => Source::Local,
            Tier::Remote => Source::Remote,
            Tier::Origin => Source::Origin,
        };
        let [began, ended] = [self.began, self.ended].map(Moment::from_nanos);
        let read = Read::new(self.name, node, began, ended, source)
            .found(self.found, self.version)
            .at_least(self.at_least);
        if self.is_stale { read.marked_stale() } else { read }
    }
}

/// A line, with its end.
pub(crate) fn line(said: &impl Serialize) -> Vec<u8> {
    let mut line = serde_json::to_vec(said).expect("everything that is said can be written down");
    line.push(b'\n');
    line
}
