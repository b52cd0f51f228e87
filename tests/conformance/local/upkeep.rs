//! What gives memory back before the map needs it.

use std::sync::Arc;
use std::time::Duration;

use larder_core::{Entry, Label, Lifetime, Local, Moment, Shelf};

use super::rig::{LIFE, Rig, Seen, finish, fresh, hash, put, see, ttl};
use super::tier::Tier;

const COUNT: u32 = 100;

fn entries<V: Send + Sync + 'static>(local: &dyn Local<Arc<Entry<V>>>) -> u64 {
    local.settle();
    local.usage().entries
}

/// `COUNT` entries; the first lives for a second, the next for two, …
fn fill(users: &Shelf<u32>) {
    for key in 0..COUNT {
        let life = Lifetime::new(ttl(Duration::from_secs(u64::from(key) + 1)));
        finish(users, users.stamp(), &key, key, Label::new(life)).unwrap();
    }
}

pub(super) fn sweep_takes_out_exactly_what_has_expired<T: Tier>() {
    let rig = Rig::<T>::new();
    let local = rig.tier.local();
    let users = rig.shelf_on("user", local.clone());
    fill(&users);
    local.sweep(users.now());
    assert_eq!(entries(&*local), u64::from(COUNT));
    rig.time.advance(Duration::from_secs(40));
    local.sweep(users.now());
    assert_eq!(entries(&*local), u64::from(COUNT) - 40);
    for key in 0..COUNT {
        let is_there = local.get(hash(&users, &key)).is_some();
        // The fortieth ends at this very moment.
        assert_eq!(is_there, key >= 40, "{key}");
    }
    local.sweep(Moment::NEVER);
    assert_eq!(entries(&*local), 0);
}

pub(super) fn retain_takes_out_exactly_what_it_is_told_to<T: Tier>() {
    let rig = Rig::<T>::new();
    let local = rig.tier.local();
    let users = rig.shelf_on("user", local.clone());
    let names = rig.shelf::<String>("name");
    fill(&users);
    put(&names, "ada", "Ada".into());
    local.retain(&mut |entry| entry.value().is_some_and(|value| value % 3 == 0));
    for key in 0..COUNT {
        let expected = if key % 3 == 0 { fresh(key) } else { Seen::Absent };
        assert_eq!(see(&users, &key), expected);
    }
    // It was not asked about.
    assert_eq!(see(&names, "ada"), fresh("Ada".into()));
}

pub(super) fn retain_may_look_at_what_it_is_asked_about<T: Tier>() {
    let rig = Rig::<T>::new();
    let local = rig.tier.local();
    let users = rig.shelf_on("user", local.clone());
    fill(&users);
    let now = users.now().after(LIFE);
    let mut asked = Vec::new();
    local.retain(&mut |entry| {
        asked.push(entry.key_text().to_owned());
        !entry.has_expired(now)
    });
    asked.sort_unstable();
    asked.dedup();
    assert_eq!(asked.len(), COUNT as usize);
    assert_eq!(entries(&*local), u64::from(COUNT) - LIFE.as_secs());
}

pub(super) fn usage_counts_every_entry_once<T: Tier>() {
    let rig = Rig::<T>::new();
    let local = rig.tier.local();
    let users = rig.shelf_on("user", local.clone());
    assert_eq!(entries(&*local), 0);
    put(&users, "ada", 1);
    put(&users, "ada", 2);
    put(&users, "bob", 3);
    assert_eq!(entries(&*local), 2);
    users.evict(hash(&users, "ada"));
    users.evict(hash(&users, "eve"));
    assert_eq!(entries(&*local), 1);
    users.evict(hash(&users, "bob"));
    assert_eq!(entries(&*local), 0);
    assert_eq!(local.usage().weight, 0);
}
