//! Who need not wait for a load: where there is something stale, and where a load has just failed.

use larder::Tier;
use tokio::time::{Instant, sleep};

use super::rig::{Origin, Rig, Users, check, check_get, check_stale, millis, secs, settle, store, users};

const FRESH: u64 = 5;

/// A cache that serves what is stale after `patience` milliseconds.
async fn soft(rig: &Rig, patience: u64) -> Users {
    users(&rig.node().await).fresh_for(secs(FRESH)).soft_timeout(millis(patience)).build().unwrap()
}

/// Loads each key as its own value, in a second.
async fn slow_load(keys: Vec<String>) -> larder::Result<Vec<(String, String)>> {
    sleep(secs(1)).await;
    Ok(keys.into_iter().map(|key| (key.clone(), key)).collect())
}

#[tokio::test(start_paused = true)]
async fn stale_while_revalidate_lets_nobody_wait_and_loads_once() {
    let rig = Rig::new();
    let users = users(&rig.node().await).fresh_for(secs(60)).time_to_live(secs(600));
    let users = users.local_time_to_live(secs(600)).stale_while_revalidate().build().unwrap();
    store(&users, "ada", "Ada").await;
    sleep(secs(61)).await;
    let (origin, began) = (Origin::new(), Instant::now());
    for _ in 0..100 {
        let hit = users.get_or_load("ada", origin.takes(secs(1), Ok("Countess".to_owned()))).await.unwrap();
        check_stale(&hit, "Ada", Tier::Local);
    }
    assert_eq!(began.elapsed(), secs(0));
    settle().await;
    sleep(secs(1)).await;
    settle().await;
    assert_eq!(origin.loads(), 1);
    check_get(&users, "ada", Some(("Countess", Tier::Local))).await;
}

#[tokio::test(start_paused = true)]
async fn of_what_only_the_shared_tier_has_the_stale_value_is_served_too() {
    let rig = Rig::new();
    store(&soft(&rig, 0).await, "ada", "Ada").await;
    sleep(secs(FRESH)).await;
    let (users, origin, began) = (soft(&rig, 0).await, Origin::new(), Instant::now());
    let load = || origin.takes(secs(1), Ok("Countess".to_owned()));
    let reads = tokio::join!(users.get_or_load("ada", load()), users.get_or_load("ada", load()));
    for hit in [reads.0, reads.1, users.get_or_load("ada", load()).await] {
        check_stale(&hit.unwrap(), "Ada", Tier::Remote);
    }
    assert_eq!(began.elapsed(), secs(0));
    settle().await;
    sleep(secs(1)).await;
    settle().await;
    assert_eq!(origin.loads(), 1);
    check_get(&users, "ada", Some(("Countess", Tier::Local))).await;
}

#[tokio::test(start_paused = true)]
async fn another_instance_serves_what_is_stale_while_this_one_loads() {
    let rig = Rig::new();
    let (here, there, origin) = (soft(&rig, 0).await, soft(&rig, 0).await, Origin::new());
    store(&here, "ada", "Ada").await;
    sleep(secs(FRESH)).await;
    let load = || origin.takes(secs(1), Ok("Countess".to_owned()));
    check_stale(&here.get_or_load("ada", load()).await.unwrap(), "Ada", Tier::Local);
    settle().await;
    check_stale(&there.get_or_load("ada", load()).await.unwrap(), "Ada", Tier::Remote);
    sleep(secs(2)).await;
    settle().await;
    assert_eq!(origin.loads(), 1);
    check_get(&there, "ada", Some(("Countess", Tier::Local))).await;
}

#[tokio::test(start_paused = true)]
async fn a_load_is_waited_for_as_long_as_the_soft_timeout_says_and_goes_on() {
    let rig = Rig::new();
    let (users, origin) = (soft(&rig, 200).await, Origin::new());
    store(&users, "ada", "Ada").await;
    sleep(secs(FRESH)).await;
    let quick = users.get_or_load("ada", origin.takes(millis(100), Ok("quick".to_owned()))).await.unwrap();
    check(&quick, "quick", Tier::Origin);
    sleep(secs(FRESH)).await;
    let began = Instant::now();
    let slow = users.get_or_load("ada", origin.takes(millis(300), Ok("slow".to_owned()))).await.unwrap();
    check_stale(&slow, "quick", Tier::Remote);
    assert!((millis(200)..millis(205)).contains(&began.elapsed()), "{:?}", began.elapsed());
    sleep(millis(100)).await;
    settle().await;
    check_get(&users, "ada", Some(("slow", Tier::Local))).await;
    assert_eq!(origin.loads(), 2);
}

