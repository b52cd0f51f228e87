//! How a queue is set up, and what of that cannot work.

use std::fmt;
use std::time::Duration;

use larder_core::{Error, ErrorKind, Result};

use crate::durability::Durability;

/// The largest write: a file of the log can hold it whatever else is in its last frame.
pub(crate) const LARGEST: usize = 256 << 20;

/// Longer than anybody waits, and short enough to be added to any moment.
const LONGEST_WAIT: Duration = Duration::from_secs(365 * 24 * 3_600);

#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) durability: Durability,
    pub(crate) batch: usize,
    pub(crate) linger: Duration,
    pub(crate) attempts: u32,
    pub(crate) first_wait: Duration,
    pub(crate) longest_wait: Duration,
    pub(crate) sink_deadline: Duration,
    pub(crate) capacity: usize,
    pub(crate) capacity_in_bytes: usize,
    pub(crate) wait_for_room: Duration,
    pub(crate) file_size: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            durability: Durability::Synced,
            batch: 256,
            linger: Duration::from_millis(20),
            attempts: 10,
            first_wait: Duration::from_millis(50),
            longest_wait: Duration::from_secs(30),
            sink_deadline: Duration::from_secs(30),
            capacity: 100_000,
            capacity_in_bytes: 64 << 20,
            wait_for_room: Duration::from_secs(5),
            file_size: 4 << 20,
        }
    }
}

impl Settings {
    pub(crate) fn check(&self) -> Result<()> {
        let Self { batch, attempts, capacity, capacity_in_bytes, .. } = *self;
        refuse_if(batch == 0, "batch", batch, "a batch holds one write at least")?;
        refuse_if(attempts == 0, "attempts", attempts, "there is one attempt at least")?;
        refuse_if(capacity == 0, "capacity", capacity, "nothing could be queued")?;
        refuse_if(capacity_in_bytes == 0, "capacity_in_bytes", capacity_in_bytes, "nothing could be queued")?;
        let sizes = 4_096..=1 << 30;
        refuse_if(
            !sizes.contains(&self.file_size),
            "file_size",
            self.file_size,
            "a file has 4 KiB to 1 GiB",
        )?;
        if let Durability::Within(window) = self.durability {
            let reason = "writes that are synced at once are those of `Durability::Synced`";
            refuse_if(window.is_zero(), "durability", "within 0 s", reason)?;
            let text = format!("within {window:?}");
            refuse_if(window > LONGEST_WAIT, "durability", text, "nobody waits for years")?;
        }
        refuse_if(self.first_wait.is_zero(), "back_off", "0 s", "it could not grow")?;
        let waits = format!("{:?} to {:?}", self.first_wait, self.longest_wait);
        refuse_if(
            self.first_wait > self.longest_wait,
            "back_off",
            waits,
            "the longest wait is shorter than the first",
        )?;
        refuse_if(self.sink_deadline.is_zero(), "sink_deadline", "0 s", "no sink could be in time")?;
        let durations = [
            ("linger", self.linger),
            ("back_off", self.longest_wait),
            ("sink_deadline", self.sink_deadline),
            ("wait_for_room", self.wait_for_room),
        ];
        durations.into_iter().try_for_each(|(name, wait)| {
            refuse_if(wait > LONGEST_WAIT, name, format!("{wait:?}"), "nobody waits for years")
        })
    }
}

fn refuse_if(wrong: bool, name: &'static str, value: impl fmt::Display, reason: &'static str) -> Result<()> {
    if wrong { Err(Error::new(ErrorKind::Invalid, reason).with(name, value)) } else { Ok(()) }
}
