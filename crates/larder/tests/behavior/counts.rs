//! What is counted.

use larder::{CacheStats, Error, ErrorKind, Version};
use tokio::time::sleep;

use super::rig::{Broken, Origin, Rig, alone, kind_of, millis, secs, settle, store, users};

/// How often each thing happened to reads: local, remote, stale, loaded, missing, misses, failed.
fn reads(stats: &CacheStats) -> [u64; 7] {
    assert_eq!(stats.reads(), stats.hits() + stats.loaded + stats.missing + stats.misses + stats.failed);
    let CacheStats { local_hits, remote_hits, stale_hits, loaded, missing, misses, failed, .. } = *stats;
    [local_hits, remote_hits, stale_hits, loaded, missing, misses, failed]
}

#[tokio::test(start_paused = true)]
async fn every_read_is_counted_once_by_what_became_of_it() {
    let rig = Rig::new();
    let (here, there) = (rig.users().await, rig.users().await);
    let origin = Origin::new();
    assert!(here.get("ada").await.unwrap().is_none());
    here.get_or_load("ada", origin.takes(millis(10), Ok("Ada".to_owned()))).await.unwrap();
    here.get_or_load("ada", origin.gives("never".to_owned())).await.unwrap();
    here.get("ada").await.unwrap().unwrap();
    assert_eq!(kind_of(here.get_or_load("nobody", origin.gives(None::<String>)).await), ErrorKind::Missing);
    assert_eq!(kind_of(here.get_or_load("nobody", origin.gives(None::<String>)).await), ErrorKind::Missing);
    assert_eq!(kind_of(here.get_or_load("broken", origin.fails()).await), ErrorKind::Load);
    assert_eq!(reads(&here.stats()), [2, 0, 0, 1, 2, 1, 1]);
    there.get("ada").await.unwrap().unwrap();
    assert_eq!(reads(&there.stats()), [0, 1, 0, 0, 0, 0, 0]);
    let stats = here.stats();
    assert_eq!((stats.loads, stats.load_errors, stats.entries), (2, 1, 2));
    assert_eq!(stats.load_time.count(), 3);
    let longest = stats.load_time.quantile(1.0).unwrap();
    assert!((millis(10)..millis(13)).contains(&longest), "{longest:?}");
    assert!(stats.remote_time.count() >= 3);
}

#[tokio::test(start_paused = true)]
async fn reads_of_many_keys_are_counted_key_by_key() {
    let users = alone().await;
    store(&users, "ada", "Ada").await;
    let before = reads(&users.stats());
    let load = |keys: Vec<String>| async move {
        Ok::<_, Error>(
            keys.into_iter().filter(|key| key != "nobody").map(|key| (key.clone(), key)).collect::<Vec<_>>(),
        )
    };
    users.get_many_or_load(["ada", "bob", "nobody"], load).await.unwrap();
    users.get_many(["ada", "bob", "nobody", "unknown"]).await.unwrap();
    let failing = |_: Vec<String>| async { Err::<Vec<(String, String)>, _>(Broken("origin")) };
    users.get_many_or_load(["x", "y"], failing).await.unwrap_err();
    let after = reads(&users.stats());
    let grown: Vec<u64> = after.iter().zip(before).map(|(after, before)| after - before).collect();
    assert_eq!(grown, [3, 0, 0, 1, 1, 2, 2]);
    assert_eq!((users.stats().loads, users.stats().load_errors), (1 + 2, 2));
}

#[tokio::test(start_paused = true)]
async fn what_is_stale_shed_early_and_refused_is_counted() {
    let rig = Rig::new();
    let users = users(&rig.node().await).fresh_for(secs(10)).refresh_ahead(0.5).stale_while_revalidate();
    let users = users.concurrent_loads(1).load_queue(millis(1)).build().unwrap();
    store(&users, "ada", "Ada").await;
    sleep(secs(6)).await;
    users.get_or_load("ada", Origin::new().takes(secs(1), Ok("Ada".to_owned()))).await.unwrap();
    sleep(millis(500)).await;
    let shed = users.get_or_load("bob", Origin::new().gives("Bob".to_owned())).await;
    assert_eq!(kind_of(shed), ErrorKind::Overloaded);
    let _receipt = users.invalidate("ada").await.unwrap();
    sleep(secs(1)).await;
    store(&users, "ada", "Ada").await;
    sleep(secs(10)).await;
    assert!(users.get_or_load("ada", Origin::new().gives("Ada".to_owned())).await.unwrap().is_stale());
    settle().await;
    let stats = users.stats();
    assert_eq!((stats.early_refreshes, stats.loads_shed, stats.stale_hits), (1, 1, 1));
    assert_eq!((stats.refused, stats.failed), (1, 1), "{stats}");
}

#[tokio::test(start_paused = true)]
async fn a_process_counts_what_goes_between_it_and_the_fleet() {
    let rig = Rig::unreliable();
    let (here, there) = (rig.node().await, rig.node().await);
    let users = users(&here).build().unwrap();
    let _receipt = users.invalidate("ada").await.unwrap();
    let _inserted = users.insert("ada", "Ada".to_owned(), Version::new(1)).await.unwrap();
    settle().await;
    let [sender, hearer] = [here.stats(), there.stats()];
    assert_eq!((sender.sent, sender.deferred, sender.heard), (2, 0, 2));
    assert_eq!((hearer.sent, hearer.heard, hearer.gaps), (0, 2, 0));
    assert_eq!(sender.caches.len(), 1);
    assert!(sender.to_string().contains("user: 0 reads"), "{sender}");
}
