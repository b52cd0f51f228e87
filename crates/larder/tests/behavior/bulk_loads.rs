//! Loads of many keys that meet other loads.

use std::pin::pin;

use larder::{ErrorKind, Tier};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use super::bulk::Table;
use super::rig::{Broken, Loading, Origin, Rig, alone, check, check_get, kind_of, millis, secs, users};
use super::yielding::cancel_after;

/// How often each key was asked for, in all calls together.
fn most_often(table: &Table) -> usize {
    let asked: Vec<String> = table.take_asked().into_iter().flatten().collect();
    asked.iter().map(|key| asked.iter().filter(|other| *other == key).count()).max().unwrap_or(0)
}

#[tokio::test(start_paused = true)]
async fn overlapping_batches_load_each_key_once() {
    let (users, table) = (alone().await, Table::default());
    let mut batches = JoinSet::new();
    for first in 0..20 {
        let (users, load) = (users.clone(), table.loader());
        batches.spawn(async move {
            let mut keys: Vec<String> = (first..first + 20).map(|number| format!("key {number}")).collect();
            if first % 2 == 0 {
                keys.reverse();
            }
            let hits = users.get_many_or_load(&keys, load).await.unwrap();
            for (key, hit) in keys.iter().zip(hits) {
                assert_eq!(hit.as_deref(), Some(&key.to_uppercase()));
            }
        });
    }
    let all = async { while batches.join_next().await.transpose().unwrap().is_some() {} };
    timeout(secs(5), all).await.expect("no two batches may wait for each other");
    assert_eq!(most_often(&table), 1);
}

#[tokio::test(start_paused = true)]
async fn overlapping_batches_of_two_instances_load_each_key_once() {
    let rig = Rig::new();
    let (here, there) = (rig.users().await, rig.users().await);
    let table = Table::default();
    let one = here.get_many_or_load(["ada", "bob", "eve"], table.loader());
    let two = there.get_many_or_load(["eve", "dan", "bob"], table.loader());
    let both = async { tokio::join!(one, two) };
    let (one, two) = timeout(secs(5), both).await.expect("no two batches may wait for each other");
    assert!(one.unwrap().iter().all(Option::is_some) && two.unwrap().iter().all(Option::is_some));
    assert_eq!(most_often(&table), 1);
}

#[tokio::test(start_paused = true)]
async fn a_batch_waits_for_a_load_that_is_under_way() {
    let (users, origin, table) = (alone().await, Origin::new(), Table::default());
    let began = Instant::now();
    let single = users.get_or_load("ada", origin.takes(secs(3), Ok("single".to_owned())));
    let batch = async {
        sleep(millis(1)).await;
        users.get_many_or_load(["ada", "bob"], table.loader()).await
    };
    let (single, batch) = tokio::join!(single, batch);
    check(&single.unwrap(), "single", Tier::Origin);
    let batch = batch.unwrap();
    check(batch[0].as_ref().unwrap(), "single", Tier::Origin);
    check(batch[1].as_ref().unwrap(), "BOB", Tier::Origin);
    assert_eq!(table.take_asked(), [["bob"]]);
    assert_eq!(began.elapsed(), secs(3));
}

#[tokio::test(start_paused = true)]
async fn a_single_read_waits_for_a_batch_that_loads_its_key() {
    let (users, origin, table) = (alone().await, Origin::new(), Table::default());
    let batch = users.get_many_or_load(["ada", "xeno"], table.loader());
    let single = async {
        sleep(millis(1)).await;
        let found = users.get_or_load("ada", origin.gives("never asked".to_owned()));
        let missing = users.get_or_load("xeno", origin.gives("never asked".to_owned()));
        tokio::join!(found, missing)
    };
    let (batch, (found, missing)) = tokio::join!(batch, single);
    assert!(batch.unwrap()[1].is_none());
    check(&found.unwrap(), "ADA", Tier::Origin);
    assert_eq!(kind_of(missing), ErrorKind::Missing);
    assert_eq!(origin.loads(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_batch_is_told_of_the_failure_of_a_load_that_it_waits_for_and_keeps_the_rest() {
    let (users, origin, table) = (alone().await, Origin::new(), Table::default());
    let single = users.get_or_load("ada", origin.takes::<_, String>(secs(3), Err(Broken("database"))));
    let batch = async {
        sleep(millis(1)).await;
        users.get_many_or_load(["ada", "bob"], table.loader()).await
    };
    let (single, batch) = tokio::join!(single, batch);
    assert_eq!(kind_of(single), ErrorKind::Load);
    assert_eq!(batch.unwrap_err().loader_error::<Broken>(), Some(&Broken("database")));
    check_get(&users, "bob", Some(("BOB", Tier::Local))).await;
}

#[tokio::test(start_paused = true)]
async fn a_bulk_load_that_takes_too_long_is_told_to_all_who_wait() {
    let rig = Rig::new();
    let users = users(&rig.node().await).load_deadline(secs(2)).build().unwrap();
    let slow = |keys: Vec<String>| async move {
        sleep(secs(5)).await;
        Ok::<_, Broken>(keys.into_iter().map(|key| (key.clone(), key)).collect::<Vec<_>>())
    };
    let batch = users.get_many_or_load(["ada", "bob"], slow);
    let single = async {
        sleep(millis(1)).await;
        users.get_or_load("bob", Origin::new().gives("never asked".to_owned())).await
    };
    let began = Instant::now();
    let (batch, single) = tokio::join!(batch, single);
    assert_eq!((kind_of(batch), kind_of(single)), (ErrorKind::Elapsed, ErrorKind::Elapsed));
    assert_eq!(began.elapsed(), secs(2));
}

#[tokio::test(start_paused = true)]
async fn a_bulk_load_outlives_its_caller() {
    let (users, table) = (alone().await, Table::default());
    {
        let mut batch = pin!(users.get_many_or_load(["ada", "bob"], table.loader()));
        assert!(cancel_after(batch.as_mut(), 3).await.is_none());
    }
    sleep(secs(1)).await;
    check_get(&users, "ada", Some(("ADA", Tier::Local))).await;
    check_get(&users, "bob", Some(("BOB", Tier::Local))).await;
}

#[tokio::test(start_paused = true)]
async fn a_key_that_was_invalidated_during_a_bulk_load_is_not_kept_and_the_others_are() {
    let rig = Rig::new();
    let (users, table) = (rig.users().await, Table::default());
    let batch = users.get_many_or_load(["ada", "bob"], table.loader());
    let write = async {
        sleep(millis(500)).await;
        users.invalidate("ada").await.unwrap()
    };
    let (batch, _receipt) = tokio::join!(batch, write);
    assert!(batch.unwrap().iter().all(Option::is_some));
    check_get(&users, "ada", None).await;
    check_get(&rig.users().await, "ada", None).await;
    check_get(&users, "bob", Some(("BOB", Tier::Local))).await;
}

#[tokio::test(start_paused = true)]
async fn a_batch_may_be_loaded_within_a_loader() {
    let (users, table) = (alone().await, Table::default());
    let (inner, load) = (users.clone(), table.loader());
    let outer = move |_: String| -> Loading<String> {
        Box::pin(async move {
            let parts = inner.get_many_or_load(["ada", "bob"], load).await.map_err(|_| Broken("parts"))?;
            Ok(parts.iter().flatten().map(|part| part.as_str()).collect::<Vec<_>>().join(" and "))
        })
    };
    check(&users.get_or_load("both", outer).await.unwrap(), "ADA and BOB", Tier::Origin);
}
