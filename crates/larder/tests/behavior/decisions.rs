//! What a loader may decide.

use larder::{Answer, ErrorKind, Tag, Tier, Version};
use tokio::time::advance;

use super::rig::{Origin, Rig, Users, alone, check, check_get, kind_of, millis, secs, users};

fn ada() -> Answer<String> {
    Answer::value("Ada".to_owned())
}

fn tag(name: &str) -> Tag {
    Tag::new(name).unwrap()
}

async fn load(users: &Users, answer: Answer<String>) {
    let hit = users.refresh_with("ada", Origin::new().gives(answer)).await.unwrap();
    check(&hit, "Ada", Tier::Origin);
}

#[tokio::test(start_paused = true)]
async fn its_own_time_to_live() {
    let rig = Rig::new();
    let (here, there) = (rig.users().await, rig.users().await);
    load(&here, ada().time_to_live(secs(5))).await;
    advance(millis(4_999)).await;
    check_get(&here, "ada", Some(("Ada", Tier::Local))).await;
    check_get(&there, "ada", Some(("Ada", Tier::Remote))).await;
    advance(secs(1)).await;
    check_get(&here, "ada", None).await;
    check_get(&there, "ada", None).await;
}

#[tokio::test(start_paused = true)]
async fn a_time_to_live_longer_than_the_cache_s() {
    let rig = Rig::new();
    load(&rig.users().await, ada().time_to_live(secs(3_600))).await;
    advance(secs(3_500)).await;
    check_get(&rig.users().await, "ada", Some(("Ada", Tier::Remote))).await;
}

#[tokio::test(start_paused = true)]
async fn that_it_is_kept_nowhere() {
    let rig = Rig::new();
    let (here, there) = (rig.users().await, rig.users().await);
    let nothing = millis(1).saturating_sub(std::time::Duration::from_nanos(1));
    for answer in [ada().do_not_cache(), ada().time_to_live(secs(0)), ada().time_to_live(nothing)] {
        load(&here, answer).await;
        check_get(&here, "ada", None).await;
        check_get(&there, "ada", None).await;
    }
    // The right to load was given back: nobody waits for a lease to end.
    load(&there, ada()).await;
    assert_eq!(there.get("ada").await.unwrap().unwrap().age(), secs(0));
}

#[tokio::test(start_paused = true)]
async fn all_who_wait_get_what_is_kept_nowhere() {
    let (users, origin) = (alone().await, Origin::new());
    let load = || origin.takes(millis(10), Ok(ada().do_not_cache()));
    let (one, two) = tokio::join!(users.get_or_load("ada", load()), users.get_or_load("ada", load()));
    check(&one.unwrap(), "Ada", Tier::Origin);
    check(&two.unwrap(), "Ada", Tier::Origin);
    assert_eq!(origin.loads(), 1);
}

#[tokio::test(start_paused = true)]
async fn no_time_to_live_beyond_49_days() {
    let users = alone().await;
    for too_long in [secs(50 * 24 * 3_600), std::time::Duration::MAX] {
        let answer = Origin::new().gives(ada().time_to_live(too_long));
        let error = users.get_or_load("ada", answer).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid);
        check_get(&users, "ada", None).await;
    }
    load(&users, ada().time_to_live(secs(49 * 24 * 3_600))).await;
}

#[tokio::test(start_paused = true)]
async fn how_long_it_is_fresh() {
    let users = alone().await;
    load(&users, ada().fresh_for(secs(5))).await;
    advance(secs(5)).await;
    check_get(&users, "ada", None).await;
    let stale = users.get_or_load("ada", Origin::new().fails()).await.unwrap();
    assert!(stale.is_stale());
    // Nothing is fresh for longer than it lives.
    load(&users, ada().fresh_for(secs(100)).time_to_live(secs(5))).await;
    advance(secs(5)).await;
    assert_eq!(kind_of(users.get_or_load("ada", Origin::new().fails()).await), ErrorKind::Load);
}

#[tokio::test(start_paused = true)]
async fn its_tags() {
    let rig = Rig::new();
    let larder = rig.node().await;
    let (here, there) = (users(&larder).build().unwrap(), rig.users().await);
    for invalidated in ["tenant:3", "vip"] {
        load(&here, ada().tags([&tag("tenant:3"), &tag("vip")])).await;
        check_get(&there, "ada", Some(("Ada", Tier::Remote))).await;
        let _receipt = larder.invalidate_tag(&tag("somebody else's")).await.unwrap();
        check_get(&here, "ada", Some(("Ada", Tier::Local))).await;
        let _receipt = larder.invalidate_tag(&tag(invalidated)).await.unwrap();
        check_get(&here, "ada", None).await;
        super::rig::settle().await;
        check_get(&there, "ada", None).await;
    }
}

#[tokio::test(start_paused = true)]
async fn no_more_than_64_tags() {
    let users = alone().await;
    let tags: Vec<Tag> = (0..65).map(|number| tag(&format!("group:{number}"))).collect();
    load(&users, ada().tags(&tags[..64])).await;
    load(&users, ada().tags(vec![&tags[0]; 100])).await;
    let answer = Origin::new().gives(ada().tags(&tags));
    assert_eq!(kind_of(users.get_or_load("bob", answer).await), ErrorKind::TooLarge);
    check_get(&users, "bob", None).await;
    // Nor is the key blocked by a lease that was not given back.
    let before = tokio::time::Instant::now();
    users.get_or_load("bob", Origin::new().gives("Bob".to_owned())).await.unwrap();
    assert_eq!(before.elapsed(), secs(0));
}

#[tokio::test(start_paused = true)]
async fn for_how_long_it_is_known_that_there_is_no_value() {
    let (users, origin) = (alone().await, Origin::new());
    let gone = || origin.gives(Answer::<String>::missing().time_to_live(secs(3)));
    assert_eq!(kind_of(users.get_or_load("ada", gone()).await), ErrorKind::Missing);
    advance(secs(2)).await;
    assert_eq!(kind_of(users.get_or_load("ada", gone()).await), ErrorKind::Missing);
    assert_eq!(origin.loads(), 1);
    advance(secs(1)).await;
    assert_eq!(kind_of(users.get_or_load("ada", gone()).await), ErrorKind::Missing);
    assert_eq!(origin.loads(), 2);
    let forgotten = || origin.gives(Answer::<String>::missing().do_not_cache());
    assert_eq!(kind_of(users.get_or_load("bob", forgotten()).await), ErrorKind::Missing);
    assert_eq!(kind_of(users.get_or_load("bob", forgotten()).await), ErrorKind::Missing);
    assert_eq!(origin.loads(), 4);
}

#[tokio::test(start_paused = true)]
async fn its_version_which_no_older_one_replaces() {
    let rig = Rig::new();
    let (here, there) = (rig.users().await, rig.users().await);
    load(&here, ada().version(Version::new(5))).await;
    assert_eq!(here.get("ada").await.unwrap().unwrap().version(), Version::new(5));
    assert_eq!(there.get("ada").await.unwrap().unwrap().version(), Version::new(5));
    let older = there.insert("ada", "older".to_owned(), Version::new(4)).await.unwrap();
    assert_eq!(older, larder::Inserted::Outdated);
    check_get(&rig.users().await, "ada", Some(("Ada", Tier::Remote))).await;
}
