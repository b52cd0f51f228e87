//! What holds, in every schedule of each scenario.
//!
//! To see what a run has come to: `cargo xtask model`, or with more of everything `cargo xtask model --deep`.

#![expect(clippy::print_stdout, reason = "what an exploration comes to is a row of a table")]

use model::{Depth, Scenario, Witness, explore, look_for};

/// Tries every schedule. The witnesses show that something happens in them.
fn check(scenario: fn(Depth) -> Scenario, witnesses: &[Witness]) {
    let depth = Depth::from_environment();
    let scenario = scenario(depth);
    let exploration = explore(&scenario, depth.limit());
    println!("{exploration}");
    assert!(exploration.findings().is_empty(), "{:#?}", exploration.findings());
    let seen = look_for(&scenario, witnesses, depth.limit());
    for witness in witnesses {
        let is_seen = seen.has(witness.name()) || seen.is_cut_short();
        assert!(is_seen, "{}: there is never {}", scenario.name(), witness.name());
    }
}

#[test]
fn one_write_is_safe() {
    let witnesses = [Witness::Hit, Witness::NewHit, Witness::RefusedFill, Witness::OvertakenLoad];
    check(Scenario::base, &witnesses);
}

#[test]
fn two_writes_are_safe() {
    check(Scenario::two_writes, &[Witness::NewHit, Witness::RefusedFill]);
}

#[test]
fn a_write_of_another_key_hides_no_loss() {
    check(Scenario::two_keys, &[Witness::NewHit]);
}

#[test]
fn a_cut_line_is_safe() {
    check(Scenario::cut_line, &[Witness::NewHit, Witness::Distrust]);
}

#[test]
fn a_tag_is_safe() {
    check(Scenario::tag, &[Witness::NewHit, Witness::Gap]);
}

#[test]
fn a_tag_and_a_key_are_safe_in_either_order() {
    check(Scenario::tag_and_key, &[Witness::NewHit, Witness::Gap]);
}

#[test]
fn another_tag_hides_no_loss() {
    check(Scenario::two_tags, &[Witness::NewHit, Witness::Gap]);
}

#[test]
fn what_the_server_may_not_have_been_told_is_not_believed() {
    check(Scenario::outage, &[Witness::NewHit, Witness::Replay]);
}

#[test]
fn a_tag_that_the_server_may_not_have_been_told_is_not_believed() {
    check(Scenario::outage_of_tag, &[Witness::NewHit, Witness::Replay]);
}

#[test]
fn a_failover_is_mended_by_its_writer() {
    let witnesses = [Witness::NewHit, Witness::Distrust, Witness::Replay, Witness::Replayed];
    check(Scenario::failover, &witnesses);
}

#[test]
fn a_failover_is_mended_for_others() {
    check(Scenario::failover_elsewhere, &[Witness::NewHit, Witness::Replay, Witness::Replayed]);
}

#[test]
fn a_sequence_is_not_used_again_after_a_failover() {
    check(Scenario::failover_two_writes, &[Witness::NewHit, Witness::Replay]);
}

#[test]
fn a_tag_that_a_failover_forgets_is_told_again() {
    check(Scenario::failover_tag, &[Witness::NewHit, Witness::Replay, Witness::Replayed]);
}

#[test]
fn who_joins_a_load_is_given_nothing_from_before() {
    check(Scenario::joiners, &[Witness::Join, Witness::NewHit, Witness::RefusedFill]);
}

#[test]
fn who_joins_a_load_of_a_tagged_value_is_given_nothing_from_before() {
    check(Scenario::joiners_of_tagged, &[Witness::Join, Witness::LateJoin]);
}

#[test]
fn a_guarded_write_outlives_its_writer() {
    let witnesses = [Witness::Quarantine, Witness::RefusedFill, Witness::DeadWriter, Witness::NewHit];
    check(Scenario::guarded, &witnesses);
}

#[test]
fn an_ordinary_write_ends_no_guard() {
    check(Scenario::guarded_and_another, &[Witness::Quarantine, Witness::DeadWriter]);
}

#[test]
fn of_two_guards_both_hold() {
    check(Scenario::two_guarded, &[Witness::Quarantine, Witness::DeadWriter]);
}
