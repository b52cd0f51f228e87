//! What the guide's page on failures says of stored bytes, full servers and wrong clocks.

use larder::codec::{Bincode, Envelope};
use larder::{Cache, Cacheable, Clock, Inserted, Larder, Tier, Version};
use larder_core::{Moment, TimeSource};
use larder_testkit::TokioClock;
use serde::{Deserialize, Serialize};
use tokio::time::sleep;

use super::recorder::Spans;
use super::rig::{Origin, Rig, Users, check, check_get, exact, secs, store, users};

const LAMP: u64 = 7;

/// What each of two builds takes for a product.
#[derive(Debug, Serialize, Deserialize, Cacheable)]
struct Product {
    name: String,
}

#[derive(Debug, Serialize, Deserialize, Cacheable)]
#[cacheable(version = 2)]
struct NewProduct {
    name: String,
}

fn product() -> Product {
    Product { name: "lamp".to_owned() }
}

fn new_product() -> NewProduct {
    NewProduct { name: "lamp".to_owned() }
}

#[tokio::test(start_paused = true)]
async fn what_an_older_build_wrote_is_a_miss_and_replaced() {
    let rig = Rig::new();
    let old: Cache<u64, Product> = exact(&rig.node().await, "product").build().unwrap();
    let new: Cache<u64, NewProduct> = exact(&rig.node().await, "product").build().unwrap();
    old.get_or_load(&LAMP, Origin::new().gives(product())).await.unwrap();
    assert!(new.get(&LAMP).await.unwrap().is_none());
    let hit = new.get_or_load(&LAMP, Origin::new().gives(new_product())).await.unwrap();
    assert_eq!((hit.tier(), new.stats().failed), (Tier::Origin, 0));
    assert!(new.stats().unreadable >= 2, "{:?}", new.stats());
    let third: Cache<u64, NewProduct> = exact(&rig.node().await, "product").build().unwrap();
    assert_eq!(third.get(&LAMP).await.unwrap().unwrap().tier(), Tier::Remote);
}

#[tokio::test(start_paused = true)]
async fn what_a_newer_build_wrote_is_a_miss_and_stays() {
    let rig = Rig::new();
    let old: Cache<u64, Product> = exact(&rig.node().await, "product").build().unwrap();
    let new: Cache<u64, NewProduct> = exact(&rig.node().await, "product").build().unwrap();
    new.get_or_load(&LAMP, Origin::new().gives(new_product())).await.unwrap();
    let hit = old.get_or_load(&LAMP, Origin::new().gives(product())).await.unwrap();
    assert_eq!((hit.tier(), hit.name.as_str()), (Tier::Origin, "lamp"));
    assert!(old.stats().unreadable > 0);
    assert_eq!(old.get(&LAMP).await.unwrap().unwrap().tier(), Tier::Local);
    let third: Cache<u64, NewProduct> = exact(&rig.node().await, "product").build().unwrap();
    assert_eq!(third.get(&LAMP).await.unwrap().unwrap().tier(), Tier::Remote);
    let inserted = old.insert(&LAMP, product(), Version::new(1)).await.unwrap();
    assert!(matches!(inserted, Inserted::Foreign(_)), "{inserted:?}");
    assert!(third.reading().skip_local().get(&LAMP).await.unwrap().is_none());
}

/// A cache that reads and writes no more than so many bytes.
async fn limited(rig: &Rig, bytes: usize) -> Users {
    users(&rig.node().await).envelope(Envelope::new(Bincode).limit(bytes)).build().unwrap()
}

#[tokio::test(start_paused = true)]
async fn what_is_too_large_to_be_read_is_a_miss_and_replaced() {
    let rig = Rig::new();
    let (wide, narrow) = (limited(&rig, 10_000).await, limited(&rig, 100).await);
    store(&wide, "ada", &"x".repeat(1_000)).await;
    check_get(&narrow, "ada", None).await;
    assert_eq!(narrow.stats().unreadable, 1);
    let loaded = narrow.get_or_load("ada", Origin::new().gives("Ada".to_owned())).await.unwrap();
    check(&loaded, "Ada", Tier::Origin);
    check_get(&limited(&rig, 100).await, "ada", Some(("Ada", Tier::Remote))).await;
}

