//! Builders: what cannot work is refused, and what is in effect is told.

use std::time::Duration;

use larder::{
    Breaker, Cache, CacheBuilder, Capacity, Configuration, Error, ErrorKind, Larder, LarderBuilder, Result,
    StaleIfError, Tiers, Vigilance, WhileDisconnected,
};

use super::rig::{Origin, Rig, alone, check_get, exact, millis, secs, settle, store, users};

type Builder = CacheBuilder<String, String>;

/// A setting that cannot work is an error that names it, with its value.
async fn check_refused(set: impl FnOnce(Builder) -> Builder, setting: &str, value: &str) {
    let larder = Rig::new().node().await;
    let error = set(larder.cache("user")).build().unwrap_err();
    check_error(&error, setting, value);
    // Nor is the name taken by what was never built.
    larder.cache::<String, String>("user").build().unwrap();
}

fn check_error(error: &Error, setting: &str, value: &str) {
    assert_eq!(error.kind(), ErrorKind::Invalid, "{error}");
    let text = error.to_string();
    assert!(text.contains(setting) && text.contains(value), "{setting} = {value}: {text}");
}

const FIFTY_DAYS: Duration = Duration::from_secs(50 * 24 * 3_600);

#[tokio::test(start_paused = true)]
async fn a_cache_that_cannot_work_is_refused_with_the_setting_and_its_value() {
    check_refused(|cache| cache.time_to_live(Duration::ZERO), "time_to_live", "0ns").await;
    check_refused(|cache| cache.time_to_live(FIFTY_DAYS), "time_to_live", "4320000s").await;
    check_refused(|cache| cache.fresh_for(Duration::ZERO), "fresh_for", "0ns").await;
    check_refused(|cache| cache.fresh_for(secs(601)), "fresh_for", "601s").await;
    check_refused(|cache| cache.fresh_for(FIFTY_DAYS), "fresh_for", "4320000s").await;
    check_refused(|cache| cache.local_time_to_live(Duration::ZERO), "local_time_to_live", "0ns").await;
    check_refused(|cache| cache.local_time_to_live(FIFTY_DAYS), "local_time_to_live", "4320000s").await;
    let nothing = Duration::from_micros(999);
    check_refused(|cache| cache.negative_time_to_live(nothing), "negative_time_to_live", "999µs").await;
    check_refused(|cache| cache.time_to_idle(Duration::ZERO), "time_to_idle", "0ns").await;
    check_refused(|cache| cache.time_to_idle(Duration::MAX), "time_to_idle", "18446744073709551615").await;
    check_refused(|cache| cache.load_deadline(Duration::ZERO), "load_deadline", "0ns").await;
    check_refused(|cache| cache.jitter(91), "jitter", "91").await;
    check_refused(|cache| cache.capacity(0), "capacity", "0").await;
    check_refused(|cache| cache.capacity_in_bytes(0), "capacity", "0").await;
}

async fn refusal(set: impl FnOnce(LarderBuilder) -> LarderBuilder) -> Error {
    set(Larder::builder("test.shop").embedded()).build().await.unwrap_err()
}

#[tokio::test(start_paused = true)]
async fn a_process_that_cannot_work_is_refused_with_the_setting_and_its_value() {
    check_error(&refusal(|larder| larder.read_budget(Duration::ZERO)).await, "read_budget", "0");
    check_error(&refusal(|larder| larder.write_deadline(Duration::ZERO)).await, "write_deadline", "0");
    for (breaker, setting, value) in [
        (Breaker::default().calls(0), "breaker.calls", "0"),
        (Breaker::default().share(0), "breaker.share", "0"),
        (Breaker::default().share(101), "breaker.share", "101"),
        (Breaker::default().window(Duration::ZERO), "breaker.window", "0ns"),
        (Breaker::default().rest(Duration::MAX), "breaker.rest", "18446744073709551615"),
        (Breaker::default().slow_after(Duration::ZERO), "breaker.slow_after", "0ns"),
    ] {
        check_error(&refusal(|larder| larder.breaker(breaker)).await, setting, value);
    }
    check_error(&refusal(|larder| larder.capacity(Capacity::Entries(0))).await, "capacity", "0");
    check_error(&refusal(|larder| larder.capacity(Capacity::Bytes(0))).await, "capacity", "0");
}

#[tokio::test(start_paused = true)]
async fn a_name_that_will_move_is_refused_with_the_reason() {
    for (app, reason) in [
        ("shop", "environment"),
        ("", "not set"),
        ("prod.shop-9f8e7d6", "commit hash"),
        ("prod.shop:x", "may not contain"),
    ] {
        let error = Larder::builder(app).embedded().build().await.unwrap_err();
        check_error(&error, app, reason);
    }
    let larder = Rig::new().node().await;
    for (name, reason) in [("", "not set"), ("user-20261120", "timestamp"), ("a b", "may not contain")] {
        check_error(&larder.cache::<String, String>(name).build().unwrap_err(), name, reason);
    }
}

#[tokio::test(start_paused = true)]
async fn a_name_can_be_used_by_one_cache_at_a_time() {
    let rig = Rig::new();
    let larder = rig.node().await;
    let first = users(&larder).build().unwrap();
    let clone = first.clone();
    check_error(&users(&larder).build().unwrap_err(), "user", "open already");
    let other: Result<Cache<u64, u64>> = larder.cache("user").build();
    check_error(&other.unwrap_err(), "user", "open already");
    // Another process has names of its own.
    store(&rig.users().await, "ada", "Ada").await;
    drop(first);
    check_error(&users(&larder).build().unwrap_err(), "user", "open already");
    drop(clone);
    let second = users(&larder).build().unwrap();
    check_get(&second, "ada", Some(("Ada", larder::Tier::Remote))).await;
}

