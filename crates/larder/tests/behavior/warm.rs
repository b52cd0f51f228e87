//! Warm starts: what an instance knows of what it will be asked for, and what it does about it.

mod counted;
mod waiting;

use std::time::Duration;

use larder::memory::{Link, MemoryServer, Probe};
use larder::{AppName, ErrorKind, Larder, Tier, Tiers, WarmStart};
use larder_testkit::TokioClock;
use tokio::runtime::Handle;
use tokio::time::{Instant, sleep};

use super::rig::{Origin, Rig, Users, check_get, kind_of, millis, secs, settle, store, users};
use super::yielding::{yielding, yielding_on};

fn names(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("user {number}")).collect()
}

/// A cache that begins warm.
fn warm(larder: &Larder, how: WarmStart) -> Users {
    users(larder).warm_start(how).build().unwrap()
}

/// Lets an instance read all of these, and end.
async fn live_and_end(rig: &Rig, names: &[String]) {
    let larder = rig.node().await;
    let users = warm(&larder, WarmStart::default());
    for name in names {
        store(&users, name, name).await;
    }
    assert!(larder.shut_down().await);
}

/// An instance that begins now, when it is ready.
async fn begin(rig: &Rig, how: WarmStart) -> (Larder, Users) {
    let larder = rig.node().await;
    let users = warm(&larder, how);
    larder.ready().await;
    (larder, users)
}

async fn check_local(users: &Users, names: &[String]) {
    for name in names {
        check_get(users, name, Some((name, Tier::Local))).await;
    }
}

/// A server whose connections can be broken, and one of them.
fn breakable() -> (Rig, Link) {
    let clock = TokioClock::new().clock();
    let server = MemoryServer::unreliable(clock.clone(), Probe::default());
    let link = server.connect(&AppName::new("test.shop").unwrap());
    (Rig { server, clock }, link)
}

