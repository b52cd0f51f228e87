//! Where the chains were some time ago, so that a server which goes on from before that is found out.
//!
//! What a failover takes back is told again, from the [recovery log](crate::recovery), which knows the last minute. A server may
//! have forgotten more: one that was started from a snapshot, a replica that had heard of nothing for long. What was invalidated
//! since is there again, and nobody remembers what that was. But a chain is then behind where it was long ago, and that is
//! remembered: one position for each.
//!
//! A chain without any position says nothing: a server that has lost it has lost all that lay beside it, too.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use larder_core::{Chain, Moment, Sequence};

/// How far one milestone is from the next. The last but one counts, which is passed once or twice as long ago: by far longer than
/// what a failover takes back, and not as long as the log goes back.
const APART: Duration = Duration::from_secs(20);

/// The last two milestones, as soon as there is one.
#[derive(Debug, Default)]
pub(crate) struct Milestones(Mutex<Option<Passed>>);

#[derive(Debug)]
struct Passed {
    /// Where the chains were at the last but one; on the first way, where they were found.
    before: BTreeMap<Chain, Sequence>,
    last: BTreeMap<Chain, Sequence>,
    /// When the last was passed.
    at: Moment,
}

impl Milestones {
    /// Hears from the servers where all chains were when they were `asked`. Returns whether one is behind; then all begins anew
    /// from here.
    pub(crate) fn pass(&self, asked: Moment, positions: &[(Chain, Sequence)]) -> bool {
        let mut passed = self.passed();
        let is_behind = positions.iter().any(|&(chain, at)| Self::is_behind(passed.as_ref(), chain, at));
        let here = || positions.iter().copied().collect::<BTreeMap<_, _>>();
        match &mut *passed {
            Some(passed) if !is_behind => {
                if asked.since(passed.at) >= APART {
                    passed.before = std::mem::replace(&mut passed.last, here());
                    passed.at = asked;
                }
            }
            passed => *passed = Some(Passed { before: here(), last: here(), at: asked }),
        }
        is_behind
    }

    /// Hears from its server where a chain was just now. Returns whether that is behind; then all begins anew with the next
    /// positions.
    pub(crate) fn look_back(&self, chain: Chain, at: Sequence) -> bool {
        let mut passed = self.passed();
        let is_behind = Self::is_behind(passed.as_ref(), chain, at);
        if is_behind {
            *passed = None;
        }
        is_behind
    }

    fn is_behind(passed: Option<&Passed>, chain: Chain, at: Sequence) -> bool {
        let before = passed.and_then(|passed| passed.before.get(&chain));
        at > Sequence::ZERO && before.is_some_and(|before| at < *before)
    }

    fn passed(&self) -> MutexGuard<'_, Option<Passed>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(seconds: u64) -> Moment {
        Moment::ORIGIN.after(Duration::from_secs(seconds))
    }

    fn at(position: u64) -> [(Chain, Sequence); 1] {
        [(Chain::Tags, Sequence::new(position))]
    }

    /// After it was at 100 first and then, every ten seconds, a hundred further.
    fn check(behind: &[u64], not_behind: &[u64]) {
        let walk = || {
            let milestones = Milestones::default();
            for step in 0..=9 {
                assert!(!milestones.pass(after(10 * step), &at(100 + 100 * step)));
            }
            milestones
        };
        for (positions, is_behind) in [(behind, true), (not_behind, false)] {
            for &position in positions {
                assert_eq!(walk().pass(after(100), &at(position)), is_behind, "{position}");
                assert_eq!(walk().look_back(Chain::Tags, Sequence::new(position)), is_behind, "{position}");
            }
        }
    }

    #[test]
    fn only_what_is_behind_the_last_but_one_has_gone_back_too_far() {
        check(&[1, 100, 699], &[700, 899, 1_000, 5_000]);
    }

    #[test]
    fn a_chain_that_is_gone_is_not_behind() {
        check(&[], &[0]);
    }

    #[test]
    fn where_it_was_found_is_a_milestone() {
        let milestones = Milestones::default();
        assert!(!milestones.look_back(Chain::Tags, Sequence::new(1)));
        assert!(!milestones.pass(after(0), &at(100)) && !milestones.pass(after(1), &at(200)));
        assert!(!milestones.look_back(Chain::Tags, Sequence::new(100)));
        assert!(milestones.look_back(Chain::Tags, Sequence::new(99)));
    }

    #[test]
    fn it_is_told_once() {
        for way in ["pass", "look back"] {
            let milestones = Milestones::default();
            milestones.pass(after(0), &at(100));
            let is_behind = match way {
                "pass" => milestones.pass(after(1), &at(50)),
                _ => milestones.look_back(Chain::Tags, Sequence::new(50)),
            };
            assert!(is_behind && !milestones.pass(after(2), &at(50)), "{way}");
            assert!(milestones.pass(after(3), &at(49)), "{way}");
        }
    }
}
