//! The beginning and the end.

use std::future::pending;
use std::pin::pin;

use larder::memory::{Link, MemoryServer, Probe};
use larder::{AppName, Cache, ErrorKind, Larder, Optional, Tag, Tier, Version};
use larder_testkit::TokioClock;
use tokio::runtime::{Builder, Handle};
use tokio::time::{Instant, sleep, timeout};

use super::rig::{Broken, Origin, Rig, check, check_get, kind_of, millis, secs, settle, store, users};
use super::yielding::cancel_after;

fn tasks() -> usize {
    Handle::current().metrics().num_alive_tasks()
}

/// A whole life.
async fn live() {
    let before = tasks();
    let larder = Larder::builder("test.shop").embedded().build().await.unwrap();
    let names: Cache<u64, String> = larder.cache("name").build().unwrap();
    let mut reads = tokio::task::JoinSet::new();
    for number in 0..100_u64 {
        let names = names.clone();
        reads.spawn(async move {
            let load = |key: u64| async move { Ok::<_, Broken>(format!("name {key}")) };
            assert_eq!(
                *names.get_or_load(&(number % 10), load).await.unwrap(),
                format!("name {}", number % 10)
            );
            let _receipt = names.invalidate(&(number % 7)).await.unwrap();
        });
    }
    while let Some(read) = reads.join_next().await {
        read.unwrap();
    }
    assert!(larder.shut_down().await);
    // Another worker may yet have to count the end of a task that it ran.
    for _ in 0..100_000 {
        if tasks() == before {
            return;
        }
        std::thread::yield_now();
    }
    panic!("{} tasks were left behind", tasks() - before);
}

