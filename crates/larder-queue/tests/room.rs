//! Queues that are full.

use std::time::Duration;

use larder::ErrorKind;
use tokio::time::Instant;

use crate::rig::{Folder, Store, drain, put_all, until};

#[tokio::test(start_paused = true)]
async fn a_full_queue_refuses_at_once_or_when_the_wait_is_over() {
    let (folder, store) = (Folder::new(), Store::shut());
    let wait = Duration::from_secs(3);
    let queue = folder.queue().capacity(2).wait_for_room(wait).build(store.sink()).await.unwrap();
    put_all(&queue, 0..2).await;
    let began = Instant::now();
    let refused = queue.try_put("key 2", 2).await.unwrap_err();
    assert_eq!((refused.kind(), began.elapsed()), (ErrorKind::Overloaded, Duration::ZERO));
    assert!(refused.to_string().starts_with("the queue is full (entries: 2, bytes: "), "{refused}");
    let refused = queue.put("key 2", 2).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Overloaded);
    assert!((wait..2 * wait).contains(&began.elapsed()));
    assert_eq!((queue.stats().refused, queue.stats().pending), (2, 2));
    store.let_all_through();
    drain(&queue).await;
    assert_eq!(store.rows().len(), 2);
}

#[tokio::test]
async fn a_put_that_waits_gets_the_room_that_comes() {
    let (folder, store) = (Folder::new(), Store::shut());
    let queue = folder.queue().capacity(1).build(store.sink()).await.unwrap();
    put_all(&queue, 0..1).await;
    let waiting = tokio::spawn({
        let queue = queue.clone();
        async move { queue.put("key 1", 1).await }
    });
    store.called(1).await;
    assert!(!waiting.is_finished());
    store.let_all_through();
    waiting.await.unwrap().unwrap();
    drain(&queue).await;
    assert_eq!(store.rows().len(), 2);
}

#[tokio::test]
async fn bytes_are_bounded_and_what_never_fits_is_told_apart() {
    let (folder, store) = (Folder::new(), Store::shut());
    let queue = folder.queue().capacity_in_bytes(2_000).build(store.sink()).await.unwrap();
    let mut puts = 0;
    while queue.try_put(&*format!("key {puts}"), 1).await.is_ok() {
        puts += 1;
    }
    let bytes = queue.stats().bytes;
    assert!((1..=7).contains(&puts) && (1_000..=2_000).contains(&bytes), "{puts} writes in {bytes} bytes");
    let error = queue.put(&*"k".repeat(4_000), 1).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge);
    assert!(error.to_string().contains("limit: 2000"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_who_put_at_once_never_overfill_it() {
    let (folder, store) = (Folder::new(), Store::open());
    let queue = folder.queue().capacity(8).linger(Duration::ZERO).build(store.sink()).await.unwrap();
    let puts: Vec<_> = (0..64_u32)
        .map(|number| {
            let queue = queue.clone();
            tokio::spawn(async move { queue.put(&*format!("key {number}"), number).await })
        })
        .collect();
    let mut most = 0;
    until(|| {
        let stats = queue.stats();
        most = most.max(stats.pending);
        stats.written == 64
    })
    .await;
    for put in puts {
        put.await.unwrap().unwrap();
    }
    assert!(most <= 8, "{most}");
    assert_eq!(store.rows().len(), 64);
    assert!(queue.stats().syncs < 64, "those who put together share a sync");
}
