//! What a bus promises, whoever carries it.
//!
//! The claims are generic functions over the [`Backend`](super::backend::Backend), by theme; this file alone says which
//! run on what.

mod frames;
mod hearing;
mod listener;
mod order;
mod probes;
mod sync_points;

use super::backend::{Lossless, Probed};

macro_rules! suite {
    ($backend:ty) => {
        suite! { $backend;
            sync_points:
                the_first_event_is_a_sync_point
                a_sync_point_was_asked_for_before_it_was_answered
                nothing_is_lost_between_subscribing_and_the_first_sync_point
                what_was_announced_before_subscribing_is_not_heard;
            hearing:
                every_node_hears_the_writer_too
                every_subscription_of_a_node_hears
                each_kind_of_notice_is_heard_as_it_was_written
                many_keys_are_one_notice
                a_put_is_heard
                what_was_refused_is_not_heard
                apps_do_not_hear_each_other
                a_subscription_that_is_gone_keeps_nobody_from_hearing
                no_event_is_lost_with_a_dropped_future
                whoever_waits_is_woken;
            order:
                notices_come_in_the_order_of_their_chain
                every_node_hears_the_same_order
                a_notice_comes_after_its_invalidation;
            frames:
                what_was_sent_says_so
                a_frame_of_another_kind_is_not_sent_and_says_so
                what_could_not_be_sent_leaves_a_gap
                what_is_published_is_heard_like_any_other;
        }
    };
    ($backend:ty; $($theme:ident: $($claim:ident)*;)*) => {$($(
        #[tokio::test]
        async fn $claim() {
            super::$theme::$claim::<$backend>().await;
        }
    )*)*};
}

/// What is asked of a bus that may lose notices.
macro_rules! probed {
    ($backend:ty) => {
        suite! { $backend;
            probes:
                it_says_within_which_time_a_loss_is_noticed
                sync_points_come_by_themselves
                sync_points_come_through_a_flood_of_notices
                a_sync_point_stands_behind_what_it_speaks_of;
        }
    };
}

macro_rules! backends {
    ($($name:ident: $backend:ty $(, $probed:ident)?;)*) => {$(
        mod $name {
            use super::*;

            suite!($backend);
            $($probed!($backend);)?
        }
    )*};
}

backends! {
    memory: Lossless;
    memory_unreliable: Probed, probed;
}
