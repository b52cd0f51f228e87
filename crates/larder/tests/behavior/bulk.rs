//! Many keys at once: what is read, loaded and returned.

use std::sync::{Arc, Mutex};

use larder::{Answer, ErrorKind, Hit, Tier};
use tokio::time::advance;

use super::rig::{Broken, Loading, Origin, Rig, Users, alone, check_get, kind_of, millis, secs, store};

type Pairs = Vec<(String, String)>;

/// An origin of many values, which remembers what it was asked for, in the order of the alphabet.
#[derive(Clone, Default)]
pub(super) struct Table {
    asked: Arc<Mutex<Vec<Vec<String>>>>,
}

impl Table {
    /// A loader that has a value for every key but those that begin with an x.
    pub(super) fn loader(&self) -> impl Fn(Vec<String>) -> Loading<Pairs> + Send + Sync + use<> {
        let asked = self.asked.clone();
        move |mut keys| {
            keys.sort();
            asked.lock().unwrap().push(keys.clone());
            keys.retain(|key| !key.starts_with('x'));
            Box::pin(async move {
                tokio::time::sleep(secs(1)).await;
                Ok(keys.into_iter().map(|key| (key.clone(), key.to_uppercase())).collect())
            })
        }
    }

    pub(super) fn take_asked(&self) -> Vec<Vec<String>> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }
}

fn told(hits: &[Option<Hit<String>>]) -> Vec<(&str, Option<Tier>)> {
    let told = |hit: &'_ Option<Hit<String>>| hit.as_ref().map(Hit::tier);
    hits.iter().map(|hit| (hit.as_ref().map_or("-", |hit| hit.as_str()), told(hit))).collect()
}

#[tokio::test(start_paused = true)]
async fn hits_are_in_the_order_of_the_keys_whatever_tier_they_come_from() {
    let rig = Rig::new();
    let (here, there) = (rig.users().await, rig.users().await);
    store(&there, "bob", "remote").await;
    store(&here, "ada", "local").await;
    let keys = ["eve", "bob", "ada", "bob"];
    let hits = here.get_many(&keys).await.unwrap();
    let (local, remote) = (Some(Tier::Local), Some(Tier::Remote));
    assert_eq!(told(&hits), [("-", None), ("remote", remote), ("local", local), ("remote", remote)]);
    // What came from the shared tier is at hand now.
    let hits = here.get_many(&keys).await.unwrap();
    assert_eq!(told(&hits), [("-", None), ("remote", local), ("local", local), ("remote", local)]);
}

#[tokio::test(start_paused = true)]
async fn what_is_missing_is_loaded_in_one_call() {
    let rig = Rig::new();
    let (here, there) = (rig.users().await, rig.users().await);
    store(&there, "bob", "remote").await;
    store(&here, "ada", "local").await;
    let table = Table::default();
    let keys = ["eve", "bob", "xeno", "ada", "dan", "eve"];
    let hits = here.get_many_or_load(&keys, table.loader()).await.unwrap();
    let origin = Some(Tier::Origin);
    let expected = [
        ("EVE", origin),
        ("remote", Some(Tier::Remote)),
        ("-", None),
        ("local", Some(Tier::Local)),
        ("DAN", origin),
        ("EVE", origin),
    ];
    assert_eq!(told(&hits), expected);
    assert_eq!(table.take_asked(), [["dan", "eve", "xeno"]]);
    // All of it is kept, that there is no xeno too.
    here.get_many_or_load(&keys, table.loader()).await.unwrap();
    rig.users().await.get_many_or_load(&keys[..3], table.loader()).await.unwrap();
    assert!(table.take_asked().is_empty());
    check_get(&there, "eve", Some(("EVE", Tier::Remote))).await;
    // For as long as such is known.
    advance(secs(10)).await;
    here.get_many_or_load(&keys, table.loader()).await.unwrap();
    assert_eq!(table.take_asked(), [["xeno"]]);
}

#[tokio::test(start_paused = true)]
async fn no_keys_are_no_work() {
    let (users, table) = (alone().await, Table::default());
    let none: [&str; 0] = [];
    assert!(users.get_many(none).await.unwrap().is_empty());
    assert!(users.get_many_or_load(none, table.loader()).await.unwrap().is_empty());
    assert!(table.take_asked().is_empty());
}

