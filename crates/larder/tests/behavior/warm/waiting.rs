//! How long an instance waits for what it is to begin with.

use larder::{Larder, Unreachable, WarmStart};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use super::super::rig::{Rig, secs, settle};
use super::super::yielding::yielding_on;
use super::{begin, breakable, live_and_end, names, node, warm};

#[tokio::test(start_paused = true)]
async fn where_nobody_has_read_anything_it_is_ready_at_once() {
    let (rig, began) = (Rig::new(), Instant::now());
    let (_larder, users) = begin(&rig, WarmStart::default()).await;
    assert_eq!(began.elapsed(), secs(0));
    assert_eq!((users.warmth().wanted, users.warmth().is_over), (0, true));
}

#[tokio::test(start_paused = true)]
async fn where_the_shared_tier_does_not_answer_it_begins_cold_after_the_deadline() {
    let (rig, link) = breakable();
    live_and_end(&rig, &names(10)).await;
    let larder = node(&rig, &link).await;
    link.faults().unwrap().freeze();
    let began = Instant::now();
    let users = warm(&larder, WarmStart::default().deadline(secs(7)));
    assert!(!larder.is_ready());
    larder.ready().await;
    assert_eq!(began.elapsed(), secs(7));
    assert!(users.warmth().is_over && users.warmth().kept == 0 && users.warmth().took == secs(7));
}

#[tokio::test(start_paused = true)]
async fn what_is_there_at_the_deadline_is_kept_and_the_rest_is_not_waited_for() {
    let (rig, link) = breakable();
    let names = names(100);
    live_and_end(&rig, &names).await;
    let larder = yielding_on(&rig, &link, 3).build().await.unwrap();
    let users = warm(&larder, WarmStart::default().deadline(secs(7)).batch(5).concurrency(1));
    while users.warmth().kept < 20 {
        tokio::task::yield_now().await;
    }
    link.faults().unwrap().freeze();
    let began = Instant::now();
    larder.ready().await;
    let warmth = users.warmth();
    assert!(began.elapsed() <= secs(7) && warmth.took == secs(7) && warmth.is_over, "{warmth:?}");
    assert!(warmth.wanted == 100 && (20..100).contains(&warmth.kept), "{warmth:?}");
    let kept = names.iter().filter(|name| users.contains_local(&**name)).count();
    assert_eq!(kept as u64, warmth.kept);
    // Nobody goes on with it behind one's back.
    link.faults().unwrap().thaw();
    sleep(secs(5)).await;
    assert_eq!(users.warmth(), warmth);
}

#[tokio::test(start_paused = true)]
async fn who_would_rather_wait_than_begin_cold_waits() {
    let (rig, link) = breakable();
    let names = names(10);
    live_and_end(&rig, &names).await;
    let larder = node(&rig, &link).await;
    link.faults().unwrap().freeze();
    let users = warm(&larder, WarmStart::default().deadline(secs(7)).unreachable(Unreachable::Wait));
    assert!(timeout(secs(60), larder.ready()).await.is_err());
    assert!(!larder.is_ready());
    link.faults().unwrap().thaw();
    timeout(secs(10), larder.ready()).await.unwrap();
    assert!(names.iter().all(|name| users.contains_local(name)));
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_a_cache_that_is_gone() {
    let (rig, link) = breakable();
    let larder = node(&rig, &link).await;
    link.faults().unwrap().freeze();
    let users = warm(&larder, WarmStart::default().unreachable(Unreachable::Wait));
    assert!(timeout(secs(30), larder.ready()).await.is_err());
    drop(users);
    timeout(secs(30), larder.ready()).await.unwrap();
    // Its name is free.
    let _users = warm(&larder, WarmStart::default());
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_ends_the_wait() {
    let (rig, link) = breakable();
    let larder = node(&rig, &link).await;
    link.faults().unwrap().freeze();
    let _users = warm(&larder, WarmStart::default().unreachable(Unreachable::Wait));
    settle().await;
    assert!(!larder.is_ready());
    let began = Instant::now();
    larder.shut_down().await;
    assert!(larder.is_ready() && began.elapsed() < secs(1), "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn readiness_waits_for_all_caches() {
    let (rig, link) = breakable();
    let larder = node(&rig, &link).await;
    link.faults().unwrap().freeze();
    let mut caches = Vec::new();
    for (name, deadline) in [("one", 3), ("two", 9), ("three", 6)] {
        let how = WarmStart::default().deadline(secs(deadline));
        caches.push(larder.cache::<String, String>(name).warm_start(how).build().unwrap());
    }
    let began = Instant::now();
    let mut waiting = JoinSet::new();
    for _ in 0..3 {
        let larder = larder.clone();
        waiting.spawn(async move { larder.ready().await });
    }
    waiting.join_all().await;
    assert_eq!(began.elapsed(), secs(9));
}

#[tokio::test(start_paused = true)]
async fn a_process_alone_begins_at_once() {
    let larder = Larder::builder("test.shop").build().await.unwrap();
    let users = warm(&larder, WarmStart::default());
    assert!(larder.is_ready());
    assert_eq!(users.warmth().wanted, 0);
}
