//! What is newer stays, in whatever order it comes; and what is not to be kept is not.

use larder::{Answer, ErrorKind, Tier, Tiers, Version};
use tokio::time::sleep;

use super::rig::{Origin, Rig, check_get, secs, users};

#[tokio::test(start_paused = true)]
async fn a_load_of_an_older_version_does_not_replace_a_newer_one() {
    let rig = Rig::new();
    let users = rig.users().await;
    let newer = Answer::value("Ada".to_owned()).version(Version::new(5));
    users.get_or_load("ada", Origin::new().gives(newer)).await.unwrap();
    let older = Answer::value("older".to_owned()).version(Version::new(4));
    users.refresh_with("ada", Origin::new().gives(older)).await.unwrap();
    check_get(&users, "ada", Some(("Ada", Tier::Local))).await;
    check_get(&rig.users().await, "ada", Some(("Ada", Tier::Remote))).await;
}

#[tokio::test(start_paused = true)]
async fn a_refresh_is_not_undone_by_a_load_that_began_before_it_in_a_cache_without_the_shared_tier() {
    let users = users(&Rig::new().node().await).tiers(Tiers::LOCAL).build().unwrap();
    let origin = Origin::new();
    let old = users.get_or_load("ada", origin.takes(secs(5), Ok("old".to_owned())));
    let new = async {
        sleep(secs(1)).await;
        users.refresh_with("ada", origin.takes(secs(1), Ok("new".to_owned()))).await
    };
    let (_, new) = tokio::join!(old, new);
    assert_eq!(new.unwrap().as_str(), "new");
    check_get(&users, "ada", Some(("new", Tier::Local))).await;
}

#[tokio::test(start_paused = true)]
async fn an_insert_of_what_is_not_to_be_cached_is_not_kept() {
    let rig = Rig::new();
    let users = rig.users().await;
    let secret = Answer::value("secret".to_owned()).do_not_cache();
    let refused = users.insert("ada", secret, Version::new(1)).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Invalid);
    check_get(&users, "ada", None).await;
}
