//! What the ledger says of tags and clears.

use super::*;

const A: TagHash = TagHash::from_bits(1);
/// On the same stripe as `A`.
const TWIN: TagHash = TagHash::from_bits(1 + (1 << 16));

fn at(sequence: u64) -> Sequence {
    Sequence::new(sequence)
}

fn tags(of: &[TagHash]) -> Tags {
    Tags::new(of.iter().copied()).unwrap()
}

#[test]
fn only_what_was_born_before_an_invalidation_is_outdated_by_it() {
    let ledger = TagLedger::new();
    ledger.invalidate(A, at(10));
    assert!(!ledger.is_current(at(9), &tags(&[A])));
    assert!(ledger.is_current(at(10), &tags(&[A])));
    assert!(ledger.is_current(at(0), &Tags::none()));
}

#[test]
fn a_tag_on_the_same_stripe_outdates_nothing() {
    let ledger = TagLedger::new();
    ledger.invalidate(TWIN, at(10));
    assert!(ledger.is_current(at(9), &tags(&[A])));
    assert!(!ledger.is_current(at(9), &tags(&[A, TWIN])));
}

#[test]
fn messages_out_of_order_never_turn_a_tag_back() {
    let ledger = TagLedger::new();
    ledger.invalidate(A, at(10));
    ledger.invalidate(A, at(5));
    assert!(!ledger.is_current(at(9), &tags(&[A])));
    assert_eq!(ledger.seen(), at(10));
}

#[test]
fn a_raised_floor_outdates_every_tagged_entry_before_it_and_no_other() {
    let ledger = TagLedger::new();
    ledger.invalidate(A, at(10));
    ledger.raise_floor(at(20));
    assert!(ledger.is_empty());
    assert!(!ledger.is_current(at(19), &tags(&[TWIN])));
    assert!(ledger.is_current(at(20), &tags(&[A])));
    assert!(ledger.is_current(at(0), &Tags::none()));
}

#[test]
fn a_gap_leaves_what_was_born_before_it_in_doubt_until_it_is_settled() {
    let ledger = TagLedger::new();
    ledger.see(at(10));
    ledger.open_gap(at(12));
    assert!(ledger.is_in_gap(at(11)) && !ledger.is_in_gap(at(12)));

    let missed = TagDelta { tags: vec![(TWIN, at(11))], seen: at(12), ..TagDelta::default() };
    ledger.learn(&missed);
    assert!(ledger.is_in_gap(at(11)), "its effects may not have been seen to yet");
    ledger.settle(missed.seen);
    assert!(!ledger.is_in_gap(at(0)) && ledger.is_current(at(10), &tags(&[A])));
    assert!(!ledger.is_current(at(10), &tags(&[TWIN])));
    assert_eq!((ledger.seen(), ledger.known()), (at(12), at(12)));
}

#[test]
fn a_gap_that_opens_meanwhile_stays_open() {
    let ledger = TagLedger::new();
    ledger.open_gap(at(15));
    ledger.settle(at(12));
    assert!(ledger.is_in_gap(at(14)));
    ledger.settle(at(15));
    assert!(!ledger.has_gap());
}

#[test]
fn a_clear_reaches_what_was_born_before_it_in_its_cache() {
    let ledger = TagLedger::new();
    let (users, prices) = (CacheName::new("user").unwrap(), CacheName::new("price").unwrap());
    assert!(!ledger.is_cleared(&users, at(0)));
    ledger.clear(Some(&users), at(10));
    ledger.clear(Some(&users), at(9));
    assert!(ledger.knows_clear(Some(&users), at(10)) && !ledger.knows_clear(Some(&users), at(11)));
    assert!(!ledger.knows_clear(None, at(1)));
    assert!(ledger.is_cleared(&users, at(9)) && !ledger.is_cleared(&users, at(10)));
    assert!(!ledger.is_cleared(&prices, at(9)));
    assert_eq!(ledger.seen(), at(10));

    ledger.clear(None, at(20));
    assert!(ledger.is_cleared(&prices, at(19)) && ledger.is_cleared(&users, at(19)));
    assert_eq!((ledger.last_clear(&users), ledger.last_clear(&prices)), (at(20), at(20)));
}

#[test]
fn in_a_gap_everything_may_have_been_cleared() {
    let ledger = TagLedger::new();
    let users = CacheName::new("user").unwrap();
    ledger.open_gap(at(12));
    assert!(ledger.has_gap() && ledger.is_cleared(&users, at(11)) && !ledger.is_cleared(&users, at(12)));
    ledger.settle(at(12));
    assert!(!ledger.has_gap() && !ledger.is_cleared(&users, at(0)));
}

#[test]
fn the_last_of_many_tags_is_the_one_that_counts() {
    let ledger = TagLedger::new();
    ledger.invalidate(A, at(10));
    ledger.invalidate(TWIN, at(30));
    assert_eq!(ledger.last_invalidated(&tags(&[A, TWIN])), at(30));
    assert_eq!(ledger.last_invalidated(&tags(&[A])), at(10));
    assert_eq!(ledger.last_invalidated(&Tags::none()), at(0));
    ledger.raise_floor(at(20));
    assert_eq!(ledger.last_invalidated(&tags(&[A])), at(20));
}

#[test]
fn a_flood_of_tags_is_forgotten_safely() {
    let ledger = TagLedger::new();
    let flood = (MOST_TAGS + 1) as u64;
    for tag in 1..=flood {
        ledger.invalidate(TagHash::from_bits(tag), at(tag));
    }
    assert!(ledger.len() <= MOST_TAGS);
    // Forgotten or not, what was born before its tag's invalidation is not current.
    for tag in [1, flood / 4, flood / 2, flood / 2 + 1, flood] {
        assert!(!ledger.is_current(at(tag - 1), &tags(&[TagHash::from_bits(tag)])), "{tag}");
    }
    assert!(ledger.is_current(at(flood), &tags(&[TagHash::from_bits(1)])));
}
