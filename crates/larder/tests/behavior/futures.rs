//! What the types and the futures are good for.

use std::fmt::Debug;
use std::mem::size_of_val;

use larder::{
    Answer, Cache, CacheBuilder, Configuration, Explanation, GuardedWrite, Hit, Inserted, Larder,
    LarderBuilder, Load, Reading, Receipt, StaleIfError, Tag, Tier, Tiers, Touched, Version,
};

use super::rig::{Broken, Rig, users};

fn is_shared_and_shown<T: Send + Sync + Debug>() {}

#[test]
fn every_public_type_can_be_sent_shared_and_shown() {
    is_shared_and_shown::<Larder>();
    is_shared_and_shown::<LarderBuilder>();
    is_shared_and_shown::<Cache<u64, String>>();
    is_shared_and_shown::<Reading<'_, u64, String>>();
    is_shared_and_shown::<Hit<String>>();
    is_shared_and_shown::<Load<u64, String>>();
    is_shared_and_shown::<Answer<String>>();
    is_shared_and_shown::<Receipt>();
    is_shared_and_shown::<GuardedWrite>();
    is_shared_and_shown::<Inserted>();
    is_shared_and_shown::<Explanation>();
    is_shared_and_shown::<Configuration>();
    is_shared_and_shown::<Touched>();
    is_shared_and_shown::<(Tier, Tiers, StaleIfError)>();
}

fn is_shown<T: Debug>() {}

#[test]
fn a_builder_that_holds_the_user_s_functions_is_shown_too() {
    is_shown::<CacheBuilder<u64, String>>();
}

/// Whether what it is polled from is a task that may move.
fn size_of_sent<F: Future + Send>(name: &str, future: &F) -> usize {
    let size = size_of_val(future);
    eprintln!("the future of {name}: {size} bytes");
    size
}

#[tokio::test(start_paused = true)]
async fn the_futures_are_small_and_can_be_sent() {
    let larder = Rig::new().node().await;
    let (users, key) = (users(&larder).build().unwrap(), "ada".to_owned());
    let load = |_: String| async { Ok::<_, Broken>("Ada".to_owned()) };
    let bulk = |_: Vec<String>| async { Ok::<Vec<(String, String)>, Broken>(vec![]) };
    let receipt = Receipt::default();
    let write = users.begin_write([&key]).await.unwrap();
    assert!(size_of_sent("get", &users.get(&key)) < 64);
    for size in [
        size_of_sent("get_or_load", &users.get_or_load(&key, load)),
        size_of_sent("load", &users.load(&key)),
        size_of_sent("get_or_revalidate", &users.get_or_revalidate(&key, move |_| load(String::new()))),
        size_of_sent("refresh", &users.refresh(&key)),
        size_of_sent("refresh_with", &users.refresh_with(&key, load)),
        size_of_sent("get_many", &users.get_many([&key])),
        size_of_sent("get_many_or_load", &users.get_many_or_load([&key], bulk)),
        size_of_sent("insert", &users.insert(&key, String::new(), Version::new(1))),
        size_of_sent("invalidate", &users.invalidate(&key)),
        size_of_sent("invalidate_many", &users.invalidate_many([&key])),
        size_of_sent("expire", &users.expire(&key)),
        size_of_sent("clear", &users.clear()),
        size_of_sent("begin_write", &users.begin_write([&key])),
        size_of_sent("finish", &write.finish()),
        size_of_sent("explain", &users.explain(&key)),
        size_of_sent("reading().get", &users.reading().at_least(&receipt).get(&key)),
        size_of_sent("reading().get_or_load", &users.reading().skip_local().get_or_load(&key, load)),
        size_of_sent("clear_all", &larder.clear_all()),
        size_of_sent("invalidate_tag", &larder.invalidate_tag(&Tag::new("vip").unwrap())),
        size_of_sent("invalidate_tags", &larder.invalidate_tags([])),
        size_of_sent("shut_down", &larder.shut_down()),
        size_of_sent("build", &Larder::builder("test.shop").build()),
    ] {
        // As much as one may put on a stack without a thought.
        assert!(size <= 2_048, "{size}");
    }
}
