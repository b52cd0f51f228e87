//! What the sink is given, when, and in which order.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use larder::{Clock, ErrorKind};
use larder_core::{Moment, TimeSource};
use tokio::time::Instant;

use crate::rig::{Folder, Store, drain, put_all};

#[tokio::test]
async fn what_is_put_is_given_to_the_sink_with_its_version() {
    let (folder, store) = (Folder::new(), Store::open());
    let queue = folder.queue().build(store.sink()).await.unwrap();
    let ada = queue.put("ada", 1).await.unwrap();
    let bob = queue.put("bob", 2).await.unwrap();
    assert!(ada < bob);
    drain(&queue).await;
    let writes: Vec<_> = store.calls().into_iter().flat_map(|call| call.writes).collect();
    assert_eq!(writes, [("ada".into(), 1, ada.get()), ("bob".into(), 2, bob.get())]);
    let stats = queue.stats();
    assert_eq!((stats.acknowledged, stats.written, stats.bytes, stats.oldest_pending), (2, 2, 0, None));
}

#[tokio::test]
async fn writes_of_one_key_become_one() {
    let (folder, store) = (Folder::new(), Store::shut());
    let queue = folder.queue().build(store.sink()).await.unwrap();
    queue.put("first", 0).await.unwrap();
    store.called(1).await;
    for value in 1..=5 {
        queue.put("ada", value).await.unwrap();
    }
    assert_eq!(queue.pending("ada").unwrap().map(|write| *write.value()), Some(5));
    assert_eq!(queue.stats().pending, 2);
    store.let_all_through();
    drain(&queue).await;
    assert_eq!(store.of("ada"), [5]);
    assert_eq!(queue.stats().coalesced, 4);
}

#[tokio::test]
async fn a_batch_has_the_oldest_writes_and_no_more_than_it_may() {
    let (folder, store) = (Folder::new(), Store::shut());
    let queue = folder.queue().batch(4).linger(Duration::ZERO).build(store.sink()).await.unwrap();
    put_all(&queue, 0..1).await;
    store.called(1).await;
    put_all(&queue, 1..11).await;
    store.let_all_through();
    drain(&queue).await;
    let values: Vec<Vec<u32>> =
        store.calls().iter().map(|call| call.writes.iter().map(|(_, value, _)| *value).collect()).collect();
    assert_eq!(values, [vec![0], vec![1, 2, 3, 4], vec![5, 6, 7, 8], vec![9, 10]]);
}

#[tokio::test]
async fn nothing_newer_overtakes_what_is_with_the_sink_and_nothing_older_comes_after_it() {
    let (folder, store) = (Folder::new(), Store::shut());
    let fails_first = store.sink_that(|call, _| if call == 0 { Err("away".into()) } else { Ok(()) });
    let queue = folder.queue().linger(Duration::ZERO).build(fails_first).await.unwrap();
    queue.put("ada", 1).await.unwrap();
    store.called(1).await;
    queue.put("ada", 2).await.unwrap();
    queue.put("bob", 3).await.unwrap();
    assert_eq!(store.calls().len(), 1);
    store.let_all_through();
    drain(&queue).await;
    assert_eq!((store.of("ada"), store.of("bob")), (vec![1, 2], vec![3]));
    assert_eq!(queue.stats().coalesced, 1);
}

#[tokio::test(start_paused = true)]
async fn a_batch_that_is_not_full_lingers() {
    let (folder, store) = (Folder::new(), Store::open());
    let linger = Duration::from_secs(100);
    let queue = folder.queue().batch(2).linger(linger).build(store.sink()).await.unwrap();
    put_all(&queue, 0..1).await;
    let began = Instant::now();
    store.called(1).await;
    let waited = store.calls()[0].at - began;
    assert!((linger / 2..=linger).contains(&waited), "{waited:?}");
}

/// One that a test turns.
#[derive(Clone, Debug, Default)]
struct Wall(Arc<AtomicU64>);

impl TimeSource for Wall {
    fn now(&self) -> Moment {
        Moment::ORIGIN
    }

    fn unix_millis(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

#[tokio::test]
async fn versions_are_of_the_wall_clock_and_grow_though_it_goes_back() {
    let (folder, store, wall) = (Folder::new(), Store::open(), Wall::default());
    let build = || folder.queue().clock(Clock::custom(wall.clone())).build(store.sink());
    wall.0.store(2_000, Ordering::Relaxed);
    let queue = build().await.unwrap();
    assert_eq!(queue.put("ada", 1).await.unwrap().get(), 2_000_000);
    assert_eq!(queue.put("ada", 2).await.unwrap().get(), 2_000_001);
    wall.0.store(1_000, Ordering::Relaxed);
    assert_eq!(queue.put("ada", 3).await.unwrap().get(), 2_000_002);
    drain(&queue).await;
    drop(queue);
    // Twice, for then no file is left in which one of them is.
    for _ in 0..2 {
        let queue = build().await.unwrap();
        drain(&queue).await;
    }
    let queue = build().await.unwrap();
    assert_eq!(queue.put("ada", 4).await.unwrap().get(), 2_000_003);
    let too_long = "x".repeat(5_000);
    assert_eq!(queue.put(&*too_long, 5).await.unwrap_err().kind(), ErrorKind::TooLarge);
}
