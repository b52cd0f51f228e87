//! What the model finds when something is left out of the protocol. A model that finds nothing proves nothing.
//!
//! The schedule of a finding: `cargo test -p model --test weakenings <name> -- --nocapture`.

#![expect(clippy::print_stdout, reason = "a schedule is there to be read")]

use model::Invariant::{Acknowledged, Bound, Guarded, SharedTier};
use model::{Depth, Invariant, Scenario, Weakening, explore_without};

/// Requires that each of these invariants is seen broken, and prints how it comes to that.
fn found(weakening: Weakening, scenario: fn(Depth) -> Scenario, broken: &[Invariant]) {
    let scenario = scenario(Depth::Usual);
    let exploration = explore_without(&scenario, weakening, broken);
    println!("{exploration}");
    for finding in exploration.findings() {
        println!("{}\n    {}", finding.name(), finding.schedule().join("\n    "));
    }
    for invariant in broken {
        assert!(exploration.has(invariant.name()), "{weakening:?} does no harm in `{}`", scenario.name());
    }
}

/// Requires that nothing is seen broken.
fn harmless(weakening: Weakening, scenario: fn(Depth) -> Scenario) {
    let exploration = explore_without(&scenario(Depth::Usual), weakening, &Invariant::ALL);
    println!("{exploration}");
    assert!(exploration.findings().is_empty(), "{:#?}", exploration.findings());
}

const ALL_OF_A_KEY: &[Invariant] = &[Bound, SharedTier, Acknowledged];

#[test]
fn a_blind_fill_is_found() {
    found(Weakening::BlindFill, Scenario::base, ALL_OF_A_KEY);
}

#[test]
fn a_lease_that_outlives_an_invalidation_is_found() {
    found(Weakening::InvalidationKeepsLease, Scenario::base, ALL_OF_A_KEY);
}

#[test]
fn an_invalidation_before_the_commit_is_found() {
    found(Weakening::InvalidationBeforeCommit, Scenario::base, ALL_OF_A_KEY);
}

#[test]
fn a_load_without_a_stamp_is_found() {
    found(Weakening::NoStamp, Scenario::base, &[Bound, Acknowledged]);
}

#[test]
fn a_stamp_after_the_first_question_is_found() {
    found(Weakening::StampAfterGet, Scenario::base, &[Bound, Acknowledged]);
}

#[test]
fn an_unfenced_load_without_a_lease_is_found() {
    found(Weakening::LeaselessLoadUnfenced, Scenario::base, &[Bound, Acknowledged]);
}

#[test]
fn a_chain_that_is_not_checked_is_found() {
    found(Weakening::NoGapCheck, Scenario::two_keys, &[Bound]);
}

#[test]
fn a_sync_point_that_is_not_compared_is_found() {
    found(Weakening::NoComparison, Scenario::base, &[Bound]);
}

#[test]
fn a_flush_that_fences_nothing_is_found() {
    found(Weakening::FlushWithoutFence, Scenario::base, &[Bound]);
}

#[test]
fn an_announcement_before_the_removal_is_found() {
    found(Weakening::AnnounceBeforeRemoval, Scenario::base, &[Bound]);
}

#[test]
fn a_writer_who_keeps_its_own_copies_is_found() {
    found(Weakening::NoDropAfterScript, Scenario::base, &[Acknowledged]);
}

#[test]
fn a_birth_after_the_load_is_found() {
    found(Weakening::BirthAfterLoad, Scenario::tag, ALL_OF_A_KEY);
}

#[test]
fn a_chain_of_tags_that_is_not_checked_is_found() {
    found(Weakening::NoGapCheckOfTags, Scenario::two_tags, &[Bound]);
}

/// The writer says that it is in sync, and what it told the server is forgotten.
#[test]
fn trust_before_the_replay_is_found() {
    found(Weakening::TrustBeforeRepair, Scenario::failover, &[SharedTier]);
}