#[tokio::test(start_paused = true)]
async fn what_was_invalidated_meanwhile_is_served_to_nobody_who_comes_later() {
    let rig = Rig::new();
    let (users, origin) = (soft(&rig, 0).await, Origin::new());
    store(&users, "ada", "Ada").await;
    sleep(secs(FRESH)).await;
    let load = |value: &str| origin.takes(secs(1), Ok(value.to_owned()));
    check_stale(&users.get_or_load("ada", load("overtaken")).await.unwrap(), "Ada", Tier::Local);
    let _receipt = users.invalidate("ada").await.unwrap();
    check(&users.get_or_load("ada", load("new")).await.unwrap(), "new", Tier::Origin);
    sleep(secs(1)).await;
    assert_eq!(users.get("ada").await.unwrap().as_deref(), Some(&"new".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn a_refresh_that_is_asked_for_is_waited_for() {
    let rig = Rig::new();
    let users = soft(&rig, 0).await;
    store(&users, "ada", "Ada").await;
    sleep(secs(FRESH)).await;
    let load = Origin::new().takes(secs(1), Ok("Countess".to_owned()));
    check(&users.refresh_with("ada", load).await.unwrap(), "Countess", Tier::Origin);
}

#[tokio::test(start_paused = true)]
async fn many_keys_are_served_stale_like_one() {
    let rig = Rig::new();
    let users = soft(&rig, 0).await;
    store(&users, "ada", "Ada").await;
    sleep(secs(FRESH)).await;
    let began = Instant::now();
    let hits = users.get_many_or_load(["ada"], slow_load).await.unwrap();
    check_stale(hits[0].as_ref().unwrap(), "Ada", Tier::Remote);
    assert_eq!(began.elapsed(), secs(0));
    settle().await;
    sleep(secs(1)).await;
    settle().await;
    check_get(&users, "ada", Some(("ada", Tier::Local))).await;
}

#[tokio::test(start_paused = true)]
async fn many_keys_are_waited_for_no_longer_than_one() {
    let rig = Rig::new();
    let users = soft(&rig, 200).await;
    let keys = ["ada", "bob", "cyd", "dan", "eve"];
    for key in keys {
        store(&users, key, "old").await;
    }
    sleep(secs(FRESH)).await;
    let began = Instant::now();
    let hits = users.get_many_or_load(keys, slow_load).await.unwrap();
    assert!(hits.into_iter().all(|hit| hit.unwrap().is_stale()));
    assert!((millis(200)..millis(205)).contains(&began.elapsed()), "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn an_origin_that_has_failed_is_left_alone_for_a_moment() {
    let rig = Rig::new();
    let users = users(&rig.node().await).fresh_for(secs(FRESH)).rest_after_error(secs(3)).build().unwrap();
    store(&users, "ada", "Ada").await;
    sleep(secs(FRESH)).await;
    let origin = Origin::new();
    for _ in 0..100 {
        let hit = users.get_or_load("ada", origin.fails()).await.unwrap();
        assert!(hit.is_stale() && hit == "Ada".to_owned());
    }
    assert_eq!(origin.loads(), 1);
    let many = users
        .get_many_or_load(["ada"], |_| async { Err::<Vec<(String, String)>, _>(super::rig::Broken("all")) });
    assert!(many.await.unwrap()[0].as_ref().unwrap().is_stale());
    sleep(secs(3)).await;
    let back = users.get_or_load("ada", origin.gives("Countess".to_owned())).await.unwrap();
    check(&back, "Countess", Tier::Origin);
}

#[tokio::test(start_paused = true)]
async fn an_invalidation_and_a_refresh_end_the_rest() {
    let rig = Rig::new();
    let users = users(&rig.node().await).fresh_for(secs(FRESH)).rest_after_error(secs(60)).build().unwrap();
    for key in ["ada", "bob"] {
        store(&users, key, "old").await;
    }
    sleep(secs(FRESH)).await;
    let origin = Origin::new();
    for key in ["ada", "bob"] {
        assert!(users.get_or_load(key, origin.fails()).await.unwrap().is_stale());
    }
    let _receipt = users.invalidate("ada").await.unwrap();
    let ada = users.get_or_load("ada", origin.gives("new".to_owned())).await.unwrap();
    check(&ada, "new", Tier::Origin);
    store(&users, "bob", "new").await;
    sleep(secs(FRESH)).await;
    let bob = users.get_or_load("bob", origin.gives("newer".to_owned())).await.unwrap();
    check(&bob, "newer", Tier::Origin);
}
