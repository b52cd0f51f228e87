//! What a shelf promises, on every map that may lie beneath it.
//!
//! The claims are generic functions over the [`Tier`], by theme; this file alone says which run on what.

mod basics;
mod clearing;
mod disconnected;
mod expiry;
mod fencing;
mod flushes;
mod hits;
mod idleness;
mod limits;
mod model;
mod panics;
mod rig;
mod sharing;
mod stress;
mod tags;
mod tier;
mod upkeep;
mod versions;

use tier::{Map, Moka, OfManyCaches, OfOneCache, Quick};

/// The whole suite for one tier.
macro_rules! suite {
    ($tier:ty) => {
        suite! { $tier;
            basics:
                a_hit_is_what_was_inserted
                a_key_that_was_never_inserted_is_absent
                an_insert_replaces
                an_evicted_entry_is_absent_and_no_other_is
                that_the_origin_has_no_value_is_kept_too
                a_hit_is_the_entry_that_insert_returned
                borrowed_keys_find_what_owned_keys_stored
                keys_of_every_length_are_told_apart
                another_key_with_the_same_hash_is_not_served
                a_key_of_another_cache_is_refused
                an_entry_that_has_expired_replaces_nothing
                another_type_under_the_same_hash_is_not_served;
            expiry:
                an_entry_lives_to_the_very_end_and_no_longer
                past_its_fresh_time_an_entry_is_stale_to_the_end
                what_is_due_is_served_and_one_refreshes_it
                who_is_marked_stale_is_not_due
                age_counts_from_the_beginning_of_the_load
                a_missing_value_expires_like_any_other
                an_expired_key_is_stale_and_usable
                a_load_overtaken_by_an_expire_is_not_kept
                an_expire_does_not_prolong_a_life
                an_expired_entry_is_thrown_out_at_first_sight
                an_entry_that_took_the_place_of_an_expired_one_is_not_thrown_out;
            idleness:
                an_entry_without_hits_goes_after_its_idle_time
                hits_keep_an_entry_beyond_its_idle_time
                hits_do_not_keep_an_entry_beyond_its_life
                without_an_idle_time_entries_wait_for_their_end
                a_refused_insert_is_no_hit
                idle_time_begins_when_an_entry_is_put_there
                a_newer_version_that_has_gone_idle_is_still_known_to_be_newer
                a_hit_on_a_stale_or_a_suspect_entry_is_a_hit;
            fencing:
                load_overtaken_by_an_invalidation_is_not_kept
                a_load_that_began_after_the_invalidation_is_kept
                an_overtaken_load_does_not_take_the_place_of_a_later_one
                an_invalidation_of_an_absent_key_fences_it_too
                every_load_before_the_last_invalidation_is_fenced
                an_invalidation_on_another_stripe_refuses_nothing
                an_invalidation_on_the_same_stripe_refuses_a_load_and_leaves_the_entry
                a_load_that_ends_out_of_sync_is_not_kept
                trust_can_be_taken_back
                without_vigilance_hits_do_not_ask_for_trust
                a_vigilant_hit_beyond_trust_is_suspect
                a_reader_can_tell_that_a_load_was_overtaken;
            flushes:
                a_load_overtaken_by_a_flush_of_its_partition_is_not_kept
                what_a_flush_found_is_suspect_and_usable
                a_flush_leaves_other_partitions_alone
                a_load_that_began_after_the_flush_makes_the_key_fresh
                a_flush_of_everything_reaches_every_partition
                what_is_suspect_can_still_be_evicted_and_expires;
            clearing:
                a_load_overtaken_by_a_clear_is_not_kept
                what_a_clear_found_is_absent
                a_load_that_began_after_the_clear_is_kept
                a_clear_leaves_other_caches_and_their_loads_alone
                a_clear_that_is_heard_of_again_leaves_what_was_loaded_since;
            tags:
                a_load_overtaken_by_an_invalidation_of_its_tag_is_not_kept
                an_entry_whose_tag_was_invalidated_is_absent
                one_of_many_tags_is_enough
                tags_of_others_and_entries_without_are_left_alone
                a_load_that_began_after_the_invalidation_of_its_tag_is_kept
                a_tag_that_only_the_value_told_is_judged_from_before_the_load
                a_tag_on_the_same_stripe_outdates_nothing
                a_raised_floor_outdates_what_has_tags_and_nothing_else
                a_tag_reaches_every_cache
                in_a_gap_what_is_tagged_is_suspect_and_what_is_not_is_fresh;
            versions:
                an_older_version_is_refused_and_the_newer_stays
                a_newer_version_wins
                a_newer_version_wins_after_an_older_arrived_late
                the_same_version_again_is_kept
                without_a_version_the_last_one_wins
                a_version_that_is_gone_refuses_nothing
                a_put_fences_the_loads_under_way
                a_put_of_an_older_version_changes_nothing
                a_put_out_of_sync_is_not_kept;
            disconnected:
                bounded_keeps_what_was_read_for_the_bound
                the_bound_counts_from_the_beginning_of_the_read
                what_was_kept_out_of_sync_is_served_by_the_vigilant_too
                bounded_does_not_prolong_a_life
                invalidations_reach_what_was_kept_out_of_sync
                bypass_keeps_nothing
                serve_keeps_everything_and_vouches_for_nothing;
            sharing:
                two_caches_do_not_see_each_others_keys
                an_evict_in_one_cache_leaves_the_other_alone
                caches_of_different_types_share_a_map;
            upkeep:
                sweep_takes_out_exactly_what_has_expired
                retain_takes_out_exactly_what_it_is_told_to
                retain_may_look_at_what_it_is_asked_about
                usage_counts_every_entry_once;
            panics:
                a_value_that_panics_when_dropped_does_not_break_the_fence
                a_weigher_that_panics_does_not_break_the_fence
                a_value_that_panics_when_replaced_does_not_break_the_fence;
            hits:
                a_hit_returns_without_waiting_for_the_fence
                a_hit_allocates_nothing_of_its_own
                a_hit_by_an_escaped_key_allocates_nothing;
            stress:
                no_hit_is_older_than_an_acknowledged_evict
                no_hit_is_older_than_an_acknowledged_expire
                no_hit_is_older_than_an_acknowledged_clear
                no_hit_is_older_than_an_acknowledged_flush
                no_hit_is_older_than_an_acknowledged_tag;
            model:
                every_sequence_of_operations_goes_as_in_the_model;
        }
    };
    ($tier:ty; $($theme:ident: $($claim:ident)*;)*) => {$($(
        #[test]
        fn $claim() {
            super::$theme::$claim::<$tier>();
        }
    )*)*};
}

/// What is asked of a tier that has a limit.
macro_rules! limited {
    ($tier:ty) => {
        suite! { $tier;
            limits:
                a_limit_in_bytes_holds_over_all_caches_of_a_map
                a_limit_in_entries_holds
                what_is_replaced_or_removed_is_not_evicted
                a_limit_that_no_power_of_two_divides_holds
                a_limit_in_bytes_counts_what_values_own_elsewhere
                what_fits_is_all_kept
                an_entry_beyond_the_whole_limit_harms_nothing;
        }
    };
}

macro_rules! tiers {
    ($($name:ident: $tier:ty $(, $limited:ident)?;)*) => {$(
        mod $name {
            use super::*;

            suite!($tier);
            $($limited!($tier);)?
        }
    )*};
}

tiers! {
    map: OfOneCache<Map>;
    map_shared: OfManyCaches<Map>;
    moka: OfOneCache<Moka>, limited;
    moka_shared: OfManyCaches<Moka>, limited;
    quick: OfOneCache<Quick>, limited;
    quick_shared: OfManyCaches<Quick>, limited;
}
