//! What is told of what is read, so that others begin with it.

use std::time::Duration;

use larder::{AppName, Larder, Tier, WarmStart};
use larder_core::{CacheName, Reads, Remote, Season};
use tokio::time::{advance, sleep};

use super::super::rig::{Rig, check_get, secs, store, users};
use super::{begin, breakable, check_local, names, node, warm};

const DAY: Duration = Duration::from_secs(24 * 3_600);

#[tokio::test(start_paused = true)]
async fn what_is_read_is_told_while_the_instance_lives_and_when_its_cache_ends() {
    let (rig, names) = (Rig::new(), names(10));
    let larder = rig.node().await;
    let old = warm(&larder, WarmStart::default().save_every(secs(10)));
    store(&old, &names[0], &names[0]).await;
    sleep(secs(13)).await;
    let (_second, users) = begin(&rig, WarmStart::default()).await;
    check_local(&users, &names[..1]).await;
    assert_eq!(users.warmth().wanted, 1);
    for name in &names {
        store(&old, name, name).await;
    }
    drop(old);
    sleep(secs(13)).await;
    let (_third, users) = begin(&rig, WarmStart::default()).await;
    check_local(&users, &names).await;
}

#[tokio::test(start_paused = true)]
async fn what_could_not_be_told_is_told_later() {
    let (rig, link) = breakable();
    let (larder, names) = (node(&rig, &link).await, names(300));
    let old = warm(&larder, WarmStart::default().save_every(secs(10)));
    for name in &names {
        store(&old, name, name).await;
    }
    link.faults().unwrap().freeze();
    sleep(secs(60)).await;
    link.faults().unwrap().thaw();
    sleep(secs(15)).await;
    let (_new, users) = begin(&rig, WarmStart::default()).await;
    check_local(&users, &names).await;
}

#[tokio::test(start_paused = true)]
async fn hits_count_by_samples() {
    let rig = Rig::new();
    let larder = rig.node().await;
    let old = warm(&larder, WarmStart::default());
    for name in ["cold", "hot", "tepid"] {
        store(&old, name, name).await;
    }
    for round in 0..20_000 {
        let name = if round % 10 == 0 { "tepid" } else { "hot" };
        check_get(&old, name, Some((name, Tier::Local))).await;
    }
    assert!(larder.shut_down().await);
    let link = rig.server.connect(&AppName::new("test.shop").unwrap());
    let cache = CacheName::new("user").unwrap();
    let reads = link.remote().most_read(&cache, Season::Recent, 0, 10).await.unwrap();
    let [hot, tepid, cold] = <[Reads; 3]>::try_from(reads).unwrap();
    assert_eq!((&*hot.key, &*tepid.key, &*cold.key), ("hot", "tepid", "cold"));
    assert!((hot.count - 18_000.0).abs() < 900.0, "{hot:?}");
    assert!((tepid.count - 2_000.0).abs() < 400.0, "{tepid:?}");
    assert!((cold.count - 1.0).abs() < 0.1, "{cold:?}");
    // The one that is read most comes first.
    let (_new, users) = begin(&rig, WarmStart::default().most(1)).await;
    assert!(users.contains_local("hot") && !users.contains_local("tepid"));
}

#[tokio::test(start_paused = true)]
async fn after_a_quiet_night_it_begins_with_what_was_read_at_this_hour_yesterday() {
    let rig = Rig::new();
    let long = |larder: &Larder| users(larder).time_to_live(7 * DAY).warm_start(WarmStart::default().most(1));
    let larder = rig.node().await;
    let old = long(&larder).build().unwrap();
    advance(secs(9 * 3_600)).await;
    store(&old, "report", "report").await;
    // What is read belongs to the hour in which it is told.
    sleep(secs(90)).await;
    advance(secs(10 * 3_600)).await;
    for _ in 0..9 {
        store(&old, "evening", "evening").await;
    }
    assert!(larder.shut_down().await);
    for (hours, expected) in [(0, "evening"), (14, "report")] {
        advance(secs(hours * 3_600)).await;
        let larder = rig.node().await;
        let new = long(&larder).build().unwrap();
        larder.ready().await;
        assert!(new.contains_local(expected), "{hours}");
    }
}