fn setting<'a>(configuration: &'a Configuration, name: &str) -> &'a str {
    configuration.settings().find(|(setting, _)| *setting == name).expect("there is such a setting").1
}

fn check_setting(cache: &Cache<String, String>, name: &str, value: &str) {
    let got = setting(cache.configuration(), name);
    assert!(got.contains(value), "{name}: expected {value}, got {got}");
}

#[tokio::test(start_paused = true)]
async fn the_defaults_are_as_documented() {
    let larder = Larder::builder("test.shop").embedded().build().await.unwrap();
    let users: Cache<String, String> = larder.cache("user").build().unwrap();
    for (name, value) in [
        ("tiers", "local and remote"),
        ("engine", "Moka"),
        ("capacity", "10000"),
        ("time_to_live", "600s"),
        ("fresh_for", "600s"),
        ("local_time_to_live", "60s"),
        ("negative_time_to_live", "10s"),
        ("time_to_idle", "none"),
        ("jitter", "10 %"),
        ("load_deadline", "30s"),
        ("while_disconnected", "Bounded"),
        ("vigilance", "Watchdog"),
        ("stale_if_error", "Serve"),
    ] {
        check_setting(&users, name, value);
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_set_is_in_effect_and_told_in_one_line() {
    let larder = Rig::new().node().await;
    let users: Cache<String, String> = larder
        .cache("user")
        .tiers(Tiers::LOCAL)
        .capacity(7)
        .time_to_live(secs(40))
        .fresh_for(secs(30))
        .negative_time_to_live(secs(2))
        .time_to_idle(secs(9))
        .jitter(3)
        .load_deadline(millis(1_500))
        .while_disconnected(WhileDisconnected::Serve)
        .vigilance(Vigilance::EveryHit)
        .stale_if_error(StaleIfError::Fail)
        .build()
        .unwrap();
    for (name, value) in [
        ("tiers", "local"),
        ("capacity", "Entries(7)"),
        ("time_to_live", "40s"),
        ("fresh_for", "30s"),
        ("local_time_to_live", "40s"),
        ("negative_time_to_live", "2s"),
        ("time_to_idle", "9s"),
        ("jitter", "3 %"),
        ("load_deadline", "1.5s"),
        ("while_disconnected", "Serve"),
        ("vigilance", "EveryHit"),
        ("stale_if_error", "Fail"),
    ] {
        check_setting(&users, name, value);
    }
    let line = users.configuration().to_string();
    assert!(line.starts_with("user: tiers = local, ") && !line.contains('\n'), "{line}");
    assert!(format!("{users:?}").contains("time_to_live"));
    assert_eq!(users.name().as_str(), "user");
}

#[tokio::test(start_paused = true)]
async fn a_cache_whose_values_are_not_written_down_says_so() {
    let larder = Rig::new().node().await;
    let users: Cache<String, String> = larder.cache("user").build_local().unwrap();
    check_setting(&users, "tiers", "local");
    check_setting(&users, "envelope", "none");
}

/// How many of a hundred keys this process still has.
async fn kept(users: &super::rig::Users, load: impl AsyncFn(&str)) -> usize {
    for number in 0..100 {
        load(&format!("key {number}")).await;
    }
    settle().await;
    (0..100).filter(|number| users.contains_local(&format!("key {number}"))).count()
}

#[tokio::test(start_paused = true)]
async fn a_cache_holds_no_more_than_it_may() {
    let rig = Rig::new();
    let small = users(&rig.node().await).capacity(10).build().unwrap();
    let load = async |key: &str| store(&small, key, "value").await;
    assert!(kept(&small, load).await <= 10);

    // Ten kilobytes, of which each value owns one.
    let weighed = users(&rig.node().await).capacity_in_bytes(10_000).weigher(|_| 1_000).build().unwrap();
    let load = async |key: &str| store(&weighed, key, "value").await;
    assert!(kept(&weighed, load).await < 10);

    let roomy = alone().await;
    let load = async |key: &str| store(&roomy, key, "value").await;
    assert_eq!(kept(&roomy, load).await, 100);
}

#[tokio::test(start_paused = true)]
async fn one_limit_holds_for_all_caches_of_a_process() {
    let rig = Rig::new();
    let builder = Larder::builder("test.shop").embedded_on(&rig.server).clock(rig.clock.clone());
    let larder = builder.capacity(Capacity::Entries(50)).build().await.unwrap();
    let users = users(&larder).build().unwrap();
    let orders = exact::<u64, String>(&larder, "order").build().unwrap();
    let own = exact::<u64, String>(&larder, "own").capacity(1_000).build().unwrap();
    check_setting(&users, "capacity", "Entries(50), shared by all caches of the process");
    assert_eq!(setting(own.configuration(), "capacity"), "Entries(1000)");
    for number in 0..100_u64 {
        store(&users, &format!("key {number}"), "value").await;
        for cache in [&orders, &own] {
            cache.get_or_load(&number, Origin::new().gives("value".to_owned())).await.unwrap();
        }
    }
    settle().await;
    let users_kept = (0..100).filter(|number| users.contains_local(&format!("key {number}"))).count();
    let kept = |cache: &Cache<u64, String>| (0..100_u64).filter(|key| cache.contains_local(key)).count();
    assert!(users_kept + kept(&orders) <= 50);
    assert!(users_kept + kept(&orders) > 0);
    assert_eq!(kept(&own), 100);
    // One cache's clear takes nothing from the others.
    let _receipt = users.clear().await.unwrap();
    assert_eq!((kept(&own), users.contains_local("key 99")), (100, false));
}
