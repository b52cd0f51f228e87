//! Where the chains were some time ago, so that a server which goes on from before that is found out.
//!
//! What a failover takes back is told again, from the [recovery log](crate::recovery), which goes back a minute. A server may
//! have forgotten more: one that was started from a snapshot, a replica that had heard of nothing for long. What was invalidated
//! since is there again, and nobody remembers what that was. But a chain is then behind where it was long ago, and that is
//! remembered: one position for each.
//!
//! A chain without any position says nothing: a server that has lost it has lost all that lay beside it, too.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use larder_core::{Chain, Moment, Sequence};

/// How far one milestone is from the next. The last but one counts: it was passed longer ago than a failover goes back, and not as
/// long ago as the log does.
const APART: Duration = Duration::from_secs(20);

/// If it is farther, there was nobody to ask, and milestones begin anew. Else the last but one would lie further back than
/// the log.
const TOO_FAR: Duration = Duration::from_secs(30);

/// The last two milestones, as soon as there is one.
#[derive(Debug)]
pub(crate) struct Milestones {
    passed: Mutex<Option<Passed>>,
    /// How long after a question the answer may come.
    patience: Duration,
}

#[derive(Debug)]
struct Passed {
    /// The last but one; at first, where the chains were found.
    before: Milestone,
    last: Milestone,
}

#[derive(Clone, Debug)]
struct Milestone {
    asked: Moment,
    positions: BTreeMap<Chain, Sequence>,
}

impl Milestones {
    pub(crate) fn new(patience: Duration) -> Self {
        Self { passed: Mutex::default(), patience }
    }

    /// Hears from the servers where all chains were when they were `asked`. Returns whether one is behind; then all begins anew
    /// from here.
    pub(crate) fn pass(&self, asked: Moment, positions: &[(Chain, Sequence)]) -> bool {
        let is_behind =
            |passed: &Passed| positions.iter().any(|&(chain, at)| passed.before.is_ahead(chain, at));
        let here = Milestone { asked, positions: positions.iter().copied().collect() };
        let mut passed = self.passed();
        let is_behind = passed.as_ref().is_some_and(is_behind);
        match &mut *passed {
            Some(passed) if !is_behind && passed.last.is_near(asked) => passed.go_on(here),
            passed => *passed = Some(Passed { before: here.clone(), last: here }),
        }
        is_behind
    }

    /// Hears from its server where a chain was when something that was `sent` then came there. Returns whether that is behind;
    /// then all begins anew with the next positions. An answer that may be older than the milestone says nothing.
    pub(crate) fn look_back(&self, chain: Chain, at: Sequence, sent: Moment) -> bool {
        let is_behind = |passed: &mut Passed| {
            sent >= passed.before.asked.after(self.patience) && passed.before.is_ahead(chain, at)
        };
        self.passed().take_if(is_behind).is_some()
    }

    fn passed(&self) -> MutexGuard<'_, Option<Passed>> {
        self.passed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Passed {
    fn go_on(&mut self, here: Milestone) {
        if here.asked.since(self.last.asked) >= APART {
            self.before = std::mem::replace(&mut self.last, here);
        }
    }
}

impl Milestone {
    fn is_near(&self, asked: Moment) -> bool {
        asked.since(self.asked) < TOO_FAR
    }

    fn is_ahead(&self, chain: Chain, of: Sequence) -> bool {
        of > Sequence::ZERO && self.positions.get(&chain).is_some_and(|here| of < *here)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(1);

    fn milestones() -> Milestones {
        Milestones::new(PATIENCE)
    }

    fn after(seconds: u64) -> Moment {
        Moment::ORIGIN.after(Duration::from_secs(seconds))
    }

    fn at(position: u64) -> [(Chain, Sequence); 1] {
        [(Chain::Tags, Sequence::new(position))]
    }

    fn looks_back(milestones: &Milestones, position: u64, sent: Moment) -> bool {
        milestones.look_back(Chain::Tags, Sequence::new(position), sent)
    }

    /// One that was at 100 first and then, every ten seconds, a hundred further.
    fn walked() -> Milestones {
        let milestones = milestones();
        for step in 0..=9 {
            assert!(!milestones.pass(after(10 * step), &at(100 + 100 * step)));
        }
        milestones
    }

    fn check(position: u64, is_behind: bool) {
        assert_eq!(walked().pass(after(100), &at(position)), is_behind, "{position}");
        assert_eq!(looks_back(&walked(), position, after(100)), is_behind, "{position}");
    }

    #[test]
    fn only_what_is_behind_the_last_but_one_has_gone_back_too_far() {
        for behind in [1, 100, 699] {
            check(behind, true);
        }
        for not_behind in [700, 899, 1_000, 5_000] {
            check(not_behind, false);
        }
    }

    #[test]
    fn a_chain_that_is_gone_is_not_behind() {
        check(0, false);
    }

    #[test]
    fn where_it_was_found_is_a_milestone() {
        let milestones = milestones();
        assert!(!looks_back(&milestones, 1, after(100)));
        assert!(!milestones.pass(after(0), &at(100)) && !milestones.pass(after(1), &at(200)));
        assert!(!looks_back(&milestones, 100, after(1)));
        assert!(looks_back(&milestones, 99, after(1)));
    }

    #[test]
    fn an_answer_that_may_be_older_than_the_milestone_says_nothing() {
        let milestones = milestones();
        milestones.pass(after(10), &at(100));
        assert!(!looks_back(&milestones, 99, after(10)), "it may have been there before the question was");
        assert!(looks_back(&milestones, 99, after(11)));
    }

    #[test]
    fn after_a_long_silence_milestones_begin_anew() {
        let milestones = walked();
        assert!(!milestones.pass(after(1_000), &at(5_000)));
        assert!(milestones.pass(after(1_001), &at(4_999)));
    }

    #[test]
    fn it_is_told_once() {
        for passes in [true, false] {
            let milestones = milestones();
            milestones.pass(after(0), &at(100));
            let is_behind = if passes {
                milestones.pass(after(1), &at(50))
            } else {
                looks_back(&milestones, 50, after(1))
            };
            assert!(is_behind && !milestones.pass(after(2), &at(50)));
            assert!(milestones.pass(after(3), &at(49)));
        }
    }
}
