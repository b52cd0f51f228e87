//! Writes: what is gone after them, and where.

use larder::{
    Answer, Cache, DomainEvent, ErrorKind, Inserted, Larder, Result, Tag, Tier, Tiers, Touched, Version,
};
use tokio::task::JoinSet;
use tokio::time::{advance, timeout};

use super::rig::{Origin, Rig, Users, check_get, exact, kind_of, secs, settle, store, users};
use super::yielding::yielding;

/// Two instances with the same two caches.
struct Fleet {
    larders: [Larder; 2],
    users: [Users; 2],
    orders: [Cache<u64, String>; 2],
}

impl Fleet {
    async fn new() -> Self {
        let rig = Rig::new();
        let larders = [rig.node().await, rig.node().await];
        let users = larders.each_ref().map(|larder| users(larder).build().unwrap());
        let orders = larders.each_ref().map(|larder| exact(larder, "order").build().unwrap());
        Self { larders, users, orders }
    }

    /// Fills both tiers everywhere: two users, one with a tag, and an order with the same.
    async fn fill(&self) {
        let tagged = |value: &str| Answer::value(value.to_owned()).tag(&tag("tenant:3"));
        for (users, orders) in self.users.iter().zip(&self.orders) {
            store(users, "ada", "Ada").await;
            users.get_or_load("bob", Origin::new().gives(tagged("Bob"))).await.unwrap();
            orders.get_or_load(&7_u64, Origin::new().gives(tagged("seven"))).await.unwrap();
        }
    }

    /// Which of ada, bob and the order are still there. Both instances must agree.
    async fn check(&self, expected: [bool; 3]) {
        settle().await;
        for (users, orders) in self.users.iter().zip(&self.orders) {
            let ada = users.get("ada").await.unwrap().is_some();
            let bob = users.get("bob").await.unwrap().is_some();
            assert_eq!([ada, bob, orders.get(&7_u64).await.unwrap().is_some()], expected);
        }
    }
}

fn tag(name: &str) -> Tag {
    Tag::new(name).unwrap()
}

#[tokio::test(start_paused = true)]
async fn each_write_drops_what_it_names_on_every_instance_and_nothing_else() {
    let fleet = Fleet::new().await;
    let ([here, _], [users, _]) = (&fleet.larders, &fleet.users);
    fleet.fill().await;
    fleet.check([true; 3]).await;
    let _receipt = users.invalidate("ada").await.unwrap();
    fleet.check([false, true, true]).await;
    fleet.fill().await;
    let _receipt = users.invalidate_many(["ada", "bob", "nobody"]).await.unwrap();
    fleet.check([false, false, true]).await;
    fleet.fill().await;
    let _receipt = users.expire("ada").await.unwrap();
    fleet.check([false, true, true]).await;
    fleet.fill().await;
    let _receipt = users.clear().await.unwrap();
    fleet.check([false, false, true]).await;
    fleet.fill().await;
    let _receipt = here.invalidate_tag(&tag("tenant:3")).await.unwrap();
    fleet.check([true, false, false]).await;
    fleet.fill().await;
    let _receipt = here.invalidate_tags([&tag("tenant:3"), &tag("nobody's")]).await.unwrap();
    fleet.check([true, false, false]).await;
    fleet.fill().await;
    let _receipt = here.clear_all().await.unwrap();
    fleet.check([false; 3]).await;
    fleet.fill().await;
    fleet.check([true; 3]).await;
}

#[tokio::test(start_paused = true)]
async fn a_write_of_nothing_drops_nothing() {
    let fleet = Fleet::new().await;
    fleet.fill().await;
    let receipt = fleet.users[0].invalidate_many([] as [&str; 0]).await.unwrap();
    assert!(receipt.tokens().is_empty() && !receipt.is_deferred());
    let receipt = fleet.larders[0].invalidate_tags([]).await.unwrap();
    assert!(receipt.tokens().is_empty());
    let receipt = fleet.larders[0].announce(&Happened(|_| ())).await.unwrap();
    assert!(receipt.tokens().is_empty());
    fleet.check([true; 3]).await;
}