/// Either of the two that keep a gap in the chain of tags harmless would do.
#[test]
fn of_doubt_and_distrust_in_a_gap_one_is_enough() {
    harmless(Weakening::GapLeavesNothingInDoubt, Scenario::two_tags);
    harmless(Weakening::TrustBeforeRepair, Scenario::two_tags);
}

#[test]
fn of_doubt_and_distrust_in_a_gap_one_is_needed() {
    found(Weakening::TrustInUndoubtedGap, Scenario::tag, &[Bound]);
}

#[test]
fn a_sequence_that_is_used_again_is_found() {
    found(Weakening::OldPositions, Scenario::failover_two_writes, &[Bound]);
}

#[test]
fn a_sequence_that_is_used_again_does_no_harm_to_who_follows_a_new_server_from_its_first_sync_point() {
    harmless(Weakening::SequenceByIncrement, Scenario::failover_two_writes);
}

/// As long as the clock of the next server is not behind, which is why it is told all the same.
#[test]
fn a_chain_that_is_not_raised_does_no_harm() {
    harmless(Weakening::NoRaise, Scenario::failover_elsewhere);
}

#[test]
fn a_writer_who_does_not_tell_again_is_found() {
    found(Weakening::NoReplay, Scenario::failover, &[SharedTier, Acknowledged]);
    found(Weakening::NoReplay, Scenario::failover_elsewhere, &[Bound]);
}

#[test]
fn what_is_told_again_and_not_doubted_is_found() {
    found(Weakening::ReplayRaisesNoDoubt, Scenario::failover, &[Acknowledged]);
}

#[test]
fn what_is_deferred_and_not_doubted_is_found() {
    found(Weakening::ReplayRaisesNoDoubt, Scenario::outage, &[Acknowledged]);
    found(Weakening::ReplayRaisesNoDoubt, Scenario::outage_of_tag, &[Acknowledged]);
}

#[test]
fn a_deferred_tag_that_flushes_nothing_is_found() {
    found(Weakening::DeferredTagFlushesNothing, Scenario::outage_of_tag, &[Acknowledged]);
}

#[test]
fn a_late_answer_that_settles_a_replay_is_found() {
    found(Weakening::LateAnswerSettlesReplay, Scenario::failover, &[SharedTier, Acknowledged]);
}

#[test]
fn a_reader_who_joins_an_overtaken_load_is_found() {
    found(Weakening::JoinsOvertaken, Scenario::joiners, &[Acknowledged]);
}

#[test]
fn a_passenger_who_looks_at_no_tags_is_found() {
    found(Weakening::PassengerUnchecked, Scenario::joiners_of_tagged, &[Acknowledged]);
}

#[test]
fn a_receipt_that_is_not_looked_at_is_found() {
    found(Weakening::ReceiptUnheeded, Scenario::joiners, &[Acknowledged]);
}

/// What keeps it right is the stamp. The refusal only keeps out what a lost notice would have let stay for the bound.
#[test]
fn a_refused_value_that_is_kept_does_no_harm() {
    harmless(Weakening::RefusedFillKept, Scenario::base);
}

#[test]
fn a_lease_under_a_guard_is_found() {
    found(Weakening::LeaseIgnoresGuards, Scenario::guarded, &[Guarded]);
}

#[test]
fn a_lease_from_before_a_guard_is_found() {
    found(Weakening::GuardKeepsLease, Scenario::guarded, &[Guarded]);
}

#[test]
fn a_value_from_before_a_guard_is_found() {
    found(Weakening::GuardKeepsValue, Scenario::guarded, &[Guarded]);
}

#[test]
fn an_invalidation_that_ends_all_guards_is_found() {
    found(Weakening::InvalidationEndsGuards, Scenario::guarded_and_another, &[Guarded]);
}

#[test]
fn what_is_kept_during_a_guarded_write_is_found() {
    found(Weakening::QuarantinedKept, Scenario::guarded, &[Bound]);
}