#[tokio::test(start_paused = true)]
async fn an_insert_that_a_full_server_cannot_store_leaves_nothing_older_and_is_not_deferred() {
    let rig = Rig::unreliable();
    let (here, there) = (rig.users().await, rig.users().await);
    store(&here, "ada", "old").await;
    check_get(&there, "ada", Some(("old", Tier::Remote))).await;
    rig.server.faults().unwrap().fill_up();
    let inserted = here.insert("ada", "new".to_owned(), Version::new(1)).await.unwrap();
    assert!(matches!(inserted, Inserted::Stored(receipt) if !receipt.is_deferred()));
    sleep(secs(1)).await;
    for users in [here, there] {
        check_get(&users, "ada", None).await;
    }
}

/// Tokio's clock, on a machine whose calendar is wrong.
#[derive(Debug)]
struct Wrong {
    right: TokioClock,
    by: i64,
}

impl TimeSource for Wrong {
    fn now(&self) -> Moment {
        self.right.now()
    }

    fn unix_millis(&self) -> u64 {
        self.right.unix_millis().saturating_add_signed(self.by)
    }
}

const HOUR: i64 = 3_600_000;

impl Rig {
    /// An instance whose calendar is wrong by so many milliseconds.
    async fn wrong(&self, by: i64) -> Larder {
        let clock = Clock::custom(Wrong { right: TokioClock::new(), by });
        Larder::builder("test.shop").embedded_on(&self.server).clock(clock).build().await.unwrap()
    }
}

#[tokio::test(start_paused = true)]
async fn a_calendar_that_is_wrong_lets_nothing_live_for_longer_than_both_times_to_live() {
    for by in [-HOUR, HOUR] {
        let rig = Rig::new();
        let wrong = users(&rig.wrong(by).await).build().unwrap();
        store(&rig.users().await, "ada", "Ada").await;
        sleep(secs(599)).await;
        check_get(&wrong, "ada", Some(("Ada", Tier::Remote))).await;
        sleep(secs(60)).await;
        check_get(&wrong, "ada", None).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_calendar_that_is_ahead_takes_what_is_fresh_for_stale_and_one_behind_what_is_stale_for_fresh() {
    let rig = Rig::new();
    let start = async |by| users(&rig.wrong(by).await).fresh_for(secs(60)).build().unwrap();
    let (right, ahead, behind) = (start(0).await, start(HOUR).await, start(-HOUR).await);
    store(&right, "ada", "Ada").await;
    store(&right, "bob", "Bob").await;
    sleep(secs(30)).await;
    let hit = ahead.get_or_load("ada", Origin::new().gives("new".to_owned())).await.unwrap();
    check(&hit, "new", Tier::Origin);
    sleep(secs(90)).await;
    check_get(&behind, "bob", Some(("Bob", Tier::Remote))).await;
}

#[tokio::test(start_paused = true)]
async fn a_calendar_that_is_days_behind_the_server_s_lets_no_copy_be_trusted() {
    let rig = Rig::new();
    let _receipt = rig.users().await.invalidate("bob").await.unwrap();
    let (log, _guard) = Spans::begin();
    let larder = rig.wrong(-48 * HOUR).await;
    let wrong = users(&larder).build().unwrap();
    assert!(!larder.health().is_in_sync);
    sleep(secs(10)).await;
    assert_eq!(log.text().matches("more than a day ahead").count(), 1);
    store(&rig.users().await, "ada", "Ada").await;
    check_get(&wrong, "ada", Some(("Ada", Tier::Remote))).await;
    assert!(rig.wrong(-HOUR).await.health().is_in_sync);
}
