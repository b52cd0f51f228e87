//! So many loads at a time.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use larder::{Error, ErrorKind, Retry};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use super::rig::{Origin, Rig, Users, check_stale, kind_of, millis, secs, settle, store, users};

/// Two loads at a time, and a wait of a second for a turn.
async fn narrow(rig: &Rig) -> Users {
    let users = users(&rig.node().await).concurrent_loads(2).load_queue(secs(1));
    users.fresh_for(secs(60)).build().unwrap()
}

/// Reads so many keys, each of which takes the origin 100 ms. Tells how many it saw at a time, and the errors.
async fn read_all(users: &Users, keys: usize) -> (usize, Vec<ErrorKind>) {
    let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let mut reads = JoinSet::new();
    for key in 0..keys {
        let (users, now, most) = (users.clone(), now.clone(), most.clone());
        reads.spawn(async move {
            let load = move |key: String| {
                // A loader may well begin with its work before what it returns is polled.
                most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                async move {
                    sleep(millis(100)).await;
                    now.fetch_sub(1, Ordering::SeqCst);
                    Ok::<_, Error>(key)
                }
            };
            users.get_or_load(&key.to_string(), load).await.err().map(|error| error.kind())
        });
    }
    let errors = reads.join_all().await.into_iter().flatten().collect();
    (most.load(Ordering::SeqCst), errors)
}

#[tokio::test(start_paused = true)]
async fn the_origin_never_sees_more_loads_than_that_and_all_get_their_turn() {
    let rig = Rig::new();
    let (users, began) = (narrow(&rig).await, Instant::now());
    assert_eq!(read_all(&users, 10).await, (2, vec![]));
    assert!(began.elapsed() >= millis(500) && began.elapsed() < millis(600), "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn who_gets_no_turn_in_time_is_told_so_and_the_origin_is_not() {
    let rig = Rig::new();
    let users = narrow(&rig).await;
    // In a second, twenty have had their turn, and two are next.
    let (most, errors) = read_all(&users, 40).await;
    assert_eq!(most, 2);
    assert!((18..=20).contains(&errors.len()), "{errors:?}");
    assert!(errors.iter().all(|kind| *kind == ErrorKind::Overloaded));
}

#[tokio::test(start_paused = true)]
async fn the_wait_for_a_turn_makes_no_value_older() {
    let rig = Rig::new();
    let users = narrow(&rig).await;
    let load = |key, time| users.get_or_load(key, Origin::new().takes(millis(time), Ok("value".to_owned())));
    let many = async {
        settle().await;
        let load = |keys: Vec<String>| async {
            sleep(millis(100)).await;
            Ok::<_, Error>(keys.into_iter().map(|key| (key.clone(), key)).collect::<Vec<_>>())
        };
        users.get_many_or_load(["bob"], load).await.unwrap()
    };
    let one = async {
        settle().await;
        load("ada", 100).await.unwrap()
    };
    let (_one, _two, one, many) = tokio::join!(load("1", 500), load("2", 500), one, many);
    for hit in [&one, many[0].as_ref().unwrap()] {
        assert!((millis(100)..millis(150)).contains(&hit.age()), "{:?}", hit.age());
    }
}

#[tokio::test(start_paused = true)]
async fn a_load_that_is_shed_serves_what_is_stale() {
    let rig = Rig::new();
    let users = narrow(&rig).await;
    store(&users, "ada", "Ada").await;
    sleep(secs(60)).await;
    let origin = Origin::new();
    let hog = |key| users.get_or_load(key, origin.takes(secs(5), Ok("slow".to_owned())));
    let ada = async {
        settle().await;
        users.get_or_load("ada", origin.gives("new".to_owned())).await
    };
    let (_one, _two, ada) = tokio::join!(hog("1"), hog("2"), ada);
    check_stale(&ada.unwrap(), "Ada", larder::Tier::Remote);
    assert_eq!(origin.loads(), 2);
}

#[tokio::test(start_paused = true)]
async fn who_is_shed_may_come_back() {
    let rig = Rig::new();
    let users = narrow(&rig).await;
    let slow = |key| users.get_or_load(key, Origin::new().takes(secs(2), Ok("slow".to_owned())));
    let shed = async {
        settle().await;
        users.get_or_load("ada", Origin::new().gives("Ada".to_owned())).await
    };
    let (_one, _two, shed) = tokio::join!(slow("1"), slow("2"), shed);
    let error = shed.unwrap_err();
    assert!(matches!(error.retry(), Retry::After(_)), "{error}");
    assert!(error.to_string().contains("user"), "{error}");
    users.get_or_load("ada", Origin::new().gives("Ada".to_owned())).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_load_of_many_keys_waits_for_its_turn_too() {
    let rig = Rig::new();
    let users = narrow(&rig).await;
    let slow = |key| users.get_or_load(key, Origin::new().takes(secs(2), Ok("slow".to_owned())));
    let many = async {
        settle().await;
        users.get_many_or_load(["a", "b"], |_| async { Ok::<_, Error>(Vec::<(String, String)>::new()) }).await
    };
    let (_one, _two, many) = tokio::join!(slow("1"), slow("2"), many);
    assert_eq!(kind_of(many), ErrorKind::Overloaded);
}
