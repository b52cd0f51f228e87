//! A service in another language invalidates, by what the guide says and nothing else.

mod fleet;
mod page;
mod python;

use std::io;

use larder::redis::{RedisBus, RedisRemote};
use larder::{AppName, Clock, Larder, Receipt, Tag};
use larder_core::{CacheName, Chain, Key, Namespace};
use larder_link::sequence_key;
use tokio::sync::oneshot;

use fleet::{APP, Fleet, Node, probing, until};

/// A key that most tests invalidate.
const ADA: u64 = 7;

fn user(number: u64) -> Key {
    let namespace = Namespace::new(AppName::new(APP).unwrap(), CacheName::new("user").unwrap());
    Key::new(&namespace, &number).unwrap()
}

/// A key of the same partition, which a flush would take along.
fn sibling() -> u64 {
    let partition = user(ADA).hash().partition();
    (ADA + 1..ADA + 10_000)
        .find(|&number| user(number).hash().partition() == partition)
        .expect("there are 64 partitions")
}

#[test]
fn python_computes_the_hashes_of_the_golden_files() {
    let golden = ["key-hash.txt", "tag-hash.txt"].map(|name| python::folder().join("golden").join(name));
    let [keys, tags] = golden.each_ref().map(|path| path.to_str().expect("it is a path of ours"));
    let checked: usize = python::run(&["vectors", keys, tags]).parse().unwrap();
    assert!(checked > 50, "{checked}");
}

#[tokio::test]
async fn a_number_that_python_invalidates_is_dropped_everywhere() {
    let fleet = Fleet::new().await;
    let sibling = sibling();
    for key in [ADA, sibling] {
        fleet.store(|node| &node.users, &key).await;
    }
    fleet.python("invalidate", &["user", "7"]).await;
    fleet.check_dropped(|node| &node.users, &ADA).await;
    fleet.check_kept(|node| &node.users, &sibling);
    fleet.check_nothing_was_missed();
}