#[test]
fn it_lives_on_either_kind_of_runtime() {
    Builder::new_current_thread().enable_all().build().unwrap().block_on(live());
    Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(live());
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_leaves_no_task_behind() {
    let before = tasks();
    let larder = Rig::new().node().await;
    let users = users(&larder).build().unwrap();
    store(&users, "ada", "Ada").await;
    assert!(tasks() > before);
    assert!(larder.shut_down().await);
    assert_eq!(tasks(), before);
    assert!(larder.shut_down().await, "once more does no harm");
}

#[tokio::test(start_paused = true)]
async fn the_last_handle_takes_every_task_along() {
    let before = tasks();
    let larder = Rig::new().node().await;
    let users = users(&larder).build().unwrap();
    let endless = |_: String| pending::<Result<String, Broken>>();
    {
        let mut read = pin!(users.get_or_load("ada", endless));
        assert!(cancel_after(read.as_mut(), 3).await.is_none());
    }
    drop(larder);
    settle().await;
    assert!(tasks() > before, "the cache is a handle too");
    store(&users, "bob", "Bob").await;
    check_get(&users, "bob", Some(("Bob", Tier::Local))).await;
    drop(users);
    settle().await;
    assert_eq!(tasks(), before);
}

#[tokio::test(start_paused = true)]
async fn a_start_that_is_dropped_has_started_nothing() {
    let before = tasks();
    let clock = TokioClock::new().clock();
    let server = MemoryServer::unreliable(clock.clone(), Probe::default());
    for polls in 0..10 {
        let (larder, link) = unreliable(&server, &clock);
        link.faults().unwrap().silence();
        let mut start = Box::pin(larder);
        let _started = cancel_after(start.as_mut(), polls).await;
        drop(start);
    }
    settle().await;
    assert_eq!(tasks(), before);
}

/// A node whose link can be broken.
fn unreliable(
    server: &MemoryServer,
    clock: &larder::Clock,
) -> (impl Future<Output = larder::Result<Larder>> + use<>, Link) {
    let link = server.connect(&AppName::new("test.shop").unwrap());
    let builder = Larder::builder("test.shop").upstream(link.remote(), link.bus()).clock(clock.clone());
    (builder.build(), link)
}

async fn breakable() -> (Larder, Link) {
    let clock = TokioClock::new().clock();
    let (start, link) = unreliable(&MemoryServer::unreliable(clock.clone(), Probe::default()), &clock);
    (start.await.unwrap(), link)
}

#[tokio::test(start_paused = true)]
async fn a_load_under_way_ends_before_the_shutdown_does() {
    let larder = Rig::new().node().await;
    let users = users(&larder).build().unwrap();
    let read = users.get_or_load("ada", Origin::new().takes(secs(1), Ok("Ada".to_owned())));
    let end = async {
        sleep(millis(1)).await;
        larder.shut_down().await
    };
    let (read, ended) = tokio::join!(read, end);
    check(&read.unwrap(), "Ada", Tier::Origin);
    assert!(ended);
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_a_load_that_does_not_end_is_told_of_the_shutdown() {
    let before = tasks();
    let larder = Rig::new().node().await;
    let users = users(&larder).build().unwrap();
    let endless = || |_: String| pending::<Result<String, Broken>>();
    let bulk = |_: Vec<String>| pending::<Result<Vec<(String, String)>, Broken>>();
    let one = users.get_or_load("ada", endless());
    let two = users.get_or_load("ada", endless());
    let many = users.get_many_or_load(["bob", "eve"], bulk);
    let end = async {
        sleep(millis(1)).await;
        larder.shut_down().await
    };
    let began = Instant::now();
    let all = async { tokio::join!(one, two, many, end) };
    let (one, two, many, ended) = timeout(secs(60), all).await.expect("nobody may hang");
    assert_eq!((kind_of(one), kind_of(two)), (ErrorKind::Closed, ErrorKind::Closed));
    assert_eq!(kind_of(many), ErrorKind::Closed);
    assert!(!ended && began.elapsed() <= secs(5), "{:?}", began.elapsed());
    assert_eq!(tasks(), before);
}

#[tokio::test(start_paused = true)]
async fn after_a_shutdown_nothing_is_loaded_or_written() {
    let rig = Rig::new();
    let larder = rig.node().await;
    let origin = Origin::new();
    let users = users(&larder).loader(origin.numbers(millis(1))).build().unwrap();
    assert!(larder.shut_down().await);
    let load = || origin.gives("never asked".to_owned());
    let bulk = |_: Vec<String>| async { Ok::<Vec<(String, String)>, Broken>(vec![]) };
    assert_eq!(kind_of(users.get_or_load("ada", load()).await), ErrorKind::Closed);
    assert_eq!(kind_of(users.get_or_load("ada", load()).await.optional()), ErrorKind::Closed);
    assert_eq!(kind_of(users.load("ada").await), ErrorKind::Closed);
    assert_eq!(kind_of(users.refresh("ada").await), ErrorKind::Closed);
    assert_eq!(kind_of(users.get_many_or_load(["ada"], bulk).await), ErrorKind::Closed);
    assert_eq!(kind_of(users.insert("ada", "Ada".to_owned(), Version::new(1)).await), ErrorKind::Closed);
    assert_eq!(kind_of(users.invalidate("ada").await), ErrorKind::Closed);
    assert_eq!(kind_of(users.invalidate_many(["ada"]).await), ErrorKind::Closed);
    assert_eq!(kind_of(users.expire("ada").await), ErrorKind::Closed);
    assert_eq!(kind_of(users.clear().await), ErrorKind::Closed);
    assert_eq!(kind_of(larder.clear_all().await), ErrorKind::Closed);
    assert_eq!(kind_of(larder.invalidate_tag(&Tag::new("vip").unwrap()).await), ErrorKind::Closed);
    assert!(users.get("ada").await.unwrap().is_none());
    assert!(users.explain("ada").await.is_ok());
    assert_eq!(origin.loads(), 0);
}

#[tokio::test(start_paused = true)]
async fn after_a_shutdown_no_copy_is_served_that_was_invalidated_unheard() {
    let rig = Rig::new();
    let larder = rig.node().await;
    let (here, there) = (users(&larder).build().unwrap(), rig.users().await);
    store(&here, "ada", "Ada").await;
    assert!(larder.shut_down().await && !larder.is_in_sync());
    let _receipt = there.invalidate("ada").await.unwrap();
    assert!(here.get("ada").await.unwrap().is_none());
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_tells_the_server_what_it_could_not_be_told_before() {
    let (larder, link) = breakable().await;
    let users = users(&larder).build().unwrap();
    store(&users, "ada", "Ada").await;
    link.faults().unwrap().fail(1);
    assert!(users.invalidate("ada").await.unwrap().is_deferred());
    assert!(larder.shut_down().await);
    assert_eq!(larder.deferred(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_that_leaves_a_write_untold_is_not_in_order() {
    let (larder, link) = breakable().await;
    let users = users(&larder).build().unwrap();
    store(&users, "ada", "Ada").await;
    link.faults().unwrap().freeze();
    // It is still on its way when everything ends.
    let mut write = pin!(users.invalidate("ada"));
    assert!(cancel_after(write.as_mut(), 2).await.is_none());
    let began = Instant::now();
    let ended = timeout(secs(60), larder.shut_down()).await.expect("nobody may hang");
    assert!(began.elapsed() <= secs(5));
    assert_eq!((ended, larder.deferred()), (false, 1));
    assert!(write.await.unwrap().is_deferred());
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_that_is_dropped_aborts_what_has_not_ended() {
    let before = tasks();
    let (larder, link) = breakable().await;
    let users = users(&larder).build().unwrap();
    store(&users, "ada", "Ada").await;
    link.faults().unwrap().freeze();
    let write = users.invalidate("ada").await.unwrap();
    assert!(write.is_deferred());
    {
        let mut end = pin!(larder.shut_down());
        assert!(cancel_after(end.as_mut(), 1).await.is_none());
    }
    settle().await;
    assert_eq!(tasks(), before);
}
