//! What others may have put under our keys, and a server that takes nothing more.

use std::sync::Arc;
use std::time::Duration;

use larder_codec::{Bincode, Envelope};
use larder_core::{
    AppName, CacheName, Fill, Filled, Frame, Guard, Invalidation, Key, KeyHash, Label, Lease, LeaseReply,
    LeaseRequest, Lifetime, Namespace, Notice, Put, Remote, Sequence, TagHash, Ttl, Version,
};
use larder_link::hash_tag;
use larder_redis::RedisRemote;
use larder_testkit::redis::{RedisServer, Reply};

const TTL: Ttl = Ttl::seconds(60);

struct Rig {
    server: RedisServer,
    remote: Arc<dyn Remote>,
    key: Key,
}

impl Rig {
    async fn new<'a>(arguments: impl IntoIterator<Item = &'a str>) -> Self {
        let server = RedisServer::with(arguments).expect("redis-server is installed");
        let app = AppName::new("test.shop").unwrap();
        let remote = RedisRemote::open(server.url().parse().unwrap(), app.clone());
        remote.check().await.unwrap();
        let key = Key::new(&Namespace::new(app, CacheName::new("user").unwrap()), "ada").unwrap();
        Self { server, remote: Arc::new(remote), key }
    }

    /// Every name that lies under our control, so that it can be put out of it.
    fn names(&self) -> Vec<String> {
        let partition = hash_tag(larder_core::Chain::Keys(self.key.hash().partition()));
        let tags = hash_tag(larder_core::Chain::Tags);
        let of_key = ["", "~l", "~q", "~w"]
            .map(|kind| format!("larder:{{{partition}}}:test.shop:user{kind}:ada"))
            .into_iter();
        of_key
            .chain([format!("larder:{{{partition}}}:test.shop~s")])
            .chain(["~s", "~t", "~n"].map(|kind| format!("larder:{{{tags}}}:test.shop{kind}")))
            .collect()
    }

    /// Every invalidation that there is.
    async fn invalidate_everything(&self) -> Result<(), larder_core::Error> {
        let keys = std::slice::from_ref(&self.key);
        let (partition, cache) = (self.key.hash().partition(), CacheName::new("user").unwrap());
        let kinds = [
            Invalidation::Guard(partition, keys, Guard::new(7), Ttl::MIN),
            Invalidation::Keys(partition, keys, Some(Guard::new(7))),
            Invalidation::Keys(partition, keys, None),
            Invalidation::Version(&self.key, Version::new(3)),
            Invalidation::Expire(partition, keys),
            Invalidation::Tags(&[TagHash::from_bits(1)]),
            Invalidation::Cache(&cache),
            Invalidation::Everything,
        ];
        for what in kinds {
            let announced = self.remote.invalidate(&what, &Frame::Plain(Notice::Everything)).await?;
            assert!(announced.sequence > announced.previous, "{what:?}");
        }
        Ok(())
    }

    /// Everything else that is asked of the shared tier.
    async fn load(&self) {
        let keys = std::slice::from_ref(&self.key);
        self.remote.get(keys).await.unwrap();
        self.remote.get_and_tags(keys).await.unwrap();
        let request = LeaseRequest::new(Lease::new(9), TTL);
        let reply = self.remote.lease(&self.key, &request).await.unwrap();
        if reply == LeaseReply::Granted {
            assert!(self.remote.renew(&self.key, Lease::new(9), TTL).await.unwrap());
            let filled =
                self.remote.fill(&self.key, Lease::new(9), Fill::Value(entry(0), TTL)).await.unwrap();
            assert_eq!(filled, Filled::Stored);
        }
        self.remote.release(&self.key, Lease::new(9)).await.unwrap();
        let put =
            self.remote.put(&self.key, Version::new(9), entry(9), TTL, &Frame::Plain(Notice::Everything));
        assert!(matches!(put.await.unwrap(), Put::Stored(_) | Put::Outdated));
        self.remote.sequences().await.unwrap();
        self.remote.invalidated_tags(Sequence::ZERO).await.unwrap();
        let known = larder_core::Chain::Tags;
        self.remote.raise(known, Sequence::new(7)).await.unwrap();
    }
}

fn entry(version: u64) -> bytes::Bytes {
    let label = Label::new(Lifetime::new(TTL)).version(Version::new(version));
    Envelope::new(Bincode).seal(KeyHash::from_bytes([7; 16]), &label, Some(&"Ada".to_owned())).unwrap()
}