/// What happened touches what the function says.
struct Happened(fn(&mut Touched));

impl DomainEvent for Happened {
    fn touches(&self, touched: &mut Touched) {
        (self.0)(touched);
    }
}

#[tokio::test(start_paused = true)]
async fn an_announcement_drops_all_that_it_touches() {
    let fleet = Fleet::new().await;
    let announce = async |touches: fn(&mut Touched)| {
        fleet.fill().await;
        fleet.larders[0].announce(&Happened(touches)).await.unwrap()
    };
    let _receipt = announce(|touched| _ = touched.key("user", "ada").key("order", &7_u64)).await;
    fleet.check([false, true, false]).await;
    let _receipt = announce(|touched| _ = touched.expire("user", "ada")).await;
    fleet.check([false, true, true]).await;
    let stale = fleet.users[1].reading().allow_stale().get("ada").await.unwrap();
    assert!(stale.unwrap().is_stale());
    let _receipt = announce(|touched| _ = touched.tag("tenant", &3_u8)).await;
    fleet.check([true, false, false]).await;
    let _receipt = announce(|touched| _ = touched.whole_tag(&tag("tenant:3"))).await;
    fleet.check([true, false, false]).await;
    let _receipt = announce(|touched| _ = touched.cache("user")).await;
    fleet.check([false, false, true]).await;
    // Caches that this process does not have are none of its business.
    let _receipt = announce(|touched| _ = touched.cache("price").key("price", &7_u64)).await;
    fleet.check([true; 3]).await;
}

#[tokio::test(start_paused = true)]
async fn an_announcement_with_a_bad_name_drops_nothing() {
    let fleet = Fleet::new().await;
    fleet.fill().await;
    let bad: [fn(&mut Touched); 5] = [
        |touched| _ = touched.key("user", "ada").key("user:x", "ada").cache("order"),
        |touched| _ = touched.cache("order").cache(""),
        |touched| _ = touched.key("user", "").key("user", "ada"),
        |touched| _ = touched.expire("user-2414721", "ada").key("user", "ada"),
        |touched| _ = touched.cache("order").tag("", ""),
    ];
    for (index, touches) in bad.into_iter().enumerate() {
        let announced = fleet.larders[0].announce(&Happened(touches)).await;
        if index < 4 {
            assert_eq!(kind_of(announced), ErrorKind::Invalid, "{index}");
            fleet.check([true; 3]).await;
        }
    }
    let long: fn(&mut Touched) = |touched| _ = touched.key("user", "ada").tag("kind", &"t".repeat(300));
    let announced = fleet.larders[0].announce(&Happened(long)).await;
    assert_eq!(kind_of(announced), ErrorKind::TooLarge);
}

async fn insert(users: &Users, value: &str, version: u64) -> Result<Inserted> {
    users.insert("ada", value.to_owned(), Version::new(version)).await
}

fn is_stored(inserted: &Result<Inserted>) -> bool {
    matches!(inserted, Ok(Inserted::Stored(receipt)) if !receipt.is_deferred())
}

#[tokio::test(start_paused = true)]
async fn of_two_versions_the_newer_one_wins_in_whatever_order_they_come() {
    let rig = Rig::new();
    let (here, there) = (rig.users().await, rig.users().await);
    assert!(is_stored(&insert(&here, "two", 2).await));
    check_get(&here, "ada", Some(("two", Tier::Remote))).await;
    check_get(&there, "ada", Some(("two", Tier::Remote))).await;
    assert_eq!(insert(&there, "one", 1).await.unwrap(), Inserted::Outdated);
    assert_eq!(there.get("ada").await.unwrap().unwrap().as_str(), "two");
    assert!(is_stored(&insert(&there, "three", 3).await));
    settle().await;
    check_get(&here, "ada", Some(("three", Tier::Remote))).await;
    assert_eq!(here.get("ada").await.unwrap().unwrap().version(), Version::new(3));
    // The same once more changes nothing for the worse.
    assert!(is_stored(&insert(&here, "three", 3).await));
    check_get(&there, "ada", Some(("three", Tier::Remote))).await;
}

