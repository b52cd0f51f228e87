//! Bad histories by hand, each for one rule; and dice, whose histories are also judged the slow and simple way.

use std::time::Duration;

use fastrand::Rng;
use larder_core::Moment;
use larder_testkit::history::{Contract, History, Phase, Read, Rule, Source, Violation, Write};

const BOUND: Duration = Duration::from_millis(100);

/// A moment so many milliseconds after the beginning.
fn at(millis: u64) -> Moment {
    Moment::from_nanos(millis * 1_000_000)
}

fn write(version: u64, node: usize, began: u64, acknowledged: u64) -> Write<&'static str> {
    Write::new("ada", version, node, at(began)).acknowledged(at(acknowledged))
}

fn read(version: u64, node: usize, began: u64, ended: u64) -> Read<&'static str> {
    Read::new("ada", node, at(began), at(ended), Source::Local).found("ada", version)
}

fn history<K>(
    writes: impl IntoIterator<Item = Write<K>>,
    reads: impl IntoIterator<Item = Read<K>>,
) -> History<K> {
    let mut history = History::new();
    writes.into_iter().for_each(|write| history.add_write(write));
    reads.into_iter().for_each(|read| history.add_read(read));
    history
}

/// Two versions: the first acknowledged at 10 ms on node 0, the second at 20 ms on node 0.
fn two_writes() -> [Write<&'static str>; 2] {
    [write(1, 0, 5, 10), write(2, 0, 15, 20)]
}

#[track_caller]
fn check(reads: impl IntoIterator<Item = Read<&'static str>>, contract: &Contract, expected: &[Rule]) {
    let verdict = history(two_writes(), reads).judge(contract);
    let broken: Vec<Rule> = verdict.violations().iter().map(Violation::rule).collect();
    assert_eq!(broken, expected, "{verdict}");
}

fn usual() -> Contract {
    Contract::new(BOUND)
}

#[test]
fn what_is_allowed_breaks_nothing() {
    check(
        [
            // Before the commit, during it, and after it but within the bound.
            read(1, 1, 12, 13),
            read(2, 1, 15, 16),
            read(1, 2, 120, 121),
            read(2, 0, 20, 21),
        ],
        &usual(),
        &[],
    );
}

#[test]
fn c1_what_is_staler_than_the_bound_is_found() {
    check([read(1, 1, 121, 122)], &usual(), &[Rule::Stale]);
}

#[test]
fn c1_counts_from_the_first_version_that_was_missed() {
    // Version 2 is acknowledged last, but what it replaced was outdated since version 3.
    let writes = [write(1, 0, 1, 2), write(2, 0, 3, 300), write(3, 0, 4, 10)];
    let verdict = history(writes, [read(1, 1, 150, 151)]).judge(&usual());
    assert_eq!(verdict.violations()[0].rule(), Rule::Stale);
    assert_eq!(verdict.violations()[0].expected().unwrap().version(), 3);
    assert_eq!(verdict.staleness().largest(), Duration::from_millis(140));
}

#[test]
fn c2_a_writer_that_does_not_see_its_write_is_found() {
    check([read(1, 0, 20, 21)], &usual(), &[Rule::OwnWrite]);
    check([read(1, 0, 19, 25)], &usual(), &[]);
}

#[test]
fn c2_a_write_that_is_deferred_binds_its_own_node_alone() {
    let deferred = || Write::new("ada", 3, 0, at(25)).returned(at(30));
    let rules = |node| {
        let writes = two_writes().into_iter().chain([deferred()]);
        let verdict = history(writes, [read(2, node, 31, 32)]).judge(&usual());
        verdict.violations().iter().map(Violation::rule).collect::<Vec<_>>()
    };
    assert_eq!(rules(0), [Rule::OwnWrite]);
    assert_eq!(rules(1), []);
}

#[test]
fn c3_a_receipt_without_effect_is_found() {
    check([read(1, 1, 30, 31).at_least(2)], &usual(), &[Rule::Receipt]);
    check([read(2, 1, 30, 31).at_least(2)], &usual(), &[]);
}

#[test]
fn c4_what_nobody_has_written_yet_is_found() {
    check([read(2, 1, 12, 14)], &usual(), &[Rule::Unwritten]);
    check([read(7, 1, 12, 14)], &usual(), &[Rule::Unwritten]);
    check([read(2, 1, 12, 14).marked_stale()], &usual(), &[Rule::Unwritten]);
}

