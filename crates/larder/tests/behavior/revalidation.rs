//! Loaders that are shown what there was before; and what is served if a load fails.

use larder::{Answer, ErrorKind, Load, StaleIfError, Tag, Tier, Version};
use tokio::time::advance;

use super::rig::{
    Broken, Loading, Origin, Rig, Users, alone, check, check_get, check_stale, kind_of, millis, secs, store,
    users,
};

/// A loader that says what it was shown.
fn shown(load: Load<String, String>) -> Loading<String> {
    Box::pin(async move { Ok(format!("{} after {:?}", load.key(), load.previous())) })
}

/// An origin where nothing has changed.
fn unchanged(load: Load<String, String>) -> Loading<Answer<String>> {
    drop(load);
    Box::pin(async { Ok(Answer::not_modified()) })
}

async fn short_lived(rig: &Rig) -> Users {
    users(&rig.node().await).fresh_for(secs(5)).build().unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_loader_is_shown_the_value_that_is_no_longer_fresh() {
    let rig = Rig::new();
    let (here, there) = (short_lived(&rig).await, short_lived(&rig).await);
    let first = here.get_or_revalidate("ada", shown).await.unwrap();
    check(&first, "ada after None", Tier::Origin);
    let fresh = here.get_or_revalidate("ada", shown).await.unwrap();
    check(&fresh, "ada after None", Tier::Local);
    advance(secs(5)).await;
    // What was in the shared tier alone is shown as well.
    let second = there.get_or_revalidate("ada", shown).await.unwrap();
    check(&second, "ada after Some(\"ada after None\")", Tier::Origin);
}

#[tokio::test(start_paused = true)]
async fn what_was_invalidated_is_not_shown_and_what_was_expired_is() {
    let users = alone().await;
    store(&users, "ada", "Ada").await;
    let _receipt = users.expire("ada").await.unwrap();
    let after_expire = users.get_or_revalidate("ada", shown).await.unwrap();
    check(&after_expire, "ada after Some(\"Ada\")", Tier::Origin);
    let _receipt = users.invalidate("ada").await.unwrap();
    let after_invalidate = users.get_or_revalidate("ada", shown).await.unwrap();
    check(&after_invalidate, "ada after None", Tier::Origin);
}

#[tokio::test(start_paused = true)]
async fn a_value_that_has_not_changed_is_fresh_again_everywhere() {
    let rig = Rig::new();
    let users = short_lived(&rig).await;
    store(&users, "ada", "Ada").await;
    advance(secs(6)).await;
    check_get(&users, "ada", None).await;
    let again = users.get_or_revalidate("ada", unchanged).await.unwrap();
    check(&again, "Ada", Tier::Origin);
    assert_eq!(again.age(), secs(0));
    advance(secs(4)).await;
    check_get(&users, "ada", Some(("Ada", Tier::Local))).await;
    check_get(&short_lived(&rig).await, "ada", Some(("Ada", Tier::Remote))).await;
}

#[tokio::test(start_paused = true)]
async fn nothing_can_be_unchanged_that_was_never_shown() {
    let users = alone().await;
    assert_eq!(kind_of(users.get_or_revalidate("ada", unchanged).await), ErrorKind::Invalid);
    // A loader that is shown nothing cannot say so at all.
    let load = Origin::new().gives(Answer::<String>::not_modified());
    assert_eq!(kind_of(users.get_or_load("ada", load).await), ErrorKind::Invalid);
    check_get(&users, "ada", None).await;
}

#[tokio::test(start_paused = true)]
async fn a_value_past_its_fresh_time_is_served_if_its_load_fails() {
    let rig = Rig::new();
    let (here, there) = (short_lived(&rig).await, short_lived(&rig).await);
    store(&here, "ada", "Ada").await;
    advance(secs(6)).await;
    let origin = Origin::new();
    check_stale(&here.get_or_load("ada", origin.fails()).await.unwrap(), "Ada", Tier::Remote);
    check_stale(&there.get_or_load("ada", origin.fails()).await.unwrap(), "Ada", Tier::Remote);
    assert_eq!(origin.loads(), 2);
    // It is no more than a stopgap: who comes after a rest tries again.
    advance(secs(1)).await;
    let back = here.get_or_load("ada", origin.gives("Countess".to_owned())).await.unwrap();
    check(&back, "Countess", Tier::Origin);
}

#[tokio::test(start_paused = true)]
async fn an_expired_value_is_served_if_its_load_fails_panics_or_takes_too_long() {
    let rig = Rig::new();
    let users = users(&rig.node().await).load_deadline(secs(1)).build().unwrap();
    store(&users, "ada", "Ada").await;
    let _receipt = users.expire("ada").await.unwrap();
    let failed = users.get_or_load("ada", Origin::new().fails()).await.unwrap();
    assert!(failed.is_stale() && failed == "Ada".to_owned());
    let late = Origin::new().takes(secs(2), Ok("late".to_owned()));
    assert!(users.get_or_load("ada", late).await.unwrap().is_stale());
    let panics = |_: String| async { (!cfg!(test)).then(String::new).ok_or(Broken("test")) };
    assert!(users.get_or_load("ada", panics).await.unwrap().is_stale());
}

#[tokio::test(start_paused = true)]
async fn a_cache_that_must_not_serve_stale_values_gives_the_error() {
    let rig = Rig::new();
    let users = users(&rig.node().await).fresh_for(secs(5)).stale_if_error(StaleIfError::Fail);
    let users = users.build().unwrap();
    store(&users, "ada", "Ada").await;
    advance(secs(6)).await;
    assert_eq!(kind_of(users.get_or_load("ada", Origin::new().fails()).await), ErrorKind::Load);
    store(&users, "ada", "Ada").await;
    let _receipt = users.expire("ada").await.unwrap();
    assert_eq!(kind_of(users.get_or_load("ada", Origin::new().fails()).await), ErrorKind::Load);
    assert_eq!(kind_of(users.refresh_with("ada", Origin::new().fails()).await), ErrorKind::Load);
}

#[tokio::test(start_paused = true)]
async fn what_was_invalidated_is_not_served_even_if_its_load_fails() {
    let users = alone().await;
    store(&users, "ada", "Ada").await;
    let _receipt = users.invalidate("ada").await.unwrap();
    assert_eq!(kind_of(users.get_or_load("ada", Origin::new().fails()).await), ErrorKind::Load);
    store(&users, "ada", "Ada").await;
    let _receipt = users.clear().await.unwrap();
    assert_eq!(kind_of(users.get_or_load("ada", Origin::new().fails()).await), ErrorKind::Load);
}

#[tokio::test(start_paused = true)]
async fn the_knowledge_that_there_is_none_does_not_stand_in_for_a_failed_load() {
    let users = alone().await;
    let missing = users.get_or_load("ada", Origin::new().gives(None::<String>)).await;
    assert_eq!(kind_of(missing), ErrorKind::Missing);
    let _receipt = users.expire("ada").await.unwrap();
    assert_eq!(kind_of(users.get_or_load("ada", Origin::new().fails()).await), ErrorKind::Load);
}

#[tokio::test(start_paused = true)]
async fn an_origin_that_no_longer_has_it_is_believed() {
    let users = alone().await;
    store(&users, "ada", "Ada").await;
    let _receipt = users.expire("ada").await.unwrap();
    let gone = users.get_or_load("ada", Origin::new().takes(millis(1), Ok(None::<String>))).await;
    assert_eq!(kind_of(gone), ErrorKind::Missing);
    assert!(users.reading().allow_stale().get("ada").await.unwrap().is_none());
}

#[tokio::test(start_paused = true)]
async fn a_value_that_has_not_changed_keeps_its_tags_and_its_version() {
    let rig = Rig::new();
    let larder = rig.node().await;
    let users = users(&larder).fresh_for(secs(5)).build().unwrap();
    let tag = Tag::new("tenant:3").unwrap();
    let tagged = Answer::value("Ada".to_owned()).tag(&tag).version(Version::new(7));
    users.get_or_load("ada", Origin::new().gives(tagged)).await.unwrap();
    advance(secs(6)).await;
    let again = users.get_or_revalidate("ada", unchanged).await.unwrap();
    assert_eq!(again.version(), Version::new(7));
    let _receipt = larder.invalidate_tag(&tag).await.unwrap();
    check_get(&users, "ada", None).await;
}
