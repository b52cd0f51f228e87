//! Every public async function, polled so many times and dropped, for all such numbers until it completes: a row is committed,
//! and then told, or was never there; and whoever has the same connection next finds nothing wrong with it.

// The same as for the facade.
#[path = "../../larder/tests/behavior/cancellation/moments.rs"]
#[expect(clippy::panic, reason = "what does not end fails a test by its name")]
mod moments;
#[path = "../../larder/tests/behavior/cancellation/published.rs"]
mod published;
mod reads;
mod relays;
mod stage;
mod writers;

use crate::homes::{Home, on_both};
use moments::{Moment, until_it_ends};
use stage::Stage;

/// Claims about functions, each of which is given a stage, a moment and a number of polls, and says whether the function has
/// completed by then.
macro_rules! dropped {
    ($($claim:ident: $function:literal, $check:path;)*) => {
        const DROPPED: &[&str] = &[$($function),*];

        on_both! { $($claim),* }

        $(async fn $claim<H: Home>() {
            let stage = Stage::<H>::set().await;
            for moment in Moment::BOTH {
                until_it_ends($function, 0, async |polls| $check(&stage, moment, polls).await).await;
            }
        })*
    };
}

dropped! {
    an_announcement_that_is_dropped_can_be_rolled_back:
        "Outbox::announce", writers::check_announce;
    a_commit_that_is_dropped_has_taken_place_as_a_whole_or_not_at_all:
        "Outbox::commit", writers::check_commit;
    a_commit_may_be_dropped_while_the_shared_tier_is_away:
        "Outbox::commit", writers::check_commit_without_redis;
    a_migration_that_is_dropped_can_be_done_again:
        "Outbox::migrate", writers::check_migrate;
    a_count_may_be_dropped_at_any_time:
        "Outbox::backlog", reads::check_backlog;
    a_look_at_what_was_set_aside_may_be_dropped_at_any_time:
        "Outbox::unreadable", reads::check_unreadable;
    a_question_how_a_relay_fares_may_be_dropped_at_any_time:
        "RunningRelay::stats", reads::check_stats;
    metrics_may_be_dropped_on_their_way:
        "RunningRelay::publish_metrics", reads::check_metrics;
    what_a_relay_that_is_dropped_has_not_told_is_told_by_the_next:
        "Relay::run", relays::check_relay;
    a_relay_that_nobody_hears_may_be_dropped_at_any_time:
        "Relay::run", relays::check_unheard_relay;
    a_relay_stops_though_nobody_waits_for_it:
        "RunningRelay::stop", relays::check_stop;
}

#[test]
fn every_public_async_function_is_dropped_in_the_middle() {
    published::check_listed(env!("CARGO_MANIFEST_DIR"), DROPPED.iter().copied());
}