#[test]
fn c5_a_node_that_goes_back_is_found() {
    check([read(2, 1, 21, 22), read(1, 1, 30, 31)], &usual(), &[Rule::Backwards]);
    // Another node may, and so may this one as long as the write is not acknowledged, or both reads are under way.
    check([read(2, 1, 21, 22), read(1, 2, 30, 31)], &usual(), &[]);
    check([read(2, 1, 16, 17), read(1, 1, 18, 19)], &usual(), &[]);
    check([read(2, 1, 21, 35), read(1, 1, 30, 31)], &usual(), &[]);
}

#[test]
fn c5_what_was_seen_before_it_was_acknowledged_does_not_count() {
    // The caches had what was before, and rightly so: who looked into them in between may have left it here.
    check([read(2, 1, 16, 17), read(1, 1, 20, 21)], &usual(), &[]);
    check([read(2, 1, 19, 22), read(1, 1, 30, 31)], &usual(), &[]);
    check([read(2, 1, 20, 22), read(1, 1, 30, 31)], &usual(), &[Rule::Backwards]);
}

#[test]
fn c5_a_write_that_is_known_by_its_tag_alone_does_not_count() {
    let [first, second] = two_writes();
    let verdict =
        history([first, second.indirect()], [read(2, 1, 21, 22), read(1, 1, 30, 31)]).judge(&usual());
    assert!(verdict.is_clean(), "{verdict}");
}

#[test]
fn c6_another_key_s_value_is_found() {
    check([read(1, 1, 12, 13).found("bob", 1)], &usual(), &[Rule::OtherKey]);
    check([read(1, 1, 12, 13).found("bob", 1).marked_stale()], &usual(), &[Rule::OtherKey]);
}

#[test]
fn c7_whoever_does_not_agree_in_the_end_is_found() {
    let quiet = usual().quiet_from(at(50));
    check([read(1, 1, 50, 51)], &quiet, &[Rule::Divergent]);
    check([read(1, 1, 49, 51)], &quiet, &[]);
}

#[test]
fn c7_a_write_that_nobody_was_told_of_may_be_seen_or_not() {
    let writes = || two_writes().into_iter().chain([Write::new("ada", 3, 0, at(25))]);
    let quiet = usual().quiet_from(at(50));
    let rules = |version| {
        let verdict = history(writes(), [read(version, 1, 60, 61)]).judge(&quiet);
        verdict.violations().iter().map(Violation::rule).collect::<Vec<_>>()
    };
    assert_eq!(rules(3), []);
    assert_eq!(rules(2), []);
    assert_eq!(rules(1), [Rule::Divergent]);
}

#[test]
fn c9_an_insert_that_is_not_seen_is_found() {
    check([read(0, 1, 111, 112)], &usual(), &[Rule::Unseen]);
    check([read(0, 1, 109, 112)], &usual(), &[]);
}

#[test]
fn what_is_marked_as_stale_may_be_as_stale_as_it_is() {
    check([read(1, 0, 500, 501).at_least(2).marked_stale()], &usual().quiet_from(at(1)), &[]);
}

#[test]
fn a_phase_has_its_own_bound_and_its_own_histogram() {
    let phase = Phase::new("frozen", at(100)..at(300)).bound(Duration::from_millis(200));
    let contract = usual().phase(phase);
    let reads = [read(1, 1, 219, 219), read(1, 1, 299, 299), read(1, 1, 300, 300)];
    let verdict = history(two_writes(), reads).judge(&contract);
    let broken: Vec<_> = verdict.violations().iter().map(|violation| violation.read().began()).collect();
    assert_eq!(broken, [at(299), at(300)]);
    assert_eq!(verdict.phases()[0].1.largest(), Duration::from_millis(279));
    assert_eq!(verdict.staleness().count(), 3);
}

#[test]
fn of_phases_that_overlap_the_most_lenient_counts_but_none_is_stricter_than_usual() {
    let long = Phase::new("long", at(0)..at(400)).bound(Duration::from_millis(200));
    let short = Phase::new("short", at(0)..at(400)).bound(Duration::from_millis(50));
    check([read(1, 1, 219, 220)], &usual().phase(short.clone()).phase(long), &[]);
    check([read(1, 1, 119, 120)], &usual().phase(short), &[]);
}

#[test]
fn a_forgetful_phase_forgives_all_but_what_its_bound_says() {
    let phase = Phase::new("failover", at(0)..at(100)).forgetful();
    let reads = [read(2, 0, 21, 22), read(1, 0, 30, 31).at_least(2), read(1, 0, 100, 101)];
    check(reads, &usual().phase(phase), &[Rule::OwnWrite]);
}

