//! Every public async function, polled so many times and dropped, for all such numbers until it completes: nothing that was
//! accepted is lost, nothing comes out of order, and the queue goes on.

mod builds;
mod closing;
// The same as for the facade.
#[path = "../../larder/tests/behavior/cancellation/moments.rs"]
mod moments;
mod poison;
#[path = "../../larder/tests/behavior/cancellation/published.rs"]
mod published;
mod puts;
mod stage;

use moments::{Moment, until_it_ends};

/// Claims about functions, each of which is given a moment and a number of polls, and says whether the function has
/// completed by then.
macro_rules! dropped {
    ($($claim:ident: $function:literal, $check:expr;)*) => {
        const DROPPED: &[&str] = &[$($function),*];

        $(#[tokio::test]
        async fn $claim() {
            for moment in Moment::BOTH {
                let check = async |polls| $check(moment, polls).await;
                until_it_ends($function, 0, check).await;
            }
        })*
    };
}

dropped! {
    a_put_may_be_dropped_at_any_time:
        "WriteBehind::put", puts::check_put;
    a_put_may_be_dropped_while_it_waits_for_room:
        "WriteBehind::put", puts::check_put_into_a_full_queue;
    a_put_may_be_dropped_while_the_sink_fails:
        "WriteBehind::put", puts::check_put_for_a_sink_that_fails;
    a_put_that_waits_for_no_sync_may_be_dropped_at_any_time:
        "WriteBehind::put", puts::check_put_within;
    a_put_may_be_dropped_on_its_way_into_the_cache:
        "WriteBehind::put", puts::check_put_through;
    a_try_to_put_may_be_dropped_at_any_time:
        "WriteBehind::try_put", puts::check_try_put;
    a_try_to_put_into_a_full_queue_may_be_dropped_at_any_time:
        "WriteBehind::try_put", puts::check_try_put_into_a_full_queue;
    a_put_that_was_dropped_is_there_or_not_when_the_queue_is_opened_again:
        "WriteBehind::put", puts::check_put_and_reopen;
    what_is_retried_and_dropped_is_written_once_more:
        "WriteBehind::retry", poison::check_retry;
    what_is_retried_and_dropped_is_there_when_the_queue_is_opened_again:
        "WriteBehind::retry", poison::check_retry_and_reopen;
    what_is_discarded_and_dropped_is_never_written:
        "WriteBehind::discard", poison::check_discard;
    what_is_discarded_and_dropped_is_gone_or_not_when_the_queue_is_opened_again:
        "WriteBehind::discard", poison::check_discard_and_reopen;
    a_shutdown_may_be_dropped_while_it_waits_for_the_sink:
        "WriteBehind::shut_down", closing::check_patient;
    a_shutdown_may_be_dropped_while_it_gives_the_sink_up:
        "WriteBehind::shut_down", closing::check_hasty;
    a_shutdown_that_was_dropped_lets_go_of_the_folder_with_the_queue:
        "WriteBehind::shut_down", closing::check_let_go;
    a_queue_may_be_dropped_while_it_is_opened:
        "WriteBehindBuilder::build", builds::check_build;
}

#[test]
fn every_public_async_function_is_dropped_in_the_middle() {
    published::check_listed(env!("CARGO_MANIFEST_DIR"), DROPPED.iter().copied());
}
