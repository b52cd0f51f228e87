//! Versions: what a writer counted is not turned back.

use larder_core::{Label, Refused, Shelf};

use super::rig::{LIFE, Rig, Seen, finish, fresh, hash, label, loaded, put, see, tag, tagged, versioned};
use super::tier::Tier;

fn write(users: &Shelf<u32>, value: u32, label: Label) -> Result<(), Refused> {
    finish(users, users.stamp(), "ada", value, label)
}

pub(super) fn an_older_version_is_refused_and_the_newer_stays<T: Tier>() {
    let users = Rig::<T>::new().users();
    write(&users, 2, versioned(2)).unwrap();
    assert_eq!(write(&users, 1, versioned(1)), Err(Refused::Outdated));
    assert_eq!(see(&users, "ada"), fresh(2));
}

pub(super) fn a_newer_version_wins<T: Tier>() {
    let users = Rig::<T>::new().users();
    for version in 1..5 {
        write(&users, version, versioned(version.into())).unwrap();
        assert_eq!(see(&users, "ada"), fresh(version));
    }
    write(&users, 9, versioned(u64::MAX)).unwrap();
    assert_eq!(write(&users, 8, versioned(u64::MAX - 1)), Err(Refused::Outdated));
}

pub(super) fn a_newer_version_wins_after_an_older_arrived_late<T: Tier>() {
    let users = Rig::<T>::new().users();
    let early = users.stamp();
    write(&users, 2, versioned(2)).unwrap();
    assert_eq!(finish(&users, early, "ada", 1, versioned(1)), Err(Refused::Outdated));
    // Its stamp is older than that of what is there; its version is newer, and that decides.
    assert_eq!(finish(&users, early, "ada", 3, versioned(3)), Ok(()));
    assert_eq!(see(&users, "ada"), fresh(3));
}

pub(super) fn the_same_version_again_is_kept<T: Tier>() {
    let users = Rig::<T>::new().users();
    write(&users, 1, versioned(7)).unwrap();
    users.expire(hash(&users, "ada"));
    // A refresh that found nothing new.
    write(&users, 1, versioned(7)).unwrap();
    assert_eq!(see(&users, "ada"), fresh(1));
}

pub(super) fn without_a_version_the_last_one_wins<T: Tier>() {
    let users = Rig::<T>::new().users();
    write(&users, 2, versioned(2)).unwrap();
    put(&users, "ada", 3);
    assert_eq!(see(&users, "ada"), fresh(3));
    write(&users, 1, versioned(1)).unwrap();
    assert_eq!(see(&users, "ada"), fresh(1));
}

pub(super) fn a_version_that_is_gone_refuses_nothing<T: Tier>() {
    let rig = Rig::<T>::new();
    let users = rig.users();
    let newer = || tagged(rig.ledger.seen(), &[tag("tenant:42")]).version(larder_core::Version::new(2));
    let outlive: [(&str, &dyn Fn()); 4] = [
        ("expired", &|| rig.time.advance(LIFE)),
        ("cleared", &|| users.clear()),
        ("tagged", &|| {
            rig.ledger.invalidate(tag("tenant:42"), larder_core::Sequence::new(7));
        }),
        ("evicted", &|| users.evict(hash(&users, "ada"))),
    ];
    for (how, outlive) in outlive {
        write(&users, 2, newer()).unwrap();
        outlive();
        assert_eq!(write(&users, 1, versioned(1)), Ok(()), "{how}");
        assert_eq!(see(&users, "ada"), fresh(1), "{how}");
        users.evict(hash(&users, "ada"));
    }
}

pub(super) fn a_put_fences_the_loads_under_way<T: Tier>() {
    let users = Rig::<T>::new().users();
    let stamp = users.stamp();
    users.put(loaded(&users, "ada", 2, versioned(2))).unwrap();
    assert_eq!(see(&users, "ada"), fresh(2));
    assert_eq!(finish(&users, stamp, "ada", 1, label()), Err(Refused::Invalidated));
    assert_eq!(see(&users, "ada"), fresh(2));
}

pub(super) fn a_put_of_an_older_version_changes_nothing<T: Tier>() {
    let users = Rig::<T>::new().users();
    users.put(loaded(&users, "ada", 2, versioned(2))).unwrap();
    let late = users.put(loaded(&users, "ada", 1, versioned(1)));
    assert_eq!(late.map(|_| ()), Err(Refused::Outdated));
    assert_eq!(see(&users, "ada"), fresh(2));
}

pub(super) fn a_put_out_of_sync_is_not_kept<T: Tier>() {
    let rig = Rig::<T>::new();
    let users = rig.users();
    rig.fence.trust_until(users.now());
    let put = users.put(loaded(&users, "ada", 2, versioned(2)));
    assert_eq!(put.map(|_| ()), Err(Refused::OutOfSync));
    assert_eq!(see(&users, "ada"), Seen::Absent);
}
