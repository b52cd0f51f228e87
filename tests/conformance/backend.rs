//! The shared tiers with their buses, and what a test does with one.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use larder_codec::{Bincode, Envelope};
use larder_core::{
    Announced, AppName, Bus, CacheName, Chain, Clock, Fill, Filled, Frame, Guard, Invalidation, Key, KeyHash,
    Label, Lease, LeaseReply, LeaseRequest, Lifetime, Namespace, Notice, Partition, Put, Remote, Result,
    Schema, Sequence, TagHash, Ttl, Version,
};
use larder_memory::{Link, MemoryServer, Probe};
use larder_testkit::ManualClock;

/// A server and its time. Each test has one of its own.
pub(super) trait Backend: Send + Sync + 'static {
    async fn new() -> Self;

    /// One more node.
    async fn connect(&self, app: &AppName) -> Node;

    /// Lets so much time pass, on the server too.
    async fn pass(&self, time: Duration);

    /// The clock of this process.
    fn clock(&self) -> Clock;

    /// The server's wall clock, in microseconds.
    async fn micros(&self) -> u64;

    /// A frame of a kind that its remotes do not send.
    fn strange_frame(&self) -> Frame;
}

pub(super) struct Node {
    pub(super) remote: Arc<dyn Remote>,
    pub(super) bus: Arc<dyn Bus>,
}

/// In this process, lossless.
pub(super) struct Lossless {
    server: MemoryServer,
    time: ManualClock,
}

/// In this process, with links that can be broken, and none that is.
pub(super) struct Probed {
    server: MemoryServer,
    time: ManualClock,
}

impl Backend for Lossless {
    async fn new() -> Self {
        let time = ManualClock::new();
        Self { server: MemoryServer::new(time.clock()), time }
    }

    async fn connect(&self, app: &AppName) -> Node {
        Node::of(&self.server.connect(app))
    }

    async fn pass(&self, time: Duration) {
        self.time.advance(time);
    }

    fn clock(&self) -> Clock {
        self.time.clock()
    }

    async fn micros(&self) -> u64 {
        self.clock().unix_millis() * 1_000
    }

    fn strange_frame(&self) -> Frame {
        bytes_frame()
    }
}

impl Backend for Probed {
    async fn new() -> Self {
        let time = ManualClock::new();
        let probe = Probe::new(Duration::from_millis(20), Duration::from_millis(20));
        Self { server: MemoryServer::unreliable(time.clock(), probe), time }
    }

    async fn connect(&self, app: &AppName) -> Node {
        Node::of(&self.server.connect(app))
    }

    async fn pass(&self, time: Duration) {
        self.time.advance(time);
    }

    fn clock(&self) -> Clock {
        self.time.clock()
    }

    async fn micros(&self) -> u64 {
        self.clock().unix_millis() * 1_000
    }

    fn strange_frame(&self) -> Frame {
        bytes_frame()
    }
}

fn bytes_frame() -> Frame {
    let [channel, head, body] = ["channel", "head", "body"].map(Bytes::from);
    Frame::Bytes { channel, head, body }
}

impl Node {
    fn of(link: &Link) -> Self {
        Self { remote: Arc::new(link.remote()), bus: Arc::new(link.bus()) }
    }

    pub(super) async fn get(&self, key: &Key) -> Option<Bytes> {
        let values = self.remote.get(std::slice::from_ref(key)).await.unwrap();
        let [value] = <[_; 1]>::try_from(values).expect("one key, one answer");
        value
    }

    /// Asks for a lease on a key that was not found.
    pub(super) async fn lease(&self, key: &Key, name: u128) -> LeaseReply {
        self.ask(key, &request(name)).await
    }

    pub(super) async fn ask(&self, key: &Key, request: &LeaseRequest) -> LeaseReply {
        self.remote.lease(key, request).await.unwrap()
    }

    pub(super) async fn fill(&self, key: &Key, name: u128, value: &Bytes) -> Filled {
        self.fill_for(key, name, value, LONG).await
    }

    pub(super) async fn fill_for(&self, key: &Key, name: u128, value: &Bytes, ttl: Ttl) -> Filled {
        self.remote.fill(key, Lease::new(name), Fill::Value(value.clone(), ttl)).await.unwrap()
    }

    /// A whole load that replaces whatever is there.
    pub(super) async fn store(&self, key: &Key, value: &Bytes) {
        self.store_for(key, value, LONG).await;
    }

