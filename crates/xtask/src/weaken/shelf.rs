//! What can be weaker about a shelf, its entries and its map.
//!
//! Left out:
//!
//! - The lock of `discard`. Without it a fresh entry may go, which is a miss.
//! - `fetch_max` in `clear`. Only two clears at once need it, and no test can hold one of them up inside.

use super::Test::{Local, SharedLocal};
use super::Weakening;

const SHELF: &str = "crates/larder-core/src/shelf.rs";
const ENTRY: &str = "crates/larder-core/src/entry.rs";
const HASH: &str = "crates/larder-core/src/key/hash.rs";
const LOCAL: &str = "crates/larder-core/src/local.rs";

pub(super) const WEAKENINGS: &[Weakening] = &[
    Weakening {
        name: "a load is kept though its cache was cleared",
        file: SHELF,
        from: "} else if self.is_cleared(entry.stamp()) {",
        to: "} else if self.is_cleared(entry.stamp()) && false {",
        noticed_by: Local("a_load_overtaken_by_a_clear_is_not_kept"),
    },
    Weakening {
        name: "a load is kept though its tag was invalidated",
        file: SHELF,
        from: "} else if !self.has_current_tags(entry) {",
        to: "} else if !self.has_current_tags(entry) && false {",
        noticed_by: Local("a_load_overtaken_by_an_invalidation_of_its_tag_is_not_kept"),
    },
    Weakening {
        name: "an older version replaces a newer",
        file: SHELF,
        from: "} else if self.has_newer(hash, entry, now) {",
        to: "} else if self.has_newer(hash, entry, now) && false {",
        noticed_by: Local("an_older_version_is_refused_and_the_newer_stays"),
    },
    Weakening {
        name: "a version refuses itself",
        file: SHELF,
        from: "there.version() > entry.version()",
        to: "there.version() >= entry.version()",
        noticed_by: Local("the_same_version_again_is_kept"),
    },
    Weakening {
        name: "a version that is gone refuses another",
        file: SHELF,
        from: "&& !self.is_outdated(&there, now)",
        to: "",
        noticed_by: Local("a_version_that_is_gone_refuses_nothing"),
    },
    Weakening {
        name: "a key of another cache is taken",
        file: SHELF,
        from: "if *loaded.key.namespace() != self.namespace {",
        to: "if *loaded.key.namespace() != self.namespace && false {",
        noticed_by: Local("a_key_of_another_cache_is_refused"),
    },
    Weakening {
        name: "what has expired is kept",
        file: SHELF,
        from: "if entry.has_expired(now) {",
        to: "if entry.has_expired(now) && false {",
        noticed_by: Local("an_entry_that_has_expired_replaces_nothing"),
    },
    Weakening {
        name: "to look at a version is a hit",
        file: SHELF,
        from: "&& !self.is_outdated(&there, now)",
        to: "&& !self.is_gone(&there, now)",
        noticed_by: Local("a_refused_insert_is_no_hit"),
    },
    Weakening {
        name: "idle time begins before the entry is there",
        file: ENTRY,
        from: "AtomicU32::new(millis(now.since(made)))",
        to: "AtomicU32::new(millis(made.since(now)))",
        noticed_by: Local("idle_time_begins_when_an_entry_is_put_there"),
    },
    Weakening {
        name: "an evict does not remove",
        file: SHELF,
        from: "|| self.local.remove(hash));",
        to: "|| ());",
        noticed_by: Local("an_evicted_entry_is_absent_and_no_other_is"),
    },
    Weakening {
        name: "an expire marks nothing",
        file: SHELF,
        from: "                entry.expire();\n",
        to: "                let _ = entry;\n",
        noticed_by: Local("an_expired_key_is_stale_and_usable"),
    },
    Weakening {
        name: "an expire does not fence",
        file: SHELF,
        from: "self.fence.evict(hash, || {",
        to: "self.fence.hold(hash, || {",
        noticed_by: Local("a_load_overtaken_by_an_expire_is_not_kept"),
    },
    Weakening {
        name: "a clear leaves no reading behind",
        file: SHELF,
        from: ".fetch_max(self.fence.advance_stamp().0, Ordering::Release)",
        to: ".fetch_max(self.fence.stamp().0, Ordering::Release)",
        noticed_by: Local("what_a_clear_found_is_absent"),
    },
    Weakening {
        name: "a hit does not compare keys",
        file: SHELF,
        from: "if !entry.has_key(text) {",
        to: "if !entry.has_key(text) && false {",
        noticed_by: Local("another_key_with_the_same_hash_is_not_served"),
    },
    Weakening {
        name: "a hit does not look at the floor",
        file: SHELF,
        from: "entry.stamp() < self.fence.floor(hash.partition()) || self.is_out_of_sync(&entry, now)",
        to: "self.is_out_of_sync(&entry, now)",
        noticed_by: Local("what_a_flush_found_is_suspect_and_usable"),
    },
    Weakening {
        name: "a vigilant hit does not ask for trust",
        file: SHELF,
        from: "entry.stamp() < self.fence.floor(hash.partition()) || self.is_out_of_sync(&entry, now)",
        to: "entry.stamp() < self.fence.floor(hash.partition())",
        noticed_by: Local("a_vigilant_hit_beyond_trust_is_suspect"),
    },
    Weakening {
        name: "a hit does not look at the clear",
        file: SHELF,
        from: "entry.has_expired(now) || self.is_cleared(entry.stamp()) ||",
        to: "entry.has_expired(now) ||",
        noticed_by: Local("what_a_clear_found_is_absent"),
    },
    Weakening {
        name: "a hit does not look at the tags",
        file: SHELF,
        from: "|| !self.has_current_tags(entry)\n",
        to: "\n",
        noticed_by: Local("an_entry_whose_tag_was_invalidated_is_absent"),
    },
    Weakening {
        name: "a hit does not look at the end of life",
        file: SHELF,
        from: "entry.has_expired(now) || self.is_cleared",
        to: "self.is_cleared",
        noticed_by: Local("an_entry_lives_to_the_very_end_and_no_longer"),
    },
    Weakening {
        name: "a hit does not look at the idle time",
        file: SHELF,
        from: "self.idle.is_some_and(|idle|",
        to: "None::<Ttl>.is_some_and(|idle|",
        noticed_by: Local("an_entry_without_hits_goes_after_its_idle_time"),
    },
    Weakening {
        name: "what replaced an expired entry is thrown out",
        file: SHELF,
        from: "Arc::ptr_eq(&there, gone)",
        to: "Arc::ptr_eq(&there, gone) || true",
        noticed_by: Local("an_entry_that_took_the_place_of_an_expired_one_is_not_thrown_out"),
    },
    Weakening {
        name: "a life lasts one instant longer",
        file: ENTRY,
        from: "now >= self.expires",
        to: "now > self.expires",
        noticed_by: Local("an_entry_lives_to_the_very_end_and_no_longer"),
    },
    Weakening {
        name: "the fresh time lasts one instant longer",
        file: ENTRY,
        from: "now.as_nanos() < self.fresh_until",
        to: "now.as_nanos() <= self.fresh_until",
        noticed_by: Local("past_its_fresh_time_an_entry_is_stale_to_the_end"),
    },
    Weakening {
        name: "hits are not remembered",
        file: ENTRY,
        from: "self.last_hit.store(since_made, Ordering::Relaxed);",
        to: "self.last_hit.store(last_hit, Ordering::Relaxed);",
        noticed_by: Local("hits_keep_an_entry_beyond_its_idle_time"),
    },
    Weakening {
        name: "an entry is not stamped",
        file: ENTRY,
        from: "            stamp,\n            expires",
        to: "            stamp: Stamp(stamp.0 + (1 << 60)),\n            expires",
        noticed_by: Local("what_a_flush_found_is_suspect_and_usable"),
    },
    Weakening {
        name: "all caches hash alike",
        file: HASH,
        from: "xxh3_128_with_seed(text, self.0.seed)",
        to: "xxh3_128_with_seed(text, self.0.seed * 0)",
        noticed_by: SharedLocal("two_caches_do_not_see_each_others_keys"),
    },
    Weakening {
        name: "a sweep keeps what ends now",
        file: LOCAL,
        from: "now < stored.expires()",
        to: "now <= stored.expires()",
        noticed_by: Local("sweep_takes_out_exactly_what_has_expired"),
    },
    Weakening {
        name: "retain takes what is of another type",
        file: LOCAL,
        from: ".map_or(true, |entry| keep(&entry))",
        to: ".is_ok_and(|entry| keep(&entry))",
        noticed_by: SharedLocal("retain_takes_out_exactly_what_it_is_told_to"),
    },
];
