//! One node on an unreliable server, in tokio's time.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use larder_codec::{Bincode, Envelope};
use larder_core::{
    Announced, AppName, Bus, BusEvent, CacheName, Chain, Fill, Filled, Invalidation, Key, Label, Lease,
    LeaseReply, LeaseRequest, Lifetime, Namespace, Notice, Remote, Result, Sequence, Subscription, Ttl,
    Version,
};
use larder_memory::{Faults, Link, MemoryServer, Probe, ServerFaults};
use larder_testkit::TokioClock;
use tokio::time::{Instant, timeout};

pub(crate) const INTERVAL: Duration = Duration::from_secs(1);
pub(crate) const LONG: Ttl = Ttl::seconds(600);

/// A server and one node of it. Time is virtual.
pub(crate) struct Rig {
    pub(crate) server: MemoryServer,
    pub(crate) clock: TokioClock,
    pub(crate) link: Link,
}

impl Rig {
    pub(crate) fn new() -> Self {
        let clock = TokioClock::new();
        let server = MemoryServer::unreliable(clock.clock(), Probe::default());
        let link = server.connect(&app());
        Self { server, clock, link }
    }

    pub(crate) fn faults(&self) -> Faults {
        self.link.faults().expect("the server is unreliable")
    }

    pub(crate) fn server_faults(&self) -> ServerFaults {
        self.server.faults().expect("the server is unreliable")
    }

    /// A listener of this node that has taken its first sync point.
    pub(crate) async fn listen(&self) -> Listener {
        Listener::new(&self.link).await
    }

    /// Invalidates a key by way of another node, which no fault of this one concerns.
    pub(crate) async fn write(&self, key: &Key) -> Announced {
        drop_key(&self.server.connect(&app()), key).await.unwrap()
    }

    /// Invalidates that key so many times, and returns the sequences.
    pub(crate) async fn write_many(&self, count: usize) -> Vec<Sequence> {
        let mut told = Vec::new();
        for _ in 0..count {
            told.push(self.write(&key("ada")).await.sequence);
        }
        told
    }
}

/// A subscription, and what was heard by it.
pub(crate) struct Listener(Box<dyn Subscription>);

impl Listener {
    pub(crate) async fn new(link: &Link) -> Self {
        let mut listener = Self(link.bus().subscribe().await.unwrap());
        let first = listener.at_hand().await.expect("it is there from the beginning");
        assert!(is_sync_point(&first));
        listener
    }

    /// What is there. Asks once, and needs no timer to give up.
    pub(crate) async fn at_hand(&mut self) -> Option<BusEvent> {
        let mut next = pin!(self.next());
        poll_fn(|context| match next.as_mut().poll(context) {
            Poll::Ready(event) => Poll::Ready(Some(event)),
            Poll::Pending => Poll::Ready(None),
        })
        .await
    }

    pub(crate) async fn next(&mut self) -> BusEvent {
        self.0.next().await.expect("the bus is open")
    }

    /// All that comes within a time.
    pub(crate) async fn within(&mut self, time: Duration) -> Vec<BusEvent> {
        let end = Instant::now() + time;
        let mut events = Vec::new();
        while let Ok(event) = timeout(end - Instant::now(), self.next()).await {
            events.push(event);
        }
        events
    }

    /// All that is there, before anything is probed for.
    pub(crate) async fn at_once(&mut self) -> Vec<BusEvent> {
        self.within(Duration::from_millis(1)).await
    }
}

pub(crate) fn app() -> AppName {
    AppName::new("test.shop").unwrap()
}

pub(crate) fn key(text: &str) -> Key {
    Key::new(&Namespace::new(app(), CacheName::new("user").unwrap()), text).unwrap()
}

pub(crate) async fn drop_key(link: &Link, key: &Key) -> Result<Announced> {
    let partition = key.hash().partition();
    let frame = link.bus().frame(&Notice::Keys(partition, vec![key.hash()]));
    let keys = std::slice::from_ref(key);
    link.remote().invalidate(&Invalidation::Keys(partition, keys, None), &frame).await
}

pub(crate) async fn get(link: &Link, key: &Key) -> Option<Bytes> {
    link.remote().get(std::slice::from_ref(key)).await.unwrap().remove(0)
}

/// A whole load.
pub(crate) async fn store(link: &Link, key: &Key, value: &Bytes, ttl: Ttl) -> Result<()> {
    let lease = Lease::new(1);
    assert_eq!(link.remote().lease(key, &LeaseRequest::new(lease, LONG)).await?, LeaseReply::Granted);
    let filled = link.remote().fill(key, lease, Fill::Value(value.clone(), ttl)).await?;
    assert_eq!(filled, Filled::Stored);
    Ok(())
}

pub(crate) fn entry(text: &str, version: u64) -> Bytes {
    let label = Label::new(Lifetime::new(LONG)).version(Version::new(version));
    Envelope::new(Bincode).seal(key("ada").hash(), &label, Some(&text.to_owned())).unwrap()
}

pub(crate) fn is_sync_point(event: &BusEvent) -> bool {
    matches!(event, BusEvent::SyncPoint { .. })
}

/// Where a sync point says that the chain of a key stands.
pub(crate) fn stands(event: &BusEvent, key: &Key) -> Sequence {
    let BusEvent::SyncPoint { at, .. } = event else {
        panic!("not a sync point: {event:?}");
    };
    let chain = Chain::Keys(key.hash().partition());
    at.iter().find(|(other, _)| *other == chain).unwrap().1
}

/// The sequences of the notices among some events, in their order.
pub(crate) fn notices(events: &[BusEvent]) -> Vec<Sequence> {
    let sequence = |event: &BusEvent| match event {
        BusEvent::Noticed { sequence, .. } => Some(*sequence),
        _ => None,
    };
    events.iter().filter_map(sequence).collect()
}