    pub(super) async fn store_for(&self, key: &Key, value: &Bytes, ttl: Ttl) {
        const NAME: u128 = 0x57_0E;
        assert_eq!(self.ask(key, &of_any(NAME)).await, LeaseReply::Granted);
        assert_eq!(self.fill_for(key, NAME, value, ttl).await, Filled::Stored);
    }

    /// Puts an entry of that version.
    pub(super) async fn put(&self, key: &Key, version: u64) -> Put {
        self.put_for(key, version, LONG).await
    }

    pub(super) async fn put_for(&self, key: &Key, version: u64, ttl: Ttl) -> Put {
        let value = Draft::new("put").version(version).seal();
        self.try_put(key, version, &value, ttl).await.unwrap()
    }

    pub(super) async fn try_put(&self, key: &Key, version: u64, value: &Bytes, ttl: Ttl) -> Result<Put> {
        let frame = self.bus.frame(&Notice::Keys(key.hash().partition(), vec![key.hash()]));
        self.remote.put(key, Version::new(version), value.clone(), ttl, &frame).await
    }

    pub(super) async fn invalidate(&self, what: Invalidation<'_>) -> Announced {
        self.try_invalidate(what).await.unwrap()
    }

    pub(super) async fn try_invalidate(&self, what: Invalidation<'_>) -> Result<Announced> {
        let frame = self.bus.frame(&notice_of(&what));
        self.remote.invalidate(&what, &frame).await
    }

    /// Invalidates one key.
    pub(super) async fn drop_key(&self, key: &Key) -> Announced {
        self.invalidate(keys(std::slice::from_ref(key))).await
    }

    pub(super) async fn latest(&self, chain: Chain) -> Sequence {
        let all = self.remote.sequences().await.unwrap();
        at(&all, chain)
    }
}

/// A server with one node, which most tests need no more of.
pub(super) struct Rig<B> {
    pub(super) backend: B,
    pub(super) node: Node,
}

impl<B: Backend> Rig<B> {
    pub(super) async fn new() -> Self {
        let backend = B::new().await;
        let node = backend.connect(&app()).await;
        Self { backend, node }
    }

    /// One more node of the same app.
    pub(super) async fn another(&self) -> Node {
        self.backend.connect(&app()).await
    }
}

/// A time to live that no test waits for.
pub(super) const LONG: Ttl = Ttl::seconds(60);

/// One that tests wait for.
pub(super) const SHORT: Ttl = Ttl::from_millis(80).unwrap();

/// Longer than [`SHORT`], and not by much.
pub(super) const LONGER: Ttl = Ttl::from_millis(400).unwrap();

/// Well below [`SHORT`].
pub(super) const MOMENT: Duration = Duration::from_millis(20);

/// What is left of [`SHORT`] after a [`MOMENT`].
pub(super) const REST: Duration = Duration::from_millis(60);

pub(super) fn app() -> AppName {
    AppName::new("test.shop").unwrap()
}

pub(super) fn key(text: &str) -> Key {
    key_of(&app(), "user", text)
}

pub(super) fn key_of(app: &AppName, cache: &str, text: &str) -> Key {
    let namespace = Namespace::new(app.clone(), CacheName::new(cache).unwrap());
    Key::new(&namespace, text).unwrap()
}

/// Keys of one partition, as many as wanted.
pub(super) fn neighbours<const N: usize>() -> [Key; N] {
    let home = key("neighbour-0").hash().partition();
    let keys = (0..).map(|number| key(&format!("neighbour-{number}")));
    let mut keys = keys.filter(|key| key.hash().partition() == home);
    std::array::from_fn(|_| keys.next().expect("there is no end of keys"))
}

/// Two keys of two partitions.
pub(super) fn strangers() -> [Key; 2] {
    let [one] = neighbours();
    let keys = (0..).map(|number| key(&format!("stranger-{number}")));
    let other = keys.into_iter().find(|key| key.hash().partition() != one.hash().partition());
    [one, other.expect("there is no end of keys")]
}

pub(super) fn partition_of(keys: &[Key]) -> Partition {
    keys.first().expect("there is a key").hash().partition()
}

pub(super) fn chain_of(key: &Key) -> Chain {
    Chain::Keys(key.hash().partition())
}

