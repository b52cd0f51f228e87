//! Every public async function, polled so many times and dropped, for all such numbers until it completes: while all is
//! well, and in every trouble there is.
//!
//! The shared tier yields before and after each step, so that a future is dropped in each of its states: right after a poll,
//! and when it would be polled once more.

mod leases;
mod listed;
mod moments;
mod operations;
mod published;
mod stage;

use std::future::poll_fn;
use std::task::Poll;

use larder::{Tiers, Version};
use larder_testkit::poll_and_drop;
use tokio::task::yield_now;
use tokio::time::timeout;

use super::rig::{Rig, millis, secs, users};
use super::yielding::yielding;
use moments::{Moment, poll_until, until_it_ends};
use operations::{Effect, OPERATIONS, Operation, Running, name};
use stage::{Stage, Trouble};

/// Longer than any guard holds.
const GUARDED: u64 = 31;

/// Drops each operation in each of its states.
async fn check_cancelled(trouble: Trouble) {
    for operation in OPERATIONS {
        for moment in Moment::BOTH {
            let drop_after = async |polls| check_dropped_after(operation, trouble, moment, polls).await;
            until_it_ends(operation.name, 0, drop_after).await;
        }
    }
}

/// Whether the operation completes within so many polls.
async fn check_dropped_after(operation: &Operation, trouble: Trouble, moment: Moment, polls: usize) -> bool {
    let context = format!("{} in {trouble:?}, dropped {moment:?} after {polls} polls", operation.name);
    let stage = Stage::set().await;
    let ending = stage.begin(trouble).await;
    let running = timeout(secs(60), poll_until(moment, (operation.begin)(&stage), polls));
    let has_completed = running.await.unwrap_or_else(|_| panic!("{context}: it hangs")).is_some();
    if operation.effect == Effect::Ends {
        stage.check_others(ending, &context).await;
        return has_completed;
    }
    stage.end(ending).await;
    if polls > 0 && operation.effect != Effect::None {
        stage.check_dropped(&context).await;
    }
    if operation.effect == Effect::Guards {
        tokio::time::sleep(secs(GUARDED)).await;
    }
    stage.check_sound(&context).await;
    has_completed
}

#[tokio::test(start_paused = true)]
async fn everything_may_be_dropped_at_any_time() {
    check_cancelled(Trouble::None).await;
}

#[tokio::test(start_paused = true)]
async fn everything_may_be_dropped_while_the_shared_tier_fails() {
    check_cancelled(Trouble::Failing).await;
}

#[tokio::test(start_paused = true)]
async fn everything_may_be_dropped_while_answers_are_lost() {
    check_cancelled(Trouble::Unanswered).await;
}

#[tokio::test(start_paused = true)]
async fn everything_may_be_dropped_while_the_shared_tier_is_frozen() {
    check_cancelled(Trouble::Frozen).await;
}

#[tokio::test(start_paused = true)]
async fn everything_may_be_dropped_while_the_shared_tier_is_full() {
    check_cancelled(Trouble::Full).await;
}

#[tokio::test(start_paused = true)]
async fn everything_may_be_dropped_while_another_node_loads() {
    check_cancelled(Trouble::Busy).await;
}

#[tokio::test(start_paused = true)]
async fn everything_may_be_dropped_while_another_node_writes() {
    check_cancelled(Trouble::Quarantined).await;
}

#[tokio::test(start_paused = true)]
async fn everything_may_be_dropped_while_nothing_is_heard() {
    check_cancelled(Trouble::OutOfSync).await;
}

#[tokio::test(start_paused = true)]
async fn what_others_wait_for_may_be_dropped_at_any_time() {
    until_it_ends("a leader", 0, async |polls| {
        let stage = Stage::set().await;
        let _receipt = stage.users.invalidate("ada").await.unwrap();
        let (leader, follower) = (stage.users.clone(), stage.users.clone());
        let mut leading: Running = Box::pin(async move { drop(leader.get_or_load("ada", name).await) });
        // The leader boards first.
        let first = poll_fn(|context| Poll::Ready(leading.as_mut().poll(context))).await;
        let following = tokio::spawn(async move { follower.get_or_load("ada", name).await });
        yield_now().await;
        let has_completed = first.is_ready() || poll_and_drop(leading, polls).await.is_some();
        let followed = timeout(secs(30), following).await.expect("nobody may hang").unwrap();
        assert_eq!(followed.unwrap().as_str(), "loaded");
        stage.check_sound(&format!("a leader after {polls} polls")).await;
        has_completed
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_insert_into_the_process_s_memory_that_was_polled_once_takes_place() {
    until_it_ends("an insert", 1, async |polls| {
        let rig = Rig::new();
        let users = users(&yielding(&rig, 1).await).tiers(Tiers::LOCAL).build().unwrap();
        let insert = async { drop(users.insert("ada", "new".to_owned(), Version::new(1)).await) };
        let has_completed = poll_and_drop(insert, polls).await.is_some();
        tokio::time::sleep(millis(1)).await;
        let kept = users.get("ada").await.unwrap();
        assert_eq!(kept.as_deref().map(String::as_str), Some("new"), "after {polls} polls");
        has_completed
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_guarded_write_whose_end_was_polled_once_is_finished() {
    until_it_ends("the finish", 1, async |polls| {
        let stage = Stage::set().await;
        let write = stage.users.begin_write(["ada", "bob"]).await.unwrap();
        let has_completed = poll_and_drop(write.finish(), polls).await.is_some();
        tokio::time::sleep(millis(1)).await;
        stage.check_sound(&format!("after {polls} polls")).await;
        has_completed
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_sweep_of_which_a_step_was_dropped_goes_on() {
    until_it_ends("a step", 0, async |polls| {
        let stage = Stage::set().await;
        let mut sweep = stage.larder.sweep("user").unwrap();
        let has_completed = poll_and_drop(sweep.step(), polls).await.is_some();
        sweep.run(1_000).await.unwrap();
        let left = stage.other.reading().skip_local().get("ada").await.unwrap();
        assert!(left.is_none() && sweep.seen() > 0, "after {polls} polls: {sweep:?}");
        has_completed
    })
    .await;
}
