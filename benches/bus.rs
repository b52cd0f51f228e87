//! How long is it from before a write on one node until another has dropped its copy, and how much can a node take?

use std::hint::black_box;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::yield_now;
use std::time::Duration;

use larder::Cache;
use larder_testkit::redis::RedisServer;
use redis::aio::MultiplexedConnection;
use redis::{PushInfo, PushKind};
use tokio::runtime::Runtime;

use crate::by_hand;
use crate::measure::{Comparison, Effort, now, percentile};
use crate::report::Line;
use crate::server;

/// The most that may pass from the write to the drop, in microseconds.
const MEDIAN: f64 = 130.0;
const WORST: f64 = 2_000.0;

/// Every line about the time that the bus takes.
pub(crate) fn lines(effort: Effort, runtime: &Runtime) -> Vec<Line> {
    let server = server::start();
    let (drops, raw) = latencies(effort, runtime, &server);
    let percentile = |of: &[f64], percent| percentile(of.iter().copied(), percent);
    let line = |what: &str, percent, reference: &dyn Fn(usize) -> f64| {
        let name = format!("invalidate to drop, p{percent} / {what}");
        Line::new(name, "µs", Comparison::with(percentile(&drops, percent), reference(percent)))
    };
    let of_raw = |percent| percentile(&raw, percent);
    vec![
        line("allowed", 50, &|_| MEDIAN).limit(1.0),
        line("allowed", 99, &|_| WORST).limit(1.0),
        line("raw PUBLISH to receive", 50, &of_raw),
        line("raw PUBLISH to receive", 99, &of_raw),
    ]
}

/// Microseconds from the write to the drop, and from a raw PUBLISH until it is received, measured in turns.
fn latencies(effort: Effort, runtime: &Runtime, server: &RedisServer) -> (Vec<f64>, Vec<f64>) {
    let (writer, reader) =
        runtime.block_on(async { (server::node(&server.url()).await, server::node(&server.url()).await) });
    let users = |larder: &larder::Larder| larder.cache::<u64, u64>("user").build().expect("it can work");
    let (written, read) = (users(&writer), users(&reader));
    let raw = runtime.block_on(Raw::connect(&server.url()));
    let times = 60 * effort.rounds as u64;
    (0..times).map(|time| (drop_time(runtime, &written, &read, time), raw.time(runtime, time + 1))).unzip()
}

/// From before `invalidate` on one node until the other, which looks again and again, has dropped its copy.
fn drop_time(runtime: &Runtime, written: &Cache<u64, u64>, read: &Cache<u64, u64>, time: u64) -> f64 {
    const KEY: u64 = 7;
    let load = move |_| async move { Ok::<_, io::Error>(time) };
    let hit = runtime.block_on(read.get_or_load(&KEY, load)).expect("the loader does not fail");
    assert!(read.contains_local(&KEY), "a copy of {} is kept", *hit);
    let written = written.clone();
    let began = now();
    let write = runtime.spawn(async move { written.invalidate(&KEY).await });
    wait(|| !read.contains_local(&KEY));
    let took = began.elapsed();
    let receipt = runtime.block_on(write).expect("it does not panic").expect("it is a key");
    assert!(!receipt.is_deferred(), "the server is up");
    took.as_secs_f64() * 1e6
}

/// A channel, with somebody who publishes and somebody who listens.
struct Raw {
    publisher: MultiplexedConnection,
    /// Keeps the listener's connection open.
    _listener: MultiplexedConnection,
    heard: Arc<AtomicU64>,
}

impl Raw {
    const CHANNEL: &str = "raw";

    async fn connect(url: &str) -> Self {
        let heard = Arc::new(AtomicU64::new(0));
        let latest = heard.clone();
        let hear = move |push: PushInfo| {
            if push.kind == PushKind::Message {
                black_box(push);
                latest.fetch_add(1, Ordering::Release);
            }
            Ok::<_, ()>(())
        };
        let mut listener = by_hand::connect_with(url, |config| config.set_push_sender(hear)).await;
        listener.subscribe(Self::CHANNEL).await.expect("the server is up");
        Self { publisher: by_hand::connect(url).await, _listener: listener, heard }
    }

    fn time(&self, runtime: &Runtime, number: u64) -> f64 {
        let mut publisher = self.publisher.clone();
        let began = now();
        let publish = runtime.spawn(async move {
            let mut command = redis::cmd("PUBLISH");
            command.arg(Self::CHANNEL).arg(&[7_u8; 46]).exec_async(&mut publisher).await
        });
        wait(|| self.heard.load(Ordering::Acquire) >= number);
        let took = began.elapsed();
        runtime.block_on(publish).expect("it does not panic").expect("the server is up");
        took.as_secs_f64() * 1e6
    }
}

/// Looks again and again, and lets others have the processor in between.
fn wait(until: impl Fn() -> bool) {
    let began = now();
    while !until() {
        assert!(began.elapsed() < Duration::from_secs(5), "it does not come");
        yield_now();
    }
}
