//! Receipts: what they say, how they travel, and what a read that shows one sees.

use larder::memory::{MemoryServer, Probe};
use larder::{ErrorKind, Larder, Receipt, Tag, Tier};
use larder_testkit::TokioClock;

use super::rig::{Origin, Rig, check_get, kind_of, millis, secs, settle, store, users};

#[tokio::test(start_paused = true)]
async fn a_receipt_travels_as_text() {
    let larder = Rig::new().node().await;
    let users = users(&larder).build().unwrap();
    let keys: Vec<String> = (0..10).map(|number| format!("key {number}")).collect();
    let tags = [Tag::new("tenant:3").unwrap()];
    let receipts = [
        users.invalidate("ada").await.unwrap(),
        users.invalidate_many(&keys).await.unwrap(),
        users.expire("ada").await.unwrap(),
        users.clear().await.unwrap(),
        larder.clear_all().await.unwrap(),
        larder.invalidate_tags(&tags).await.unwrap(),
        users.invalidate("ada").await.unwrap().and(users.clear().await.unwrap()),
        Receipt::default(),
    ];
    for receipt in receipts {
        let text = receipt.to_string();
        assert!(text.chars().all(|letter| letter.is_ascii_alphanumeric() || ".,".contains(letter)), "{text}");
        assert_eq!(text.parse::<Receipt>().unwrap(), receipt, "{text}");
    }
}

#[test]
fn garbage_is_no_receipt() {
    for text in
        ["x", "1", "1.2.3", "64.1", "t", "t.", "t.-1", "1.+1", " 1.1", "1.1 ", "1.1;1.2", "1.1,x", "é"]
    {
        assert_eq!(kind_of(text.parse::<Receipt>()), ErrorKind::Invalid, "{text:?}");
    }
    let endless = "x".repeat(1 << 20).parse::<Receipt>().unwrap_err();
    assert!(endless.to_string().len() < 200);
}

#[tokio::test(start_paused = true)]
async fn two_receipts_are_as_good_as_their_parts() {
    let users = Rig::new().users().await;
    let (one, two) = (users.invalidate("ada").await.unwrap(), users.clear().await.unwrap());
    let both = one.clone().and(two.clone());
    assert_eq!(both.tokens(), [one.tokens(), two.tokens()].concat());
    assert!(!both.is_deferred());
}

/// Two nodes, of which the second hears nothing.
async fn deaf() -> (Larder, Larder, larder::memory::Link) {
    let clock = TokioClock::new().clock();
    let server = MemoryServer::unreliable(clock.clone(), Probe::default());
    let app = larder::AppName::new("test.shop").unwrap();
    let link = server.connect(&app);
    let builder = || Larder::builder("test.shop").clock(clock.clone());
    let writer = builder().embedded_on(&server).build().await.unwrap();
    let reader = builder().upstream(link.remote(), link.bus()).build().await.unwrap();
    (writer, reader, link)
}

#[tokio::test(start_paused = true)]
async fn a_read_that_shows_a_receipt_sees_the_write_behind_it() {
    let (writer, reader, link) = deaf().await;
    let (there, here) = (users(&writer).build().unwrap(), users(&reader).build().unwrap());
    store(&here, "ada", "old").await;
    store(&here, "bob", "Bob").await;
    link.faults().unwrap().hold();
    let receipt = there.invalidate("ada").await.unwrap();
    settle().await;
    // Nobody has told this instance …
    check_get(&here, "ada", Some(("old", Tier::Local))).await;
    // … but who shows the receipt does, and others profit from it.
    let cookie: Receipt = receipt.to_string().parse().unwrap();
    assert!(here.reading().at_least(&cookie).get("bob").await.unwrap().is_some());
    let load = Origin::new().gives("new".to_owned());
    let new = here.reading().at_least(&cookie).get_or_load("ada", load).await.unwrap();
    assert_eq!((new.as_str(), new.tier()), ("new", Tier::Origin));
    assert_eq!(here.get("ada").await.unwrap().unwrap().as_str(), "new");
}

#[tokio::test(start_paused = true)]
async fn a_load_that_only_the_server_knows_to_be_overtaken_is_not_kept() {
    let (writer, reader, link) = deaf().await;
    let (there, here) = (users(&writer).build().unwrap(), users(&reader).build().unwrap());
    link.faults().unwrap().hold();
    let slow = here.get_or_load("ada", Origin::new().takes(millis(200), Ok("old".to_owned())));
    let write = async {
        tokio::time::sleep(millis(100)).await;
        there.invalidate("ada").await.unwrap()
    };
    let (slow, _receipt) = tokio::join!(slow, write);
    assert_eq!(slow.unwrap().as_str(), "old");
    check_get(&here, "ada", None).await;
}

#[tokio::test(start_paused = true)]
async fn a_receipt_for_a_clear_or_a_tag_is_seen_too() {
    let (writer, reader, link) = deaf().await;
    let (there, here) = (users(&writer).build().unwrap(), users(&reader).build().unwrap());
    let tag = Tag::new("tenant:3").unwrap();
    for _ in 0..2 {
        let tagged = larder::Answer::value("old".to_owned()).tag(&tag);
        here.get_or_load("ada", Origin::new().gives(tagged)).await.unwrap();
        link.faults().unwrap().hold();
        let receipt = writer.invalidate_tag(&tag).await.unwrap();
        assert!(here.reading().at_least(&receipt).get("ada").await.unwrap().is_none());
        store(&here, "ada", "old").await;
        let receipt = there.clear().await.unwrap();
        assert!(here.reading().at_least(&receipt).get_many(["ada"]).await.unwrap()[0].is_none());
        link.faults().unwrap().release();
        settle().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_write_that_the_server_was_not_told_is_deferred_and_made_up_for() {
    let clock = TokioClock::new().clock();
    let server = MemoryServer::unreliable(clock.clone(), Probe::default());
    let link = server.connect(&larder::AppName::new("test.shop").unwrap());
    let builder = Larder::builder("test.shop").clock(clock).upstream(link.remote(), link.bus());
    let larder = builder.build().await.unwrap();
    let users = users(&larder).build().unwrap();
    store(&users, "ada", "Ada").await;
    link.faults().unwrap().fail(1);
    let receipt = users.invalidate("ada").await.unwrap();
    assert!(receipt.is_deferred() && receipt.tokens().is_empty());
    check_get(&users, "ada", None).await;
    tokio::time::sleep(secs(5)).await;
    assert_eq!(larder.deferred(), 0);
    check_get(&users, "ada", None).await;
    store(&users, "ada", "Ada").await;
    check_get(&users, "ada", Some(("Ada", Tier::Local))).await;
}
