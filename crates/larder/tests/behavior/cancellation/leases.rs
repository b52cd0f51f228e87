//! What a dropped leader leaves behind: a lease for which nobody has to wait.

use larder::Result;
use larder_testkit::poll_and_drop;
use tokio::time::Instant;

use super::super::rig::{Broken, Loading, Origin, millis};
use super::moments::MOST_POLLS;
use super::operations::{Running, name, names};
use super::stage::Stage;

/// How a load comes to its end.
type Load = fn(Stage) -> Running;

const LOADS: [(&str, Load); 5] = [
    ("a value", |on| Box::pin(async move { drop(on.users.get_or_load("ada", name).await) })),
    ("values", |on| Box::pin(async move { drop(on.users.get_many_or_load(["ada", "bob"], names).await) })),
    ("an error", |on| Box::pin(async move { drop(on.users.get_or_load("ada", fails).await) })),
    ("a panic", |on| Box::pin(async move { drop(on.users.get_or_load("ada", panics).await) })),
    ("a refresh", |on| Box::pin(async move { drop(on.users.refresh_with("ada", name).await) })),
];

fn fails(_: String) -> Loading<String> {
    Box::pin(async { Err(Broken("database")) })
}

fn panics(_: String) -> Loading<String> {
    Box::pin(async { panic!("the test is about this") })
}

/// A lease is held for two seconds if nobody gives it back.
#[tokio::test(start_paused = true)]
async fn nobody_waits_for_the_lease_of_a_leader_that_was_dropped() {
    for (what, load) in LOADS {
        let mut polls = 0;
        while !check_lease_after(what, load, polls).await {
            polls += 1;
            assert!(polls < MOST_POLLS, "{what} does not come");
        }
    }
}

async fn check_lease_after(what: &str, load: Load, polls: usize) -> bool {
    let stage = Stage::set().await;
    let _receipt = stage.users.invalidate("ada").await.unwrap();
    let has_completed = poll_and_drop(load(stage.clone()), polls).await.is_some();
    let began = Instant::now();
    let read: Result<_> = stage.other.get_or_load("ada", Origin::new().gives("other".to_owned())).await;
    read.unwrap();
    // It asks again every few milliseconds.
    assert!(began.elapsed() < millis(500), "{what} after {polls} polls: {:?}", began.elapsed());
    has_completed
}