#[tokio::test(start_paused = true)]
async fn an_older_version_is_refused_even_if_the_newer_one_was_invalidated() {
    let rig = Rig::new();
    let users = rig.users().await;
    assert!(is_stored(&insert(&users, "two", 2).await));
    let _receipt = users.invalidate("ada").await.unwrap();
    assert_eq!(insert(&users, "one", 1).await.unwrap(), Inserted::Outdated);
    check_get(&users, "ada", None).await;
}

#[tokio::test(start_paused = true)]
async fn without_a_version_nothing_is_inserted() {
    let rig = Rig::new();
    for tiers in [Tiers::BOTH, Tiers::LOCAL, Tiers::NONE] {
        let users = users(&rig.node().await).tiers(tiers).build().unwrap();
        assert_eq!(kind_of(insert(&users, "none", 0).await), ErrorKind::Invalid);
        let nothing = users.insert("ada", Answer::not_modified(), Version::new(1)).await;
        assert_eq!(kind_of(nothing), ErrorKind::Invalid);
        check_get(&users, "ada", None).await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_absence_of_a_value_has_a_version_too() {
    let rig = Rig::new();
    let users = rig.users().await;
    let gone = users.insert("ada", Answer::missing(), Version::new(2)).await;
    assert!(is_stored(&gone));
    assert_eq!(insert(&users, "one", 1).await.unwrap(), Inserted::Outdated);
    let missing = users.get_or_load("ada", Origin::new().gives("never asked".to_owned())).await;
    assert_eq!(kind_of(missing), ErrorKind::Missing);
    advance(secs(10)).await;
    assert!(users.get_or_load("ada", Origin::new().gives("Ada".to_owned())).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn what_is_inserted_has_the_life_and_the_tags_that_its_writer_wants() {
    let rig = Rig::new();
    let larder = rig.node().await;
    let users = users(&larder).build().unwrap();
    let ada = || Answer::value("Ada".to_owned()).tag(&tag("tenant:3")).time_to_live(secs(5));
    assert!(is_stored(&users.insert("ada", ada(), Version::new(1)).await));
    advance(secs(5)).await;
    check_get(&users, "ada", None).await;
    assert!(is_stored(&users.insert("ada", ada(), Version::new(2)).await));
    let _receipt = larder.invalidate_tag(&tag("tenant:3")).await.unwrap();
    check_get(&users, "ada", None).await;
    let endless = ada().time_to_live(std::time::Duration::MAX);
    assert_eq!(kind_of(users.insert("ada", endless, Version::new(3)).await), ErrorKind::Invalid);
}

#[tokio::test(start_paused = true)]
async fn an_insert_into_the_process_s_memory_alone_lets_the_others_drop_theirs() {
    let rig = Rig::new();
    let local = async || users(&rig.node().await).tiers(Tiers::LOCAL).build().unwrap();
    let (here, there) = (local().await, local().await);
    store(&there, "ada", "old").await;
    assert!(is_stored(&insert(&here, "two", 2).await));
    check_get(&here, "ada", Some(("two", Tier::Local))).await;
    settle().await;
    check_get(&there, "ada", None).await;
    assert_eq!(insert(&here, "one", 1).await.unwrap(), Inserted::Outdated);
    check_get(&here, "ada", Some(("two", Tier::Local))).await;
}

/// Each is told by a step that was taken after it asked.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn on_many_threads_every_writer_is_told_of_a_step_of_its_own_time() {
    let rig = Rig::new();
    let users = users(&yielding(&rig, 1).await).build().unwrap();
    let mut writers = JoinSet::new();
    for writer in 0..16 {
        let users = users.clone();
        writers.spawn(async move {
            let key = ["ada", "bob"][writer % 2];
            let mut last = None;
            for _ in 0..200 {
                let receipt = users.invalidate(key).await.unwrap();
                let at = receipt.tokens().first().map(|token| token.sequence());
                assert!(!receipt.is_deferred() && at > last, "{at:?} {last:?}");
                last = at;
            }
        });
    }
    let all = timeout(secs(60), writers.join_all()).await;
    assert_eq!(all.expect("nobody waits for ever").len(), 16);
}
