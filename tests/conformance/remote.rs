//! What the shared tier promises, whoever keeps it.
//!
//! The claims are generic functions over the [`Backend`](super::backend::Backend), by theme; this file alone says which
//! run on what.

mod borders;
mod chains;
mod expiring;
mod fills;
mod guards;
mod headers;
mod invalidations;
mod leases;
mod order;
mod registers;
mod retries;
mod sweeps;
mod tags;
mod values;
mod versions;
mod working_sets;

use super::backend::{Lossless, Probed};
use super::redis_backend::{Cluster, Sentinel, Standalone};

macro_rules! suite {
    ($form:ident $backend:ty) => {
        $form! { $backend;
            values:
                what_was_filled_is_read_on_every_node
                a_key_that_was_never_filled_is_absent
                values_come_in_the_order_of_their_keys
                a_value_lives_for_its_time_and_no_longer
                bytes_of_any_kind_come_back_as_they_are
                values_come_with_the_latest_sequence_of_the_tags;
            leases:
                a_lease_on_an_absent_key_is_granted
                while_a_lease_lasts_others_are_told_how_long
                leases_on_different_keys_do_not_meet
                a_lease_ends_by_itself
                a_lease_that_was_given_back_is_free
                a_lease_is_given_back_by_its_holder_only
                a_renewed_lease_lasts_from_then_on
                a_lease_that_is_gone_is_not_renewed
                a_lease_that_is_asked_for_again_is_granted_again
                a_lease_that_is_granted_again_lasts_from_then_on
                a_lease_that_is_granted_again_is_never_cut_short;
            order:
                a_value_that_was_stored_meanwhile_is_found
                the_value_that_is_to_be_replaced_is_not_found
                another_value_than_the_one_to_be_replaced_is_found
                a_stale_mark_does_not_make_it_another_value
                a_request_that_replaces_any_value_finds_none
                a_value_is_found_whoever_holds_the_lease
                a_value_that_was_born_too_early_is_not_found
                another_value_that_was_born_too_early_is_not_found_either
                a_lease_that_was_born_too_early_is_taken_over
                a_lease_is_as_old_as_its_load_and_not_as_what_it_needs
                an_own_lease_is_granted_again_however_early_it_was_born
                whoever_lost_a_lease_to_another_can_do_nothing_with_it
                bytes_that_are_no_entry_are_never_found
                bytes_that_are_no_entry_are_replaced_by_a_load;
            fills:
                a_fill_without_a_lease_stores_nothing
                a_fill_under_another_name_stores_nothing
                a_fill_ends_its_lease
                a_fill_replaces_the_value_and_its_time
                a_load_that_took_too_long_stores_nothing
                a_load_overtaken_by_an_invalidation_stores_nothing
                a_load_overtaken_by_a_put_stores_nothing
                a_load_that_began_after_the_invalidation_is_stored
                an_invalidation_of_a_neighbour_overtakes_nothing
                invalidations_of_tags_and_caches_leave_values_and_leases_alone;
            headers:
                a_header_takes_the_place_of_as_many_bytes
                a_header_gives_the_value_a_new_time
                a_header_takes_the_stale_mark_away
                a_header_as_long_as_the_value_is_all_of_it
                a_header_for_no_value_stores_nothing_and_ends_the_lease
                a_header_longer_than_the_value_stores_nothing_and_ends_the_lease
                a_header_for_what_is_no_entry_stores_nothing
                a_header_without_a_lease_stores_nothing;
            expiring:
                an_expired_value_stays_and_is_marked
                an_expired_value_keeps_its_time
                an_expire_marks_each_of_its_keys_and_no_other
                an_expire_of_nothing_leaves_nothing
                an_expire_drops_bytes_that_are_no_entry;
            invalidations:
                an_invalidation_drops_each_of_its_keys
                an_invalidation_leaves_neighbours_alone
                an_invalidation_of_no_keys_is_a_link_like_any_other
                every_value_is_dropped_whoever_wrote_it;
            versions:
                a_version_is_stored_and_read
                an_older_version_is_outdated_and_the_newer_stays
                the_same_version_again_is_stored
                a_version_is_remembered_beyond_an_invalidation
                a_version_that_was_named_refuses_those_below
                a_version_that_is_named_drops_value_and_lease
                what_is_remembered_is_never_lowered
                a_version_is_remembered_for_its_time_and_no_longer
                a_version_is_remembered_for_the_longest_of_its_times
                the_version_of_a_loaded_value_counts_while_it_is_there
                an_older_version_is_not_filled
                a_value_without_a_version_is_filled_whatever_was_there
                versions_are_compared_to_the_last_bit
                an_entry_of_a_newer_build_stays
                an_entry_of_an_older_build_and_no_entry_are_replaced
                a_put_that_is_refused_is_no_link
                what_has_no_version_or_is_no_entry_cannot_be_put;
            guards:
                a_guarded_key_is_quarantined_for_every_request
                a_guard_drops_value_and_lease
                a_guard_ends_with_its_write
                a_guard_ends_by_itself
                a_guard_is_ended_by_its_own_write_only
                two_guards_must_both_end
                a_guard_that_is_begun_again_ends_once_and_later
                a_guard_covers_each_of_its_keys_and_no_other
                a_put_under_a_guard_is_not_stored_and_is_remembered;
            chains:
                every_chain_is_told_once
                each_link_names_the_one_before
                chains_do_not_move_each_other
                tags_caches_and_everything_share_a_chain
                a_chain_goes_by_the_clock
                a_chain_goes_on_after_what_it_was_raised_to
                a_chain_is_never_lowered
                a_chain_is_not_raised_far_ahead_of_the_clock
                a_read_is_no_link;
            tags:
                an_invalidated_tag_is_told_with_its_sequence
                a_tag_is_told_once_with_its_latest_sequence
                only_what_came_later_is_told
                a_delta_tells_how_far_it_goes
                cleared_caches_are_always_told
                that_everything_was_cleared_is_always_told
                as_many_tags_as_are_promised_are_remembered
                the_oldest_tags_are_forgotten_and_the_floor_says_so
                clears_are_never_forgotten
                no_tags_at_all_are_a_link;
            retries:
                a_fill_that_is_tried_again_changes_nothing
                an_invalidation_that_is_tried_again_is_one_more_link
                a_put_that_is_tried_again_is_one_more_link
                a_release_and_a_raise_can_be_tried_again;
            sweeps:
                a_sweep_removes_every_value_of_the_cache
                a_sweep_leaves_everything_else_alone
                a_sweep_leaves_leases_guards_and_versions_alone
                a_sweep_goes_on_where_it_was_left
                a_sweep_in_small_steps_comes_to_an_end
                a_sweep_is_no_invalidation
                a_position_where_nobody_has_been_is_invalid;
            working_sets:
                what_was_never_read_is_in_no_working_set
                reads_of_all_nodes_add_up
                what_was_read_most_comes_first_and_in_pieces
                counts_fade_with_time
                as_many_keys_as_are_wanted_are_kept
                seasons_caches_and_apps_are_counted_apart
                a_count_that_is_none_does_no_harm
                keys_of_any_text_come_back_as_they_are
                a_working_set_is_no_part_of_what_is_cached;
            registers:
                what_one_node_notes_all_are_told
                a_line_is_as_old_as_its_last_note
                apps_share_the_register_of_caches_alone
                the_lines_that_were_noted_last_are_kept
                lines_of_any_text_come_back_as_they_are
                a_register_is_no_part_of_what_is_cached;
            borders:
                apps_do_not_see_each_other
                caches_do_not_see_each_other
                a_key_of_another_app_is_invalid
                a_key_of_another_partition_is_invalid_and_nothing_is_done;
        }
    };
}

/// Each claim as a test of its own.
macro_rules! one_by_one {
    ($backend:ty; $($theme:ident: $($claim:ident)*;)*) => {$($(
        #[tokio::test]
        async fn $claim() {
            super::$theme::$claim::<$backend>().await;
        }
    )*)*};
}

/// All claims as one test, for servers that take long to start.
macro_rules! in_a_row {
    ($backend:ty; $($theme:ident: $($claim:ident)*;)*) => {
        #[tokio::test]
        async fn every_claim_about_remotes() {
            $($(
                eprintln!("claim: {}", stringify!($claim));
                super::$theme::$claim::<$backend>().await;
            )*)*
        }
    };
}

macro_rules! backends {
    ($($name:ident: $form:ident $backend:ty;)*) => {$(
        mod $name {
            use super::*;

            suite!($form $backend);
        }
    )*};
}

backends! {
    memory: one_by_one Lossless;
    memory_unreliable: one_by_one Probed;
    standalone: one_by_one Standalone;
    sentinel: in_a_row Sentinel;
    cluster: in_a_row Cluster;
}
