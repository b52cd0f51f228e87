//! Refreshes ahead of time.

use larder::{CacheBuilder, Tier};
use tokio::time::sleep;

use super::rig::{Broken, Origin, Rig, Users, check, check_get, millis, secs, settle, users};

/// Fresh for ten seconds, and due after eight.
async fn ahead(rig: &Rig) -> Users {
    built(users(&rig.node().await).refresh_ahead(0.8))
}

fn built(users: CacheBuilder<String, String>) -> Users {
    users.fresh_for(secs(10)).build().unwrap()
}

/// Reads with a loader that numbers what it returns and takes a second.
async fn read(users: &Users, origin: &Origin) -> String {
    let hit = users.get_or_load("ada", origin.numbers(secs(1))).await.unwrap();
    assert!(!hit.is_stale(), "{hit:?}");
    hit.as_str().to_owned()
}

#[tokio::test(start_paused = true)]
async fn what_is_due_is_served_and_refreshed_by_one_of_all_who_read_it() {
    let rig = Rig::new();
    let (users, origin) = (ahead(&rig).await, Origin::new());
    assert_eq!(read(&users, &origin).await, "ada 1");
    // It is as old as its load was long.
    sleep(millis(6_990)).await;
    assert_eq!((read(&users, &origin).await, origin.loads()), ("ada 1".to_owned(), 1));
    sleep(millis(20)).await;
    for _ in 0..100 {
        assert_eq!(read(&users, &origin).await, "ada 1");
    }
    settle().await;
    sleep(secs(1)).await;
    settle().await;
    assert_eq!((read(&users, &origin).await, origin.loads()), ("ada 2".to_owned(), 2));
}

#[tokio::test(start_paused = true)]
async fn of_many_instances_one_refreshes_for_all() {
    let rig = Rig::new();
    let (nodes, origin) = ([ahead(&rig).await, ahead(&rig).await, ahead(&rig).await], Origin::new());
    for node in &nodes {
        assert_eq!(read(node, &origin).await, "ada 1");
    }
    sleep(secs(8)).await;
    for node in &nodes {
        assert_eq!(read(node, &origin).await, "ada 1");
        settle().await;
    }
    sleep(secs(2)).await;
    settle().await;
    assert_eq!(origin.loads(), 2);
    for node in &nodes {
        check_get(node, "ada", Some(("ada 2", Tier::Local))).await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_another_instance_has_refreshed_is_taken_over() {
    let rig = Rig::new();
    let (here, there, origin) = (ahead(&rig).await, ahead(&rig).await, Origin::new());
    assert_eq!(read(&here, &origin).await, "ada 1");
    assert_eq!(read(&there, &origin).await, "ada 1");
    sleep(secs(7)).await;
    assert_eq!(read(&here, &origin).await, "ada 1");
    settle().await;
    sleep(secs(1)).await;
    settle().await;
    // Still fresh there, and due.
    assert_eq!(read(&there, &origin).await, "ada 1");
    settle().await;
    check_get(&there, "ada", Some(("ada 2", Tier::Local))).await;
    assert_eq!(origin.loads(), 2);
}

#[tokio::test(start_paused = true)]
async fn an_early_refresh_that_fails_costs_nobody_anything() {
    let rig = Rig::new();
    let (users, origin) = (ahead(&rig).await, Origin::new());
    assert_eq!(read(&users, &origin).await, "ada 1");
    sleep(millis(7_500)).await;
    let hit =
        users.get_or_load("ada", origin.takes::<String, String>(millis(10), Err(Broken("origin")))).await;
    check(&hit.unwrap(), "ada 1", Tier::Local);
    settle().await;
    sleep(millis(500)).await;
    settle().await;
    assert_eq!((read(&users, &origin).await, origin.loads()), ("ada 1".to_owned(), 2));
}

#[tokio::test(start_paused = true)]
async fn an_invalidation_overtakes_an_early_refresh() {
    let rig = Rig::new();
    let (users, origin) = (ahead(&rig).await, Origin::new());
    assert_eq!(read(&users, &origin).await, "ada 1");
    sleep(secs(8)).await;
    assert_eq!(read(&users, &origin).await, "ada 1");
    settle().await;
    let _receipt = users.invalidate("ada").await.unwrap();
    sleep(secs(2)).await;
    settle().await;
    check_get(&users, "ada", None).await;
}

#[tokio::test(start_paused = true)]
async fn by_chance_it_comes_before_the_end_by_the_cost_of_the_load() {
    let rig = Rig::new();
    let users = built(users(&rig.node().await).refresh_by_chance(1.0));
    let mut early = 0;
    for round in 0..200 {
        let key = round.to_string();
        let origin = Origin::new();
        let load = || origin.takes(secs(1), Ok(key.clone()));
        users.get_or_load(key.as_str(), load()).await.unwrap();
        // One load's cost before the end: of the draws a share of one over e lies before that.
        sleep(secs(8)).await;
        users.get_or_load(key.as_str(), load()).await.unwrap();
        settle().await;
        early += usize::from(origin.loads() == 2);
    }
    assert!((40..110).contains(&early), "{early} of 200");
}

#[tokio::test(start_paused = true)]
async fn who_does_not_load_refreshes_nothing_and_sees_nothing_odd() {
    let rig = Rig::new();
    let (users, origin) = (ahead(&rig).await, Origin::new());
    assert_eq!(read(&users, &origin).await, "ada 1");
    sleep(secs(8)).await;
    for _ in 0..3 {
        check_get(&users, "ada", Some(("ada 1", Tier::Local))).await;
        assert!(users.contains_local("ada"));
    }
    assert!(users.explain("ada").await.unwrap().to_string().contains("refreshed meanwhile"));
    settle().await;
    assert_eq!(origin.loads(), 1);
    assert_eq!(read(&users, &origin).await, "ada 1");
    settle().await;
    assert_eq!(origin.loads(), 2);
}
