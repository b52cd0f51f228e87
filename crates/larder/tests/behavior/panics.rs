//! Loaders that panic.

use std::future::{Ready, ready};

use larder::{Answer, Error, ErrorKind, Result, Tier};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::rig::{Broken, Loading, Origin, Rig, Users, alone, check, millis, secs, store, users};

fn panic_in_the_call(_: String) -> Loading<String> {
    panic!("the loader's own panic")
}

fn panic_in_the_future(_: String) -> Loading<String> {
    Box::pin(async {
        tokio::time::sleep(millis(1)).await;
        panic!("the loader's own panic")
    })
}

/// Panics when it is told what to answer.
struct Sly;

impl From<Sly> for Answer<String> {
    fn from(_: Sly) -> Self {
        panic!("the answer's own panic")
    }
}

fn panic_in_the_answer(_: String) -> Ready<Result<Sly, Broken>> {
    ready(Ok(Sly))
}

/// One clear error to all, within a moment; and then the key can be loaded.
async fn check_panic(users: &Users, mut readers: JoinSet<Result<larder::Hit<String>>>) {
    while let Some(read) = timeout(secs(1), readers.join_next()).await.expect("nobody may hang") {
        let error = read.unwrap().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Load, "{error}");
        assert!(error.to_string().contains("panicked"), "{error}");
    }
    let next = users.get_or_load("ada", Origin::new().gives("Ada".to_owned()));
    let next = timeout(secs(1), next).await.expect("no lease may be left").unwrap();
    check(&next, "Ada", Tier::Origin);
    let _receipt = users.invalidate("ada").await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_panic_in_the_loader_s_call_is_told_to_all_who_wait() {
    let users = alone().await;
    let mut readers = JoinSet::new();
    for _ in 0..10 {
        let users = users.clone();
        readers.spawn(async move { users.get_or_load("ada", panic_in_the_call).await });
    }
    check_panic(&users, readers).await;
}

#[tokio::test(start_paused = true)]
async fn a_panic_in_the_loader_s_future_is_told_to_all_who_wait() {
    let users = alone().await;
    let mut readers = JoinSet::new();
    for _ in 0..10 {
        let users = users.clone();
        readers.spawn(async move { users.get_or_load("ada", panic_in_the_future).await });
    }
    check_panic(&users, readers).await;
}

#[tokio::test(start_paused = true)]
async fn a_panic_in_the_answer_is_told_to_all_who_wait() {
    let users = alone().await;
    let mut readers = JoinSet::new();
    for _ in 0..10 {
        let users = users.clone();
        readers.spawn(async move { users.get_or_load("ada", panic_in_the_answer).await });
    }
    check_panic(&users, readers).await;
}

#[tokio::test(start_paused = true)]
async fn a_panic_in_the_cache_s_own_loader_is_told_to_all_who_wait() {
    let rig = Rig::new();
    for load in [panic_in_the_call, panic_in_the_future] {
        let users = users(&rig.node().await).loader(load).build().unwrap();
        let mut readers = JoinSet::new();
        for _ in 0..10 {
            let users = users.clone();
            readers.spawn(async move { users.load("ada").await });
        }
        check_panic(&users, readers).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_panic_in_a_bulk_loader_is_told_to_all_who_wait() {
    let users = alone().await;
    let load = |_: Vec<String>| async {
        tokio::time::sleep(millis(1)).await;
        if cfg!(test) {
            panic!("the loader's own panic")
        } else {
            Ok::<Vec<(String, String)>, Broken>(vec![])
        }
    };
    let bulk = async {
        let read = users.get_many_or_load(&["ada", "bob"], load).await;
        read.map(|_| ())
    };
    let single = users.get_or_load("bob", Origin::new().gives("never asked".to_owned()));
    let (bulk, single) = tokio::join!(bulk, single);
    for error in [bulk.unwrap_err(), single.unwrap_err()] {
        assert_eq!(error.kind(), ErrorKind::Load, "{error}");
        assert!(error.to_string().contains("panicked"), "{error}");
    }
    check_panic(&users, JoinSet::new()).await;
}

#[tokio::test(start_paused = true)]
async fn a_panic_where_there_is_an_expired_value_serves_that() {
    let users = alone().await;
    store(&users, "ada", "Ada").await;
    let _receipt = users.expire("ada").await.unwrap();
    let stale = users.get_or_load("ada", panic_in_the_future).await.unwrap();
    assert!(stale.is_stale());
}

/// Cannot be written down.
#[derive(serde::Deserialize, larder::Cacheable)]
struct Thorny(u32);

impl serde::Serialize for Thorny {
    fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        if self.0 == 0 { panic!("the value's own panic") } else { Err(serde::ser::Error::custom("thorny")) }
    }
}

#[tokio::test(start_paused = true)]
async fn a_value_that_cannot_be_written_down_is_kept_in_the_process_alone() {
    let rig = Rig::new();
    let thorns = super::rig::exact::<u32, Thorny>(&rig.node().await, "thorn").build().unwrap();
    let hit = thorns.get_or_load(&7_u32, Origin::new().gives(Thorny(7))).await.unwrap();
    assert_eq!((hit.tier(), hit.0), (Tier::Origin, 7));
    assert_eq!(thorns.get(&7_u32).await.unwrap().unwrap().tier(), Tier::Local);
    let other = super::rig::exact::<u32, Thorny>(&rig.node().await, "thorn").build().unwrap();
    assert!(other.get(&7_u32).await.unwrap().is_none());
    let inserted = thorns.insert(&7_u32, Thorny(8), larder::Version::new(1)).await;
    assert_eq!(inserted.err().as_ref().map(Error::kind), Some(ErrorKind::Codec));
}

#[tokio::test(start_paused = true)]
async fn a_value_that_panics_when_it_is_written_down_leaves_nobody_waiting() {
    let rig = Rig::new();
    let thorns = super::rig::exact::<u32, Thorny>(&rig.node().await, "thorn").build().unwrap();
    let load = || Origin::new().gives(Thorny(0));
    let both = async { tokio::join!(thorns.get_or_load(&7_u32, load()), thorns.get_or_load(&7_u32, load())) };
    let (one, two) = timeout(secs(1), both).await.expect("nobody may hang");
    assert!(one.is_err() && two.is_err());
    let next = thorns.get_or_load(&7_u32, Origin::new().gives(Thorny(7)));
    // The lease of the one that failed ends by itself.
    assert_eq!(timeout(secs(3), next).await.expect("nobody may hang").unwrap().0, 7);
}