#[tokio::test]
async fn a_string_that_python_invalidates_is_dropped_everywhere() {
    let fleet = Fleet::new().await;
    for name in ["ada", "größe: 7 {🦀}", "bystander"] {
        fleet.store(|node| &node.names, &name.to_owned()).await;
    }
    fleet.python("invalidate", &["name", r#""ada""#, r#""größe: 7 {🦀}""#]).await;
    for name in ["ada", "größe: 7 {🦀}"] {
        fleet.check_dropped(|node| &node.names, &name.to_owned()).await;
    }
    fleet.check_kept(|node| &node.names, &"bystander".to_owned());
    fleet.check_nothing_was_missed();
}

#[tokio::test]
async fn a_tuple_that_python_invalidates_is_dropped_everywhere() {
    let fleet = Fleet::new().await;
    let seats = ["C", r"eu:west\"].map(|row| (row.to_owned(), 12));
    for seat in &seats {
        fleet.store(|node| &node.seats, seat).await;
    }
    fleet.python("invalidate", &["seat", r#"["C", 12]"#, r#"["eu:west\\", 12]"#]).await;
    for seat in &seats {
        fleet.check_dropped(|node| &node.seats, seat).await;
    }
    fleet.check_nothing_was_missed();
}

#[tokio::test]
async fn many_keys_that_python_invalidates_are_dropped_everywhere() {
    let fleet = Fleet::new().await;
    let keys: Vec<u64> = (0..200).collect();
    for key in &keys {
        fleet.store(|node| &node.users, key).await;
    }
    fleet.store(|node| &node.users, &200).await;
    let words: Vec<String> = keys.iter().map(u64::to_string).collect();
    let words: Vec<&str> = ["user"].into_iter().chain(words.iter().map(String::as_str)).collect();
    let receipt: Receipt = fleet.python("invalidate", &words).await.parse().unwrap();
    assert!(receipt.tokens().len() > 32, "keys of most partitions: {receipt}");
    for key in &keys {
        fleet.check_dropped(|node| &node.users, key).await;
    }
    fleet.check_kept(|node| &node.users, &200);
    fleet.check_nothing_was_missed();
}

#[tokio::test]
async fn what_python_expires_is_stale_everywhere() {
    let fleet = Fleet::new().await;
    fleet.store(|node| &node.users, &ADA).await;
    fleet.python("expire", &["user", "7"]).await;
    for Node { users, .. } in &fleet.nodes {
        until("it is expired", || !users.contains_local(&ADA)).await;
        assert!(users.get(&ADA).await.unwrap().is_none());
        for reading in [users.reading().skip_remote(), users.reading().skip_local()] {
            let stale = reading.allow_stale().get(&ADA).await.unwrap().expect("nothing is dropped");
            assert!(stale.is_stale());
        }
    }
    fleet.check_nothing_was_missed();
}

#[tokio::test]
async fn what_carries_a_tag_that_python_invalidates_is_dropped_everywhere() {
    let fleet = Fleet::new().await;
    let tag = |tenant: u32| Tag::of("tenant", &tenant).unwrap();
    fleet.store_with(|node| &node.users, &1, Some(&tag(42))).await;
    fleet.store_with(|node| &node.names, &"ada".to_owned(), Some(&tag(42))).await;
    fleet.store_with(|node| &node.users, &2, Some(&tag(43))).await;
    fleet.python("tags", &["tenant:42", "another"]).await;
    fleet.check_dropped(|node| &node.users, &1).await;
    fleet.check_dropped(|node| &node.names, &"ada".to_owned()).await;
    fleet.check_kept(|node| &node.users, &2);
    let newcomer = fleet.newcomer().await;
    assert!(newcomer.users.get(&1_u64).await.unwrap().is_none());
    assert!(newcomer.users.get(&2_u64).await.unwrap().is_some());
    fleet.check_nothing_was_missed();
}

#[tokio::test]
async fn a_cache_that_python_clears_is_empty_everywhere() {
    let fleet = Fleet::new().await;
    for key in 0..20 {
        fleet.store(|node| &node.users, &key).await;
    }
    fleet.store(|node| &node.names, &"ada".to_owned()).await;
    fleet.python("clear", &["user"]).await;
    for key in 0..20 {
        fleet.check_dropped(|node| &node.users, &key).await;
    }
    fleet.check_kept(|node| &node.names, &"ada".to_owned());
    let newcomer = fleet.newcomer().await;
    assert!(newcomer.users.get(&ADA).await.unwrap().is_none());
    assert!(newcomer.names.get("ada").await.unwrap().is_some());
    fleet.check_nothing_was_missed();
}

#[tokio::test]
async fn everything_that_python_clears_is_gone_everywhere() {
    let fleet = Fleet::new().await;
    fleet.store(|node| &node.users, &ADA).await;
    fleet.store(|node| &node.names, &"ada".to_owned()).await;
    fleet.python("clear-all", &[]).await;
    fleet.check_dropped(|node| &node.users, &ADA).await;
    fleet.check_dropped(|node| &node.names, &"ada".to_owned()).await;
    assert!(fleet.newcomer().await.users.get(&ADA).await.unwrap().is_none());
    fleet.check_nothing_was_missed();
}

#[tokio::test]
async fn python_and_a_node_write_one_chain() {
    let fleet = Fleet::new().await;
    let sibling = sibling();
    for round in 0..3 {
        for key in [ADA, sibling] {
            fleet.store(|node| &node.users, &key).await;
        }
        fleet.python("invalidate", &["user", "7"]).await;
        fleet.check_dropped(|node| &node.users, &ADA).await;
        fleet.check_kept(|node| &node.users, &sibling);
        let _receipt = fleet.nodes[round % 2].users.invalidate(&sibling).await.unwrap();
        fleet.check_dropped(|node| &node.users, &sibling).await;
    }
    fleet.check_nothing_was_missed();
}

#[tokio::test]
async fn a_load_that_python_overtakes_is_kept_nowhere() {
    let fleet = Fleet::new().await;
    let users = fleet.nodes[0].users.clone();
    let (begun, has_begun) = oneshot::channel();
    let (go_on, goes_on) = oneshot::channel::<()>();
    let load = tokio::spawn(async move {
        let load = |_| async move {
            begun.send(()).unwrap();
            goes_on.await.unwrap();
            Ok::<_, io::Error>("from before".to_owned())
        };
        users.get_or_load(&ADA, load).await
    });
    has_begun.await.unwrap();
    fleet.python("invalidate", &["user", "7"]).await;
    go_on.send(()).unwrap();
    assert_eq!(*load.await.unwrap().unwrap(), "from before");
    fleet.check_dropped(|node| &node.users, &ADA).await;
}

#[tokio::test]
async fn who_shows_a_receipt_from_python_sees_its_write() {
    let fleet = Fleet::new().await;
    let tag = Tag::new("tenant:42").unwrap();
    fleet.store(|node| &node.users, &ADA).await;
    fleet.store_with(|node| &node.names, &"ada".to_owned(), Some(&tag)).await;
    let of_key: Receipt = fleet.python("invalidate", &["user", "7"]).await.parse().unwrap();
    let of_tag: Receipt = fleet.python("tags", &["tenant:42"]).await.parse().unwrap();
    for (receipt, chain) in [(&of_key, Chain::Keys(user(ADA).hash().partition())), (&of_tag, Chain::Tags)] {
        let sequence = fleet.server.command(&["GET", &sequence_key(fleet.nodes[0].larder.app(), chain)]);
        assert_eq!(receipt.to_string(), format!("{chain}.{}", sequence.unwrap().text().unwrap()));
    }
    let receipt = of_key.and(of_tag);
    for Node { users, names, .. } in &fleet.nodes {
        assert!(users.reading().at_least(&receipt).get(&ADA).await.unwrap().is_none());
        assert!(names.reading().at_least(&receipt).get("ada").await.unwrap().is_none());
    }
}

#[tokio::test]
async fn a_server_that_has_forgotten_the_scripts_is_given_them() {
    let fleet = Fleet::new().await;
    fleet.store(|node| &node.users, &ADA).await;
    fleet.server.command(&["SCRIPT", "FLUSH"]).unwrap();
    fleet.python("invalidate", &["user", "7"]).await;
    fleet.check_dropped(|node| &node.users, &ADA).await;
}

#[tokio::test]
async fn a_message_of_a_wrong_length_is_counted_and_only_flushes() {
    let fleet = Fleet::new().await;
    let (url, app) = (fleet.server.url_for(APP, crate::acl::PASSWORD), AppName::new(APP).unwrap());
    let remote = RedisRemote::open(url.parse().unwrap(), app.clone());
    let bus = RedisBus::new(remote.link().clone(), app, Clock::default()).probing(probing()).unwrap();
    let node = Node::start(Larder::builder(APP).upstream(remote, bus.clone())).await;
    let home = user(ADA).hash().partition();
    let stranger = (0..10_000).find(|&number| user(number).hash().partition() != home).unwrap();
    for key in [ADA, stranger] {
        fleet.store(|node| &node.users, &key).await;
        assert!(node.users.get(&key).await.unwrap().is_some());
    }

    // Version 1, keys, the partition, a sender of zeros; one hash, which lacks its last byte.
    let home = char::from(u8::try_from(home.index()).unwrap());
    let message = format!("\x01\x01{home}\0{}\x01\0{}{}", "\0".repeat(8), "\0".repeat(16), "h".repeat(15));
    fleet.server.command(&["PUBLISH", "larder:test.shop@0", &message]).unwrap();
    until("it is counted", || bus.unreadable() == 1).await;
    until("its partition is suspect", || !node.users.contains_local(&ADA)).await;
    assert_eq!(
        node.events(),
        [format!("Flushed {{ chain: Some(Keys({:?})) }}", user(ADA).hash().partition())]
    );
    assert!(node.users.contains_local(&stranger) && node.larder.is_in_sync());
    let hit = node.users.get(&ADA).await.unwrap().expect("nothing was invalidated");
    assert!(*hit == "Ada" && !hit.is_stale());
}

#[tokio::test]
async fn a_server_that_is_full_goes_on_invalidating() {
    let fleet = Fleet::new().await;
    fleet.python("tags", &["a"]).await;
    fleet.python("clear-all", &[]).await;
    fleet.store(|node| &node.users, &ADA).await;
    fleet.server.command(&["CONFIG", "SET", "maxmemory", "100kb"]).unwrap();
    fleet.server.command(&["SET", "more", "than there is room for"]).unwrap_err();
    let acts = [
        ("invalidate", &["user", "7"][..]),
        ("expire", &["user", "8"]),
        ("tags", &["a"]),
        ("clear-all", &[]),
    ];
    for (act, what) in acts {
        let receipt: Receipt = fleet.python(act, what).await.parse().unwrap();
        assert_eq!(receipt.tokens().len(), 1, "{act}");
    }
    fleet.check_dropped(|node| &node.users, &ADA).await;
    fleet.check_nothing_was_missed();
}