/// The invalidation of keys by a write without a guard.
pub(super) fn keys(keys: &[Key]) -> Invalidation<'_> {
    Invalidation::Keys(partition_of(keys), keys, None)
}

/// The same at the end of a guarded write.
pub(super) fn keys_of_write(keys: &[Key], guard: u64) -> Invalidation<'_> {
    Invalidation::Keys(partition_of(keys), keys, Some(Guard::new(guard)))
}

pub(super) fn expire(keys: &[Key]) -> Invalidation<'_> {
    Invalidation::Expire(partition_of(keys), keys)
}

pub(super) fn guard(keys: &[Key], guard: u64, ttl: Ttl) -> Invalidation<'_> {
    Invalidation::Guard(partition_of(keys), keys, Guard::new(guard), ttl)
}

/// What a node that invalidates something tells the others.
pub(super) fn notice_of(what: &Invalidation<'_>) -> Notice {
    let hashes = |keys: &[Key]| keys.iter().map(Key::hash).collect();
    match *what {
        Invalidation::Keys(partition, keys, _) | Invalidation::Guard(partition, keys, ..) => {
            Notice::Keys(partition, hashes(keys))
        }
        Invalidation::Version(key, _) => Notice::Keys(key.hash().partition(), vec![key.hash()]),
        Invalidation::Expire(partition, keys) => Notice::Expired(partition, hashes(keys)),
        Invalidation::Tags(tags) => Notice::Tags(tags.to_vec()),
        Invalidation::Cache(cache) => Notice::Cache(cache.clone()),
        Invalidation::Everything => Notice::Everything,
        ref other => panic!("a new kind of invalidation: {other:?}"),
    }
}

pub(super) fn request(name: u128) -> LeaseRequest {
    LeaseRequest::new(Lease::new(name), LONG)
}

/// A request that no value stands in the way of.
pub(super) fn of_any(name: u128) -> LeaseRequest {
    let mut request = request(name);
    request.mode = larder_core::LeaseMode::Any;
    request
}

pub(super) fn tag(number: u64) -> TagHash {
    TagHash::from_bits(number)
}

pub(super) fn seq(number: u64) -> Sequence {
    Sequence::new(number)
}

/// Where one chain stands.
pub(super) fn at(all: &[(Chain, Sequence)], chain: Chain) -> Sequence {
    let found = all.iter().find(|(other, _)| *other == chain);
    found.expect("every chain is told").1
}

/// A value on its way into an envelope.
#[derive(Clone, Copy)]
pub(super) struct Draft<'a> {
    text: &'a str,
    birth: u64,
    version: u64,
    schema: u16,
}

impl<'a> Draft<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, birth: 0, version: 0, schema: 0 }
    }

    pub(super) fn birth(self, birth: u64) -> Self {
        Self { birth, ..self }
    }

    pub(super) fn version(self, version: u64) -> Self {
        Self { version, ..self }
    }

    pub(super) fn schema(self, schema: u16) -> Self {
        Self { schema, ..self }
    }

    /// The envelope. Whose value it is no server looks at.
    pub(super) fn seal(self) -> Bytes {
        let envelope = Envelope::with_schema(Bincode, Schema::version(self.schema));
        let label =
            Label::new(Lifetime::new(LONG)).birth(seq(self.birth)).version(Version::new(self.version));
        envelope.seal(KeyHash::from_bytes([7; 16]), &label, Some(&self.text.to_owned())).unwrap()
    }
}

/// An entry without a birth or a version.
pub(super) fn entry(text: &str) -> Bytes {
    Draft::new(text).seal()
}

/// Bytes that are no entry, however much they look like one.
pub(super) fn foreign() -> [Bytes; 6] {
    let entry = entry("Ada");
    let mut other_magic = entry.to_vec();
    other_magic[1] ^= 1;
    [
        Bytes::new(),
        Bytes::from_static(b"7 bytes"),
        Bytes::from(format!(r#"{{"name": "Ada", "city": "{}"}}"#, "London".repeat(20))),
        Bytes::from_static(&[0xC1, 0x4C]),
        entry.slice(..63),
        other_magic.into(),
    ]
}

pub(super) fn is_busy(reply: &LeaseReply) -> bool {
    matches!(reply, LeaseReply::Busy(_))
}

pub(super) fn is_stored(put: Put) -> bool {
    matches!(put, Put::Stored(_))
}