async fn node(rig: &Rig, link: &Link) -> Larder {
    let builder = Larder::builder("test.shop").upstream(link.remote(), link.bus());
    builder.clock(rig.clock.clone()).build().await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_new_instance_answers_its_first_reads_by_itself() {
    let (rig, names) = (Rig::new(), names(3_000));
    live_and_end(&rig, &names).await;
    let (larder, users) = begin(&rig, WarmStart::default()).await;
    check_local(&users, &names).await;
    let stats = users.stats();
    assert_eq!((stats.local_hits, stats.remote_hits, stats.loads), (3_000, 0, 0));
    let warmth = users.warmth();
    assert_eq!((warmth.wanted, warmth.asked, warmth.found), (3_000, 3_000, 3_000));
    assert_eq!((warmth.kept, warmth.refused, warmth.loaded), (3_000, 0, 0));
    assert!(warmth.is_over && larder.is_ready());
}

/// Whatever a write does while values are on their way here, what it replaced is not seen after it.
#[tokio::test(start_paused = true)]
async fn a_write_is_never_overtaken_by_what_is_fetched_ahead() {
    for polls in 1..6 {
        let (rig, names) = (Rig::new(), names(200));
        live_and_end(&rig, &names).await;
        let here = rig.users().await;
        let larder = yielding(&rig, polls).await;
        let there = warm(&larder, WarmStart::default().batch(10).concurrency(3));
        let mut is_fetched = 0;
        for name in names.iter().rev() {
            tokio::task::yield_now().await;
            is_fetched += usize::from(there.contains_local(name));
            let receipt = here.invalidate(name).await.unwrap();
            let seen = there.reading().at_least(&receipt).get(name).await.unwrap();
            assert!(seen.is_none(), "{name}: {seen:?}");
        }
        larder.ready().await;
        settle().await;
        for name in &names {
            check_get(&there, name, None).await;
        }
        // Some were there when they were written, and others were not yet.
        assert!(is_fetched > 0 && is_fetched < names.len(), "{is_fetched}");
    }
}

/// The shared tier still has what it could not be told to drop.
#[tokio::test(start_paused = true)]
async fn what_the_shared_tier_was_not_told_yet_is_not_fetched_ahead() {
    let (rig, link) = breakable();
    let names = names(10);
    live_and_end(&rig, &names).await;
    let larder = yielding_on(&rig, &link, 20).build().await.unwrap();
    let users = users(&larder).build().unwrap();
    link.faults().unwrap().fail(1);
    let receipt = users.invalidate(&names[3]).await.unwrap();
    assert!(receipt.is_deferred());
    let warmth = users.prime(&names).await.unwrap();
    assert_eq!((warmth.asked, warmth.kept), (9, 9));
    assert!(!users.contains_local(&names[3]));
}

/// Read in the order of their worth, the first would be the first to go.
#[tokio::test(start_paused = true)]
async fn what_is_read_most_is_not_the_first_to_make_room() {
    let rig = Rig::new();
    let larder = rig.node().await;
    let old = users(&larder).capacity(1_000).build().unwrap();
    let names = names(2_000);
    for name in &names {
        store(&old, name, name).await;
    }
    let larder = rig.node().await;
    let users = users(&larder).capacity(1_000).build().unwrap();
    users.prime(&names[..1_000]).await.unwrap();
    for name in &names[1_000..1_300] {
        check_get(&users, name, Some((name, Tier::Remote))).await;
    }
    let best = names[..250].iter().filter(|name| users.contains_local(&***name)).count();
    let least = names[750..1_000].iter().filter(|name| users.contains_local(&***name)).count();
    assert!(best >= 240 && least <= 100, "{best} of the best and {least} of the least are left");
}

#[tokio::test(start_paused = true)]
async fn nothing_is_loaded_and_what_the_shared_tier_lost_is_left_out() {
    let (rig, names, origin) = (Rig::new(), names(20), Origin::new());
    live_and_end(&rig, &names).await;
    let here = rig.users().await;
    for name in &names[..5] {
        let _receipt = here.invalidate(name).await.unwrap();
    }
    let larder = rig.node().await;
    let users = users(&larder).loader(origin.numbers(millis(1))).warm_start(WarmStart::default());
    let users = users.build().unwrap();
    larder.ready().await;
    sleep(secs(1)).await;
    assert_eq!(origin.loads(), 0);
    let warmth = users.warmth();
    assert_eq!((warmth.wanted, warmth.asked, warmth.found, warmth.kept), (20, 20, 15, 15));
    check_local(&users, &names[5..]).await;
}

#[tokio::test(start_paused = true)]
async fn who_wants_to_loads_what_is_missing_and_not_too_fast() {
    let (rig, names, origin) = (Rig::new(), names(20), Origin::new());
    live_and_end(&rig, &names).await;
    let here = rig.users().await;
    for name in &names[..11] {
        let _receipt = here.invalidate(name).await.unwrap();
    }
    let larder = rig.node().await;
    let users = users(&larder).loader(origin.numbers(millis(1))).warm_start(WarmStart::default());
    let users = users.warm_loads(10, |text| (text != "user 0").then(|| text.to_owned())).build().unwrap();
    let began = Instant::now();
    larder.ready().await;
    let took = began.elapsed();
    assert!(took >= millis(900) && took < millis(1_100), "{took:?}");
    assert_eq!((origin.loads(), users.warmth().loaded), (10, 10));
    assert!(!users.contains_local("user 0"));
    assert!(names[1..].iter().all(|name| users.contains_local(name)));
}

#[tokio::test(start_paused = true)]
async fn what_is_fetched_ahead_is_fetched_once_it_can_be_kept() {
    let (rig, link) = breakable();
    let names = names(10);
    live_and_end(&rig, &names).await;
    link.faults().unwrap().cut();
    let larder = node(&rig, &link).await;
    let users = warm(&larder, WarmStart::default());
    sleep(secs(3)).await;
    assert!(!larder.is_ready() && !larder.is_in_sync());
    link.faults().unwrap().mend();
    larder.ready().await;
    sleep(secs(5)).await;
    check_local(&users, &names).await;
}

#[tokio::test(start_paused = true)]
async fn a_cache_that_ends_leaves_no_task_behind() {
    let tasks = || Handle::current().metrics().num_alive_tasks();
    let larder = Rig::new().node().await;
    let before = tasks();
    let users = warm(&larder, WarmStart::default());
    larder.ready().await;
    assert!(tasks() > before);
    drop(users);
    sleep(secs(80)).await;
    assert_eq!(tasks(), before);
}

#[tokio::test(start_paused = true)]
async fn a_list_is_fetched_without_a_load() {
    let (rig, names) = (Rig::new(), names(30));
    live_and_end(&rig, &names).await;
    let users = rig.users().await;
    check_get(&users, &names[0], Some((&names[0], Tier::Remote))).await;
    let warmth = users.prime(names.iter().map(String::as_str).chain(["nobody"])).await.unwrap();
    assert_eq!((warmth.wanted, warmth.asked, warmth.found, warmth.kept), (31, 30, 29, 29));
    check_local(&users, &names).await;
    assert_eq!(kind_of(users.prime([""]).await), ErrorKind::Invalid);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_begin_warm_is_refused() {
    let larder = Rig::new().node().await;
    let usual = WarmStart::default;
    let (no_deadline, always) = (usual().deadline(Duration::ZERO), usual().save_every(Duration::ZERO));
    for how in [usual().most(0), usual().batch(0), usual().concurrency(0), no_deadline, always] {
        assert_eq!(kind_of(users(&larder).warm_start(how).build()), ErrorKind::Invalid, "{how:?}");
    }
    for tiers in [Tiers::LOCAL, Tiers::REMOTE, Tiers::NONE] {
        let builder = users(&larder).tiers(tiers).warm_start(WarmStart::default());
        assert_eq!(kind_of(builder.build()), ErrorKind::Invalid, "{tiers}");
    }
    let builder = users(&larder).warm_start(WarmStart::default()).warm_loads(1, |text| Some(text.to_owned()));
    assert_eq!(kind_of(builder.build()), ErrorKind::Invalid);
    let outside = std::thread::scope(|scope| {
        let build = || users(&larder).warm_start(WarmStart::default()).build();
        scope.spawn(build).join().unwrap()
    });
    assert_eq!(kind_of(outside), ErrorKind::Invalid);
    // None of these has left its name taken.
    assert!(users(&larder).warm_start(WarmStart::default()).build().is_ok());
}
