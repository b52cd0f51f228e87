//! What was promised.

use std::ops::Range;
use std::time::Duration;

use larder_core::Moment;

use super::Read;

/// What the reads of a history are held against.
#[derive(Clone, Debug)]
pub struct Contract {
    bound: Duration,
    phases: Vec<Phase>,
    quiet_from: Moment,
}

impl Contract {
    /// No answer may be staler than `bound`. Add to it by how much the clocks that take part may be late: one that shows
    /// the kernel's last tick, 10 ms.
    pub const fn new(bound: Duration) -> Self {
        Self { bound, phases: Vec::new(), quiet_from: Moment::NEVER }
    }

    /// While this phase lasts it is as the phase says. Of several that overlap the most lenient counts.
    #[must_use]
    pub fn phase(mut self, phase: Phase) -> Self {
        self.phases.push(phase);
        self
    }

    /// From this moment on everybody has the last version of everything. To be true it must lie a bound after the last write,
    /// and after the last fault was healed.
    #[must_use]
    pub const fn quiet_from(mut self, moment: Moment) -> Self {
        self.quiet_from = moment;
        self
    }

    /// The phases, in the order in which they were added.
    pub fn phases(&self) -> &[Phase] {
        &self.phases
    }

    pub(super) fn bound_of<K>(&self, read: &Read<K>) -> Duration {
        let bounds = self.phases_of(read).filter_map(|phase| phase.bound);
        bounds.fold(self.bound, Duration::max)
    }

    pub(super) fn forgives<K>(&self, read: &Read<K>) -> bool {
        self.phases_of(read).any(|phase| phase.is_forgetful)
    }

    pub(super) fn is_quiet_at(&self, moment: Moment) -> bool {
        moment >= self.quiet_from
    }

    fn phases_of<K>(&self, read: &Read<K>) -> impl Iterator<Item = &Phase> {
        self.phases.iter().filter(|phase| phase.has(read))
    }
}

/// A time in which something is wrong. The reads that were under way in it belong to it.
#[derive(Clone, Debug)]
pub struct Phase {
    name: String,
    time: Range<Moment>,
    bound: Option<Duration>,
    is_forgetful: bool,
}

impl Phase {
    /// A phase with a name, which is the promise's as usual. It should not end before its effects do.
    pub fn new(name: impl Into<String>, time: Range<Moment>) -> Self {
        Self { name: name.into(), time, bound: None, is_forgetful: false }
    }

    /// Meanwhile answers may be this stale.
    #[must_use]
    pub const fn bound(mut self, bound: Duration) -> Self {
        self.bound = Some(bound);
        self
    }

    /// Meanwhile the server may have forgotten what it acknowledged: a failover. C2, C3 and C5 do not apply, and C1 with the
    /// phase's bound.
    #[must_use]
    pub const fn forgetful(mut self) -> Self {
        self.is_forgetful = true;
        self
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// When it is.
    pub const fn time(&self) -> &Range<Moment> {
        &self.time
    }

    pub(super) fn has<K>(&self, read: &Read<K>) -> bool {
        read.began < self.time.end && self.time.start <= read.ended
    }
}
