//! Single-flight: of all who want a key at once, one loads it.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use larder::{ErrorKind, Tier};
use tokio::task::JoinSet;
use tokio::time::{Instant, advance, sleep};

use super::rig::{
    Broken, Origin, Rig, Users, alone, check, check_get, kind_of, millis, secs, settle, store, users,
};
use super::yielding::{cancel_after, yielding};

#[tokio::test(start_paused = true)]
async fn a_thousand_who_want_a_key_load_it_once() {
    let (users, origin) = (alone().await, Origin::new());
    let mut readers = JoinSet::new();
    let began = Instant::now();
    for _ in 0..1_000 {
        let (users, load) = (users.clone(), origin.takes(secs(1), Ok("Ada".to_owned())));
        readers.spawn(async move { users.get_or_load("ada", load).await });
    }
    while let Some(read) = readers.join_next().await {
        check(&read.unwrap().unwrap(), "Ada", Tier::Origin);
    }
    assert_eq!((origin.loads(), began.elapsed()), (1, secs(1)));
}

#[tokio::test(start_paused = true)]
async fn two_instances_load_a_key_once() {
    let rig = Rig::new();
    let (here, there) = (rig.users().await, rig.users().await);
    let origin = Origin::new();
    let load = || origin.takes(secs(1), Ok("Ada".to_owned()));
    let (one, two) = tokio::join!(here.get_or_load("ada", load()), there.get_or_load("ada", load()));
    assert_eq!((one.unwrap().as_str(), two.unwrap().as_str()), ("Ada", "Ada"));
    assert_eq!(origin.loads(), 1);
}

#[tokio::test(start_paused = true)]
async fn all_who_wait_are_told_of_the_failure_and_nobody_tries_in_their_place() {
    let (users, origin) = (alone().await, Origin::new());
    let mut readers = JoinSet::new();
    for _ in 0..100 {
        let load = origin.takes::<_, String>(secs(1), Err(Broken("database")));
        let users = users.clone();
        readers.spawn(async move { users.get_or_load("ada", load).await });
    }
    while let Some(read) = readers.join_next().await {
        let error = read.unwrap().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Load);
        assert_eq!(error.loader_error::<Broken>(), Some(&Broken("database")));
        assert!(error.to_string().contains("cache: "), "{error}");
    }
    assert_eq!(origin.loads(), 1);
    // A failure is not kept: who comes next tries again.
    let next = users.get_or_load("ada", origin.gives("Ada".to_owned())).await.unwrap();
    check(&next, "Ada", Tier::Origin);
}

#[tokio::test(start_paused = true)]
async fn a_load_that_takes_too_long_is_told_to_all_who_wait() {
    let rig = Rig::new();
    let users = users(&rig.node().await).load_deadline(secs(2)).build().unwrap();
    let origin = Origin::new();
    let began = Instant::now();
    let late = || origin.takes(secs(5), Ok("late".to_owned()));
    let (one, two) = tokio::join!(users.get_or_load("ada", late()), users.get_or_load("ada", late()));
    assert_eq!((kind_of(one), kind_of(two)), (ErrorKind::Elapsed, ErrorKind::Elapsed));
    assert_eq!((origin.loads(), began.elapsed()), (1, secs(2)));
    check_get(&users, "ada", None).await;
    let next = users.get_or_load("ada", origin.gives("Ada".to_owned())).await.unwrap();
    check(&next, "Ada", Tier::Origin);
}

