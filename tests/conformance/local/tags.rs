//! Tags: an invalidation removes nothing, and is heeded all the same.

use larder_core::{Refused, Sequence, TagHash};

use super::rig::{Rig, Seen, finish, fresh, label, put, see, suspect, tag, tagged};
use super::tier::Tier;

fn at(sequence: u64) -> Sequence {
    Sequence::new(sequence)
}

pub(super) fn a_load_overtaken_by_an_invalidation_of_its_tag_is_not_kept<T: Tier>() {
    let rig = Rig::<T>::new();
    let users = rig.users();
    let (stamp, birth) = (users.stamp(), rig.ledger.seen());
    rig.ledger.invalidate(tag("tenant:42"), at(7));
    let label = tagged(birth, &[tag("tenant:42")]);
    assert_eq!(finish(&users, stamp, "ada", 1, label), Err(Refused::Tagged));
    assert_eq!(see(&users, "ada"), Seen::Absent);
}

pub(super) fn an_entry_whose_tag_was_invalidated_is_absent<T: Tier>() {
    let rig = Rig::<T>::new();
    let users = rig.users();
    rig.ledger.see(at(6));
    let label = tagged(rig.ledger.seen(), &[tag("tenant:42")]);
    finish(&users, users.stamp(), "ada", 1, label).unwrap();
    assert_eq!(see(&users, "ada"), fresh(1));
    // What was known at its birth does not count.
    rig.ledger.invalidate(tag("tenant:42"), at(6));
    assert_eq!(see(&users, "ada"), fresh(1));
    rig.ledger.invalidate(tag("tenant:42"), at(7));
    assert_eq!(see(&users, "ada"), Seen::Absent);
}

pub(super) fn one_of_many_tags_is_enough<T: Tier>() {
    let names: Vec<String> = (0..64).map(|number| format!("tag-{number}")).collect();
    let hashes: Vec<TagHash> = names.iter().map(|name| tag(name)).collect();
    for &hash in &hashes {
        let rig = Rig::<T>::new();
        let users = rig.users();
        finish(&users, users.stamp(), "ada", 1, tagged(at(0), &hashes)).unwrap();
        assert_eq!(see(&users, "ada"), fresh(1));
        rig.ledger.invalidate(hash, at(7));
        assert_eq!(see(&users, "ada"), Seen::Absent);
    }
}

pub(super) fn tags_of_others_and_entries_without_are_left_alone<T: Tier>() {
    let rig = Rig::<T>::new();
    let users = rig.users();
    finish(&users, users.stamp(), "ada", 1, tagged(at(0), &[tag("tenant:42")])).unwrap();
    put(&users, "bob", 2);
    let stamp = users.stamp();
    rig.ledger.invalidate(tag("tenant:43"), at(7));
    assert_eq!(see(&users, "ada"), fresh(1));
    assert_eq!(see(&users, "bob"), fresh(2));
    let label = tagged(at(0), &[tag("tenant:44")]);
    assert_eq!(finish(&users, stamp, "eve", 3, label), Ok(()));
    assert_eq!(see(&users, "eve"), fresh(3));
}

pub(super) fn a_load_that_began_after_the_invalidation_of_its_tag_is_kept<T: Tier>() {
    let rig = Rig::<T>::new();
    let users = rig.users();
    rig.ledger.invalidate(tag("tenant:42"), at(7));
    let label = tagged(rig.ledger.seen(), &[tag("tenant:42")]);
    assert_eq!(finish(&users, users.stamp(), "ada", 1, label), Ok(()));
    assert_eq!(see(&users, "ada"), fresh(1));
}

/// Which tags a value has may stand in the value. Nobody could have looked them up when its load began.
pub(super) fn a_tag_that_only_the_value_told_is_judged_from_before_the_load<T: Tier>() {
    let rig = Rig::<T>::new();
    let users = rig.users();
    rig.ledger.invalidate(tag("tenant:42"), at(5));
    let (stamp, birth) = (users.stamp(), rig.ledger.seen());
    rig.ledger.invalidate(tag("tenant:43"), at(6));
    // It turns out to be 42's …
    let of_42 = tagged(birth, &[tag("tenant:42")]);
    assert_eq!(finish(&users, stamp, "ada", 1, of_42), Ok(()));
    // … or 43's, which was invalidated meanwhile.
    let of_43 = tagged(birth, &[tag("tenant:43")]);
    assert_eq!(finish(&users, stamp, "bob", 2, of_43), Err(Refused::Tagged));
}

pub(super) fn a_tag_on_the_same_stripe_outdates_nothing<T: Tier>() {
    let rig = Rig::<T>::new();
    let users = rig.users();
    let (own, twin) = (TagHash::from_bits(0xABCD), TagHash::from_bits(0xABCD + (1 << 16)));
    let stamp = users.stamp();
    finish(&users, stamp, "ada", 1, tagged(at(0), &[own])).unwrap();
    rig.ledger.invalidate(twin, at(7));
    assert_eq!(see(&users, "ada"), fresh(1));
    assert_eq!(finish(&users, stamp, "bob", 2, tagged(at(0), &[own])), Ok(()));
    assert_eq!(see(&users, "bob"), fresh(2));
    rig.ledger.invalidate(own, at(8));
    assert_eq!(see(&users, "ada"), Seen::Absent);
}

pub(super) fn a_raised_floor_outdates_what_has_tags_and_nothing_else<T: Tier>() {
    let rig = Rig::<T>::new();
    let users = rig.users();
    put(&users, "ada", 1);
    finish(&users, users.stamp(), "bob", 2, tagged(at(6), &[tag("tenant:42")])).unwrap();
    finish(&users, users.stamp(), "eve", 3, tagged(at(7), &[tag("tenant:42")])).unwrap();
    rig.ledger.raise_floor(at(7));
    assert_eq!(rig.ledger.seen(), at(7));
    assert_eq!(see(&users, "ada"), fresh(1));
    assert_eq!(see(&users, "bob"), Seen::Absent);
    assert_eq!(see(&users, "eve"), fresh(3));
    let label_before = tagged(at(6), &[tag("tenant:43")]);
    assert_eq!(finish(&users, users.stamp(), "bob", 4, label_before), Err(Refused::Tagged));
    assert_eq!(finish(&users, users.stamp(), "bob", 4, label()), Ok(()));
}

pub(super) fn a_tag_reaches_every_cache<T: Tier>() {
    let rig = Rig::<T>::new();
    let (users, names) = (rig.users(), rig.shelf::<String>("name"));
    finish(&users, users.stamp(), "ada", 1, tagged(at(0), &[tag("tenant:42")])).unwrap();
    let label = tagged(at(0), &[tag("tenant:42")]);
    finish(&names, names.stamp(), "ada", "Ada".into(), label).unwrap();
    rig.ledger.invalidate(tag("tenant:42"), at(7));
    assert_eq!(see(&users, "ada"), Seen::Absent);
    assert_eq!(see(&names, "ada"), Seen::Absent);
}

pub(super) fn in_a_gap_what_is_tagged_is_suspect_and_what_is_not_is_fresh<T: Tier>() {
    let rig = Rig::<T>::new();
    let users = rig.users();
    finish(&users, users.stamp(), "ada", 1, tagged(rig.ledger.seen(), &[tag("tenant")])).unwrap();
    put(&users, "bob", 2);
    rig.ledger.open_gap(Sequence::new(9));
    assert_eq!((see(&users, "ada"), see(&users, "bob")), (suspect(1), fresh(2)));
    rig.ledger.settle(Sequence::new(9));
    assert_eq!(see(&users, "ada"), fresh(1));
}