#[tokio::test(start_paused = true)]
async fn one_key_that_cannot_be_one_refuses_all() {
    let (users, table) = (alone().await, Table::default());
    let long = "k".repeat(4_097);
    for (bad, kind) in [("", ErrorKind::Invalid), (long.as_str(), ErrorKind::TooLarge)] {
        assert_eq!(kind_of(users.get_many(["ada", bad]).await), kind);
        assert_eq!(kind_of(users.get_many_or_load(["ada", bad], table.loader()).await), kind);
        store(&users, "ada", "Ada").await;
        assert_eq!(kind_of(users.invalidate_many(["ada", bad]).await), kind);
        check_get(&users, "ada", Some(("Ada", Tier::Local))).await;
        let _receipt = users.invalidate("ada").await.unwrap();
    }
    assert!(table.take_asked().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_thousand_keys_are_one_load() {
    let (users, table) = (alone().await, Table::default());
    let keys: Vec<String> = (0..1_000).map(|number| format!("key {number}")).collect();
    let hits = users.get_many_or_load(&keys, table.loader()).await.unwrap();
    for (key, hit) in keys.iter().zip(hits) {
        assert_eq!(hit.as_deref(), Some(&key.to_uppercase()));
    }
    let asked = table.take_asked();
    assert_eq!(asked.iter().map(Vec::len).collect::<Vec<_>>(), [1_000]);
}

#[tokio::test(start_paused = true)]
async fn what_nobody_asked_for_is_left_alone() {
    let users = alone().await;
    store(&users, "bob", "Bob").await;
    let load = |_: Vec<String>| async {
        let pairs = [("ada", "Ada"), ("bob", "another"), ("eve", "Eve"), ("", "nobody")];
        Ok::<_, Broken>(pairs.map(|(key, value)| (key.to_owned(), value.to_owned())))
    };
    let hits = users.get_many_or_load(["ada", "dan"], load).await.unwrap();
    assert_eq!(told(&hits), [("Ada", Some(Tier::Origin)), ("-", None)]);
    check_get(&users, "eve", None).await;
    check_get(&users, "bob", Some(("Bob", Tier::Local))).await;
}

async fn load_some(users: &Users, answers: Vec<(&str, Answer<String>)>) -> larder::Result<usize> {
    let keys: Vec<String> = answers.iter().map(|(key, _)| (*key).to_owned()).collect();
    let answers: Vec<_> = answers.into_iter().map(|(key, answer)| (key.to_owned(), answer)).collect();
    let answers = Arc::new(Mutex::new(Some(answers)));
    let load = move |_: Vec<String>| {
        let answers = answers.lock().unwrap().take().unwrap_or_default();
        async move { Ok::<_, Broken>(answers) }
    };
    let hits = users.get_many_or_load(&keys, load).await?;
    Ok(hits.iter().flatten().count())
}

#[tokio::test(start_paused = true)]
async fn a_bulk_loader_decides_for_each_key() {
    let users = alone().await;
    let value = |value: &str| Answer::value(value.to_owned());
    let loaded = load_some(
        &users,
        vec![
            ("ada", value("Ada").time_to_live(secs(5))),
            ("bob", value("Bob").do_not_cache()),
            ("dan", Answer::missing().time_to_live(millis(1_500))),
            ("eve", value("Eve")),
        ],
    );
    assert_eq!(loaded.await.unwrap(), 3);
    check_get(&users, "bob", None).await;
    assert!(users.contains_local("dan"));
    advance(secs(5)).await;
    check_get(&users, "ada", None).await;
    check_get(&users, "eve", Some(("Eve", Tier::Local))).await;
    assert!(!users.contains_local("dan"));
}

#[tokio::test(start_paused = true)]
async fn one_answer_that_cannot_be_taken_spoils_none_of_the_others() {
    let users = alone().await;
    let bad = Answer::value("Ada".to_owned()).time_to_live(std::time::Duration::MAX);
    let loaded = load_some(&users, vec![("ada", bad), ("bob", Answer::value("Bob".to_owned()))]).await;
    assert_eq!(kind_of(loaded), ErrorKind::Invalid);
    check_get(&users, "ada", None).await;
    check_get(&users, "bob", Some(("Bob", Tier::Local))).await;
    let unchanged = load_some(&users, vec![("eve", Answer::not_modified())]).await;
    assert_eq!(kind_of(unchanged), ErrorKind::Invalid);
}

#[tokio::test(start_paused = true)]
async fn a_value_past_its_fresh_time_stands_in_for_a_failed_bulk_load() {
    let users = alone().await;
    store(&users, "ada", "Ada").await;
    let _receipt = users.expire("ada").await.unwrap();
    let fails = |_: Vec<String>| async { Err::<Pairs, _>(Broken("database")) };
    let hits = users.get_many_or_load(["ada"], fails).await.unwrap();
    assert!(hits[0].as_ref().unwrap().is_stale());
    // Where one of them has nothing, the whole is an error.
    let mixed = users.get_many_or_load(["ada", "bob"], fails).await.unwrap_err();
    assert_eq!(mixed.loader_error::<Broken>(), Some(&Broken("database")));
    assert!(mixed.to_string().contains("cache: "), "{mixed}");
    let origin = Origin::new();
    users.get_or_load("bob", origin.gives("Bob".to_owned())).await.unwrap();
    assert_eq!(origin.loads(), 1);
}