#[tokio::test(start_paused = true)]
async fn a_load_outlives_all_who_wait_and_its_result_is_kept() {
    let rig = Rig::new();
    let (users, origin) = (rig.users().await, Origin::new());
    for _ in 0..2 {
        let read = users.get_or_load("ada", origin.takes(secs(5), Ok("Ada".to_owned())));
        assert!(tokio::time::timeout(secs(1), read).await.is_err());
    }
    sleep(secs(4)).await;
    check_get(&users, "ada", Some(("Ada", Tier::Local))).await;
    check_get(&rig.users().await, "ada", Some(("Ada", Tier::Remote))).await;
    assert_eq!(origin.loads(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_leader_who_leaves_during_the_load_leaves_the_others_their_result() {
    let (users, origin) = (alone().await, Origin::new());
    let load = || origin.takes(secs(5), Ok("Ada".to_owned()));
    let mut leader = Box::pin(users.get_or_load("ada", load()));
    assert!(cancel_after(leader.as_mut(), 3).await.is_none());
    let mut other = pin!(users.get_or_load("ada", load()));
    assert!(cancel_after(other.as_mut(), 3).await.is_none());
    drop(leader);
    check(&other.await.unwrap(), "Ada", Tier::Origin);
    assert_eq!(origin.loads(), 1);
}

#[tokio::test(start_paused = true)]
async fn when_a_leader_leaves_before_the_load_another_takes_over() {
    let rig = Rig::new();
    let larder = yielding(&rig, 5).await;
    let (users, origin) = (users(&larder).build().unwrap(), Origin::new());
    let load = || origin.takes(secs(5), Ok("Ada".to_owned()));
    let mut leader = Box::pin(users.get_or_load("ada", load()));
    // It is now asking the shared tier, and the others wait for it.
    assert!(cancel_after(leader.as_mut(), 2).await.is_none());
    let mut readers = JoinSet::new();
    for _ in 0..10 {
        let (users, load) = (users.clone(), load());
        readers.spawn(async move { users.get_or_load("ada", load).await });
    }
    settle().await;
    assert_eq!(origin.loads(), 0);
    drop(leader);
    while let Some(read) = readers.join_next().await {
        check(&read.unwrap().unwrap(), "Ada", Tier::Origin);
    }
    assert_eq!(origin.loads(), 1);
}

#[tokio::test(start_paused = true)]
async fn two_keys_do_not_wait_for_each_other() {
    let (users, origin) = (alone().await, Origin::new());
    let began = Instant::now();
    let mut slow = pin!(users.get_or_load("ada", origin.takes(secs(20), Ok("Ada".to_owned()))));
    assert!(cancel_after(slow.as_mut(), 3).await.is_none());
    for number in 0..100 {
        let load = origin.gives("quick".to_owned());
        users.get_or_load(&format!("bob {number}"), load).await.unwrap();
    }
    assert!(began.elapsed() < secs(1));
    check(&slow.await.unwrap(), "Ada", Tier::Origin);
}

/// Loads a chain of keys, each within the loader of the one before.
fn load_down(users: Users, depth: u32) -> super::rig::Loading<String> {
    Box::pin(async move {
        if depth == 0 {
            return Ok("the end".to_owned());
        }
        let inner = users.clone();
        let key = format!("level {depth}");
        let below = users.get_or_load(&key, move |_| load_down(inner, depth - 1)).await;
        Ok(format!("{depth}, {}", below.map_err(|_| Broken("chain"))?))
    })
}

#[tokio::test(start_paused = true)]
async fn a_loader_may_load_other_keys() {
    let users = alone().await;
    assert_eq!(load_down(users.clone(), 4).await.unwrap(), "4, 3, 2, 1, the end");
    check_get(&users, "level 2", Some(("1, the end", Tier::Local))).await;
}

#[tokio::test(start_paused = true)]
async fn a_reader_after_an_invalidation_never_gets_what_was_read_before_it() {
    let (users, origin) = (alone().await, Origin::new());
    let old = users.get_or_load("ada", origin.takes(secs(5), Ok("old".to_owned())));
    let new = async {
        sleep(secs(1)).await;
        let _receipt = users.invalidate("ada").await.unwrap();
        users.get_or_load("ada", origin.takes(secs(1), Ok("new".to_owned()))).await
    };
    let (old, new) = tokio::join!(old, new);
    // Who came before the invalidation may have either.
    check(&old.unwrap(), "old", Tier::Origin);
    check(&new.unwrap(), "new", Tier::Origin);
    check_get(&users, "ada", Some(("new", Tier::Local))).await;
}

#[tokio::test(start_paused = true)]
async fn an_expiry_overtakes_a_load_too() {
    let rig = Rig::new();
    let (users, origin) = (rig.users().await, Origin::new());
    store(&users, "ada", "older").await;
    let _receipt = users.expire("ada").await.unwrap();
    let old = users.get_or_load("ada", origin.takes(secs(5), Ok("old".to_owned())));
    let new = async {
        sleep(secs(1)).await;
        let _receipt = users.expire("ada").await.unwrap();
        users.get_or_load("ada", origin.takes(secs(1), Ok("new".to_owned()))).await
    };
    let (_, new) = tokio::join!(old, new);
    check(&new.unwrap(), "new", Tier::Origin);
    check_get(&users, "ada", Some(("new", Tier::Local))).await;
    check_get(&rig.users().await, "ada", Some(("new", Tier::Remote))).await;
}

/// What is left after a refresh that began during a slower load has ended first.
async fn check_refreshed_during_a_load(users: Users) {
    let origin = Origin::new();
    let old = users.get_or_load("ada", origin.takes(secs(5), Ok("old".to_owned())));
    let new = async {
        sleep(secs(1)).await;
        users.refresh_with("ada", origin.takes(secs(1), Ok("new".to_owned()))).await
    };
    let (_, new) = tokio::join!(old, new);
    check(&new.unwrap(), "new", Tier::Origin);
    check_get(&users, "ada", Some(("new", Tier::Local))).await;
}

#[tokio::test(start_paused = true)]
async fn a_refresh_is_not_undone_by_a_load_that_began_before_it() {
    let rig = Rig::new();
    check_refreshed_during_a_load(rig.users().await).await;
}

#[tokio::test(start_paused = true)]
async fn the_deadline_covers_the_wait_for_another_instance() {
    let rig = Rig::new();
    let (here, there) = (rig.node().await, rig.node().await);
    let build = |larder| users(larder).load_deadline(secs(10)).build().unwrap();
    let (here, there) = (build(&here), build(&there));
    let origin = Origin::new();
    let first = here.get_or_load("ada", origin.takes::<_, String>(secs(8), Err(Broken("database"))));
    let second = async {
        sleep(millis(1)).await;
        let began = Instant::now();
        let outcome = there.get_or_load("ada", origin.takes(secs(8), Ok("late".to_owned()))).await;
        (outcome, began.elapsed())
    };
    let (first, (second, took)) = tokio::join!(first, second);
    assert_eq!(kind_of(first), ErrorKind::Load);
    assert!(took <= secs(10), "{took:?}: {second:?}");
    assert_eq!(kind_of(second), ErrorKind::Elapsed);
}

#[tokio::test(start_paused = true)]
async fn a_loader_that_runs_out_of_time_is_dropped() {
    struct Flag(Arc<AtomicBool>);
    impl Drop for Flag {
        fn drop(&mut self) {
            self.0.store(true, Ordering::SeqCst);
        }
    }
    let rig = Rig::new();
    let users = users(&rig.node().await).load_deadline(secs(1)).build().unwrap();
    let dropped = Arc::new(AtomicBool::new(false));
    let flag = Flag(dropped.clone());
    let endless = |_: String| async move {
        let _flag = flag;
        std::future::pending::<Result<String, Broken>>().await
    };
    assert_eq!(kind_of(users.get_or_load("ada", endless).await), ErrorKind::Elapsed);
    assert!(dropped.load(Ordering::SeqCst));
    advance(secs(1)).await;
}

/// A future may lie in a list, or on the other side of a `select!`, while its task waits for something else: say for this key.
#[tokio::test(start_paused = true)]
async fn a_reader_who_is_not_polled_any_more_holds_nobody_up() {
    let rig = Rig::new();
    let (users, origin) = (users(&yielding(&rig, 5).await).build().unwrap(), Origin::new());
    let mut first = pin!(users.get_or_load("ada", origin.gives("Ada".to_owned())));
    assert!(cancel_after(first.as_mut(), 1).await.is_none(), "it reads the shared tier");
    let began = Instant::now();
    let second = users.get_or_load("ada", origin.gives("Ada".to_owned())).await;
    check(&second.unwrap(), "Ada", Tier::Origin);
    assert!(began.elapsed() <= millis(150), "twice the budget of a read, and the load");
    // Its own read has run out of time meanwhile, and it loads for itself.
    check(&first.await.unwrap(), "Ada", Tier::Origin);
}