/// Ways to put something under a name.
const SPOILERS: [&[&str]; 8] = [
    &["SET", "$", ""],
    &["SET", "$", "7 bytes"],
    &[
        "SET",
        "$",
        "{\"name\": \"Ada\", \"born\": 1815, \"city\": \"London\", \"known for\": \"the first program\"}",
    ],
    &["SET", "$", "999999999999999999999999999999"],
    &["RPUSH", "$", "a", "list"],
    &["HSET", "$", "a", "hash"],
    &["SADD", "$", "a set"],
    &["ZADD", "$", "1e300", "a sorted set"],
];

#[tokio::test]
async fn nothing_that_lies_under_our_names_stops_a_script() {
    let rig = Rig::new([]).await;
    for name in rig.names() {
        for spoiler in SPOILERS {
            rig.server.forget().unwrap();
            let command: Vec<&str> =
                spoiler.iter().map(|word| if *word == "$" { name.as_str() } else { word }).collect();
            rig.server.command(&command).unwrap();
            rig.invalidate_everything().await.unwrap_or_else(|error| panic!("{command:?}: {error:?}"));
            rig.server.command(&["UNLINK", &name]).unwrap();
            rig.server.command(&command).unwrap();
            rig.load().await;
        }
    }
}

#[tokio::test]
async fn a_full_server_takes_every_invalidation() {
    let rig = Rig::new(["--maxmemory-policy", "noeviction"]).await;
    rig.load().await;
    // It has everything that there is to have, so that nothing has to be removed that is not there.
    rig.invalidate_everything().await.unwrap();
    rig.load().await;
    // Less than it takes to run.
    rig.server.command(&["CONFIG", "SET", "maxmemory", "100kb"]).unwrap();
    assert!(rig.server.command(&["SET", "more", "x"]).unwrap_err().to_string().contains("OOM"));
    rig.invalidate_everything().await.unwrap();
    rig.remote.raise(larder_core::Chain::Tags, Sequence::new(7)).await.unwrap();
    // A load is not stored, and says why.
    let error = rig.remote.lease(&rig.key, &LeaseRequest::new(Lease::new(1), TTL)).await.unwrap_err();
    assert!(error.to_string().contains("OOM"), "{error:?}");
}

#[tokio::test]
async fn a_script_that_the_server_has_forgotten_is_told_again_to_everyone_at_once() {
    let rig = Rig::new([]).await;
    for _ in 0..20 {
        rig.server.command(&["SCRIPT", "FLUSH"]).unwrap();
        let calls = (0..64_u128).map(|name| {
            let (remote, key) = (rig.remote.clone(), rig.key.clone());
            tokio::spawn(async move { remote.lease(&key, &LeaseRequest::new(Lease::new(name), TTL)).await })
        });
        for call in calls.collect::<Vec<_>>() {
            call.await.unwrap().unwrap();
        }
    }
}

/// The server's clock goes back by an hour while somebody loads, who then dies: the lease has an hour to go.
#[tokio::test]
async fn a_lease_from_before_the_clock_was_turned_back_keeps_nobody_waiting() {
    let rig = Rig::new([]).await;
    let ask = async |name, hold| {
        let request = LeaseRequest::new(Lease::new(name), Ttl::seconds(hold));
        rig.remote.lease(&rig.key, &request).await.unwrap()
    };
    assert_eq!(ask(1, 3_602).await, LeaseReply::Granted);
    assert_eq!(ask(2, 2).await, LeaseReply::Granted);
    // The next one has to wait for that, and so has who holds its leases a little shorter.
    assert!(matches!(ask(3, 2).await, LeaseReply::Busy(_)));
    assert!(matches!(ask(3, 1).await, LeaseReply::Busy(_)));
}

#[tokio::test]
async fn scripts_are_there_before_the_first_call() {
    let rig = Rig::new([]).await;
    rig.server.command(&["CONFIG", "RESETSTAT"]).unwrap();
    rig.load().await;
    rig.invalidate_everything().await.unwrap();
    let errors = rig.server.command(&["INFO", "errorstats"]).unwrap();
    assert!(!errors.text().unwrap().contains("NOSCRIPT"), "{errors:?}");
    let Reply::Bulk(_) = rig.server.command(&["INFO", "commandstats"]).unwrap() else { panic!("it tells") };
    rig.server.restart().unwrap();
    let began = tokio::time::Instant::now();
    while rig.remote.get(std::slice::from_ref(&rig.key)).await.is_err() {
        assert!(began.elapsed() < Duration::from_secs(10), "it reconnects");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    rig.load().await;
    let errors = rig.server.command(&["INFO", "errorstats"]).unwrap();
    assert!(!errors.text().unwrap().contains("NOSCRIPT"), "{errors:?}");
}
