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
use super::redis_backend::{Cluster, Sentinel, Standalone};

macro_rules! suite {
    ($form:ident $backend:ty) => {
        $form! { $backend;
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
}

/// What is asked of a bus that may lose notices.
macro_rules! probed {
    ($form:ident $backend:ty) => {
        $form! { $backend;
            probes:
                it_says_within_which_time_a_loss_is_noticed
                sync_points_come_by_themselves
                sync_points_come_through_a_flood_of_notices
                a_sync_point_stands_behind_what_it_speaks_of;
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

/// All claims of a suite as one test, for servers that take long to start.
macro_rules! in_a_row {
    ($backend:ty; sync_points: $($claims:tt)*) => {
        in_a_row! { every_claim_about_buses $backend; sync_points: $($claims)* }
    };
    ($backend:ty; probes: $($claims:tt)*) => {
        in_a_row! { every_claim_about_probes $backend; probes: $($claims)* }
    };
    ($test:ident $backend:ty; $($theme:ident: $($claim:ident)*;)*) => {
        #[tokio::test]
        async fn $test() {
            $($(
                eprintln!("claim: {}", stringify!($claim));
                super::$theme::$claim::<$backend>().await;
            )*)*
        }
    };
}

macro_rules! backends {
    ($($name:ident: $form:ident $backend:ty $(, $probed:ident)?;)*) => {$(
        mod $name {
            use super::*;

            suite!($form $backend);
            $($probed!($form $backend);)?
        }
    )*};
}

backends! {
    memory: one_by_one Lossless;
    memory_unreliable: one_by_one Probed, probed;
    standalone: one_by_one Standalone, probed;
    sentinel: in_a_row Sentinel, probed;
    cluster: in_a_row Cluster, probed;
}