#[test]
fn a_read_that_is_under_way_when_a_phase_begins_belongs_to_it() {
    let phase = |from| Phase::new("failover", at(from)..at(100)).forgetful();
    check([read(1, 0, 30, 40)], &usual().phase(phase(40)), &[]);
    check([read(1, 0, 30, 40)], &usual().phase(phase(41)), &[Rule::OwnWrite]);
}

#[test]
fn a_violation_tells_who_read_what_when_and_what_should_have_been_seen() {
    let verdict = history(two_writes(), [read(1, 1, 125, 126)]).judge(&usual());
    let told = verdict.violations()[0].to_string();
    let expected = "C1, staler than the bound: at 120ms node 1 asked for \"ada\" and found \"ada\" in version 1 (local); \
                    version 2 was written on node 0 and acknowledged 105ms before";
    assert_eq!(told, expected);
}

/// The rules as one would write them down: every read against every write and every other read.
fn judged_slowly(history: &History<u8>, read: &Read<u8>, bound: Duration, quiet: Moment) -> Option<Rule> {
    let writes = || history.writes().iter().filter(|write| write.key() == read.key());
    let told = || writes().filter_map(|write| Some((write.acknowledged_at()?, write)));
    let version = read.version();
    if read.found_key() != read.key() {
        return Some(Rule::OtherKey);
    }
    if version > 0 && !writes().any(|write| write.version() == version && write.began() <= read.ended()) {
        return Some(Rule::Unwritten);
    }
    if read.is_marked_stale() {
        return None;
    }
    let is_own = |write: &Write<u8>| write.node() == read.node() && version < write.version();
    if told().any(|(then, write)| then <= read.began() && is_own(write)) {
        return Some(Rule::OwnWrite);
    }
    if version < read.receipt() {
        return Some(Rule::Receipt);
    }
    let came_first = |other: &&Read<u8>| {
        other.key() == read.key() && other.node() == read.node() && other.ended() <= read.began()
    };
    let was_told = |other: &Read<u8>| {
        let is_it = |write: &Write<u8>| write.version() == other.version() && !write.is_indirect();
        told().any(|(then, write)| is_it(write) && then <= other.began())
    };
    let mut before = history.reads().iter().filter(came_first);
    if before.any(|other| version < other.version() && was_told(other)) {
        return Some(Rule::Backwards);
    }
    if read.began() >= quiet && told().any(|(_, write)| version < write.version()) {
        return Some(Rule::Divergent);
    }
    let is_late = told().any(|(then, write)| version < write.version() && then.after(bound) < read.began());
    is_late.then_some(if version == 0 { Rule::Unseen } else { Rule::Stale })
}

fn random_history(dice: &mut Rng) -> History<u8> {
    let mut history = History::new();
    for key in 0..2 {
        let mut time = 0;
        for version in 1..=dice.u64(0..6) {
            time += dice.u64(0..30);
            let write = Write::new(key, version, dice.usize(0..3), at(time));
            let write = if dice.u8(0..5) == 0 { write.indirect() } else { write };
            let acknowledged = at(time + dice.u64(0..40));
            history.add_write(if dice.u8(0..4) > 0 { write.acknowledged(acknowledged) } else { write });
        }
    }
    for _ in 0..dice.u64(0..12) {
        let (key, began) = (dice.u8(0..2), dice.u64(0..250));
        let ended = began + dice.u64(0..30);
        let found = if dice.u8(0..20) == 0 { 1 - key } else { key };
        let read = Read::new(key, dice.usize(0..3), at(began), at(ended), Source::Remote);
        let read = read.found(found, dice.u64(0..7)).at_least(dice.u64(0..14).saturating_sub(10));
        history.add_read(if dice.u8(0..10) == 0 { read.marked_stale() } else { read });
    }
    history
}

#[test]
fn the_quick_judge_says_what_the_slow_one_says() {
    let mut seen = Vec::new();
    for seed in 0..20_000 {
        let history = random_history(&mut Rng::with_seed(seed));
        let verdict = history.judge(&usual().quiet_from(at(200)));
        let slowly = history.reads().iter().filter_map(|read| judged_slowly(&history, read, BOUND, at(200)));
        let slowly: Vec<Rule> = slowly.collect();
        let quickly: Vec<Rule> = verdict.violations().iter().map(Violation::rule).collect();
        assert_eq!(quickly, slowly, "seed {seed}: {history:?}");
        seen.extend(quickly);
    }
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), 8, "the dice show every rule: {seen:?}");
}
