//! When it was broken, and what was promised meanwhile.

use std::ops::Range;
use std::time::Duration;

use larder_core::Moment;
use larder_testkit::history::{Contract, History, Phase, Write};

use crate::fault::{Fault, Promise};
use crate::name::Name;
use crate::stage::Topology;

/// By how much the clocks of the processes may be late: they show the kernel's last tick.
pub(crate) const TICK: Duration = Duration::from_millis(10);

/// Until the last writer has told a new master what the old one took with it, once everybody knows who the master is.
pub(crate) const TOLD_AGAIN: Duration = Duration::from_secs(5);

/// Longer than any run.
const EVER: Duration = Duration::from_secs(86_400);

/// What a guard is lost by: a server that has lost its memory, or has jumped in time. If its writer is lost too, nobody knows.
const UNGUARDED: &[&str] = &[
    "server-killed",
    "server-restored",
    "everything-forgotten",
    "memory-evicted",
    "server-clock-ahead",
    "server-clock-behind",
    "clock-behind-and-worker-dead",
];

/// The name of the time in which nothing is broken.
pub(crate) const CALM: &str = "nothing is broken";

/// The time of one fault, until its effects are over.
#[derive(Clone, Debug)]
pub(crate) struct Window {
    pub(crate) fault: &'static Fault,
    /// That of the fault, or less if more happened than was to.
    pub(crate) promise: Promise,
    pub(crate) began: Moment,
    /// When the last thing was done to break it, or to heal it.
    pub(crate) done: Moment,
    /// When everybody who watches over servers had seen that it was healed.
    pub(crate) healed: Moment,
    pub(crate) in_sync: Moment,
    /// How long it took from the one to the other, while everybody was let run.
    pub(crate) recovery: Duration,
    pub(crate) topology: Topology,
    /// What was broken, in words.
    pub(crate) notes: String,
}

impl Window {
    /// Until when it may show in an answer.
    pub(crate) fn end(&self) -> Moment {
        let told_again = match self.promise {
            // Who is in sync has found it out, and has told it.
            Promise::Bound | Promise::UntilFoundOut => Duration::ZERO,
            Promise::UntilToldAgain => TOLD_AGAIN,
        };
        self.in_sync.after(told_again + self.topology.bound() + TICK)
    }

    /// How stale an answer may be meanwhile.
    pub(crate) fn bound(&self) -> Duration {
        match self.promise {
            Promise::Bound => self.topology.bound() + TICK,
            // What was acknowledged right before, and forgotten, is told again when there is whom to tell.
            Promise::UntilToldAgain => {
                self.done.since(self.began) + TOLD_AGAIN + self.topology.bound() + TICK
            }
            Promise::UntilFoundOut => EVER,
        }
    }

    /// Whether a guard may be lost by it that was begun in this time. A new master may not have heard of one that was
    /// begun shortly before.
    pub(crate) fn takes_guards_away(&self, begin: &Range<Moment>) -> bool {
        let is_lossy = self.promise > Promise::Bound || UNGUARDED.contains(&self.fault.name);
        is_lossy && begin.start < self.end() && self.began.before(self.topology.bound()) < begin.end
    }

    fn phase(&self) -> Phase {
        let phase = Phase::new(self.fault.name, self.began..self.end()).bound(self.bound());
        match self.promise {
            Promise::Bound => phase,
            Promise::UntilToldAgain | Promise::UntilFoundOut => phase.forgetful(),
        }
    }
}

/// What was promised: a phase for each window, in their order, and then one for each time between two of them.
pub(crate) fn contract(topology: Topology, windows: &[Window], quiet_from: Moment) -> Contract {
    let mut contract = Contract::new(topology.bound() + TICK).quiet_from(quiet_from);
    for window in windows {
        contract = contract.phase(window.phase());
    }
    for (window, next) in windows.iter().zip(windows.iter().skip(1)) {
        if window.end() < next.began {
            contract = contract.phase(Phase::new(CALM, window.end()..next.began));
        }
    }
    contract
}

/// From when on everybody has the last version, if nothing was written any more by `quiet`.
pub(crate) fn quiet_from(topology: Topology, history: &History<Name>, quiet: Moment) -> Moment {
    let last = history.writes().iter().filter_map(Write::acknowledged_at).max();
    last.unwrap_or_default().max(quiet).after(topology.bound() + TICK)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::faults;

    /// One of the fault of this name that lasts from second 10 to 13.
    fn window(fault: &str) -> Window {
        let fault = faults::named(fault).unwrap();
        let [began, done, in_sync] =
            [10, 12, 13].map(|second| Moment::ORIGIN.after(Duration::from_secs(second)));
        Window {
            fault,
            promise: fault.promise,
            began,
            done,
            healed: done,
            in_sync,
            recovery: Duration::from_secs(1),
            topology: Topology::Sentinel,
            notes: String::new(),
        }
    }

    #[test]
    fn what_takes_guards_away_is_there() {
        assert!(UNGUARDED.iter().all(|name| faults::named(name).is_some()));
        let at = |second| Moment::ORIGIN.after(Duration::from_secs(second));
        assert!(window("server-killed").takes_guards_away(&(at(9)..at(10))));
        assert!(!window("server-killed").takes_guards_away(&(at(15)..at(16))));
        assert!(!window("messages-lost").takes_guards_away(&(at(9)..at(10))));
    }

    #[test]
    fn most_faults_entitle_to_nothing() {
        let window = window("worker-stopped");
        assert_eq!(window.bound(), Duration::from_millis(1_510));
        assert_eq!(window.end(), Moment::ORIGIN.after(Duration::from_millis(14_510)));
    }

    #[test]
    fn a_failover_entitles_to_its_time_and_to_that_of_the_telling() {
        let window = window("master-dies");
        assert_eq!(window.bound(), Duration::from_millis(2_000 + 5_000 + 1_510));
        assert_eq!(window.end(), Moment::ORIGIN.after(Duration::from_millis(19_510)));
    }
}
