//! What is said about a key in each state.

use larder::{Answer, Tag, Tiers};
use tokio::time::{advance, sleep};

use super::rig::{Origin, Rig, Users, alone, millis, secs, settle, store, users};

const SECRET: &str = "hunter2";

async fn check(users: &Users, local: &str, remote: &str) {
    let told = users.explain("ada").await.unwrap();
    assert!(told.local().contains(local), "{local}: {}", told.local());
    assert!(told.remote().contains(remote), "{remote}: {}", told.remote());
    let text = told.to_string();
    assert!(
        text.contains("user:ada") && text.contains(told.local()) && text.contains(told.remote()),
        "{text}"
    );
    assert!(!text.contains(SECRET) && !format!("{told:?}").contains(SECRET), "{text}");
}

#[tokio::test(start_paused = true)]
async fn what_is_there_is_served_and_what_is_not_is_nothing() {
    let rig = Rig::new();
    let users = rig.users().await;
    check(&users, "nothing", "nothing").await;
    store(&users, "ada", SECRET).await;
    check(&users, "a value: served", "served").await;
    advance(secs(7)).await;
    check(&users, "age 7s, 53s left", "bytes").await;
    check(&rig.users().await, "nothing", "served").await;
    let _receipt = users.invalidate("ada").await.unwrap();
    check(&users, "nothing", "nothing").await;
}

#[tokio::test(start_paused = true)]
async fn to_explain_changes_nothing() {
    let rig = Rig::new();
    store(&rig.users().await, "ada", SECRET).await;
    let users = rig.users().await;
    check(&users, "nothing", "served").await;
    assert!(!users.contains_local("ada"));
}

#[tokio::test(start_paused = true)]
async fn what_is_past_its_fresh_time_or_expired_is_said_to_be_loaded_anew() {
    let rig = Rig::new();
    let users = users(&rig.node().await).fresh_for(secs(5)).build().unwrap();
    store(&users, "ada", SECRET).await;
    let _receipt = users.expire("ada").await.unwrap();
    check(&users, "past its fresh time, or expired", "past its fresh time, or expired").await;
    store(&users, "ada", SECRET).await;
    advance(secs(5)).await;
    check(&users, "past its fresh time, or expired", "past its fresh time, or expired").await;
}

#[tokio::test(start_paused = true)]
async fn that_there_is_no_value_is_knowledge() {
    let users = alone().await;
    users.get_or_load("ada", Origin::new().gives(None::<String>)).await.unwrap_err();
    check(&users, "the knowledge that there is none: served", "served").await;
}

#[tokio::test(start_paused = true)]
async fn what_was_outdated_by_a_tag_or_a_clear_is_said_to_be() {
    let rig = Rig::new();
    let larder = rig.node().await;
    let users = users(&larder).build().unwrap();
    let tag = Tag::new("tenant:3").unwrap();
    let tagged = Answer::value(SECRET.to_owned()).tag(&tag);
    users.get_or_load("ada", Origin::new().gives(tagged)).await.unwrap();
    let _receipt = larder.invalidate_tag(&tag).await.unwrap();
    check(&users, "nothing", "outdated").await;
    store(&users, "ada", SECRET).await;
    let _receipt = users.clear().await.unwrap();
    check(&users, "nothing", "outdated").await;
}

#[tokio::test(start_paused = true)]
async fn a_tier_that_is_not_used_is_said_not_to_be() {
    let rig = Rig::new();
    let local = users(&rig.node().await).tiers(Tiers::LOCAL).build().unwrap();
    store(&local, "ada", SECRET).await;
    check(&local, "served", "not used").await;
    let remote = users(&rig.node().await).tiers(Tiers::REMOTE).build().unwrap();
    store(&remote, "ada", SECRET).await;
    check(&remote, "not used", "served").await;
}

#[tokio::test(start_paused = true)]
async fn a_load_that_is_under_way_is_told() {
    let users = alone().await;
    assert!(!users.explain("ada").await.unwrap().is_loading());
    let loading = users.get_or_load("ada", Origin::new().takes(secs(1), Ok(SECRET.to_owned())));
    let watching = async {
        sleep(millis(500)).await;
        users.explain("ada").await.unwrap()
    };
    let (_, told) = tokio::join!(loading, watching);
    assert!(told.is_loading() && told.to_string().contains("under way"));
    let told = users.explain("ada").await.unwrap();
    assert!(!told.is_loading() && told.is_in_sync());
}

#[tokio::test(start_paused = true)]
async fn a_process_that_hears_nothing_more_is_told_to_be_out_of_sync() {
    let larder = Rig::new().node().await;
    let users = users(&larder).build().unwrap();
    store(&users, "ada", SECRET).await;
    assert!(larder.shut_down().await);
    settle().await;
    let told = users.explain("ada").await.unwrap();
    assert!(!told.is_in_sync() && told.to_string().contains("out of sync"));
    check(&users, "may have been invalidated unheard", "").await;
}
