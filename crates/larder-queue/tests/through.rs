//! A cache in front of it all.

use larder::{Cache, Larder};

use crate::rig::{Folder, Queue, Store, drain, until};

async fn cache() -> Cache<String, u32> {
    let larder = Larder::builder("test.shop").embedded().build().await.unwrap();
    larder.cache("stock").build().unwrap()
}

async fn read(cache: &Cache<String, u32>) -> Option<u32> {
    cache.get("ada").await.unwrap().map(|hit| *hit)
}

#[tokio::test]
async fn what_was_put_is_read_from_the_cache_before_the_sink_has_it() {
    let (folder, store, cache) = (Folder::new(), Store::shut(), cache().await);
    let queue = folder.queue().through(cache.clone()).build(store.sink()).await.unwrap();
    let version = queue.put("ada", 1).await.unwrap();
    let hit = cache.get("ada").await.unwrap().unwrap();
    assert_eq!((*hit, hit.version()), (1, version));
    assert_eq!(queue.stats().written, 0);
}

#[tokio::test]
async fn what_was_loaded_too_early_is_corrected_when_the_sink_has_the_write() {
    let (folder, store, cache) = (Folder::new(), Store::shut(), cache().await);
    let queue = folder.queue().through(cache.clone()).build(store.sink()).await.unwrap();
    queue.put("ada", 2).await.unwrap();
    let _receipt = cache.invalidate("ada").await.unwrap();
    let old = cache.get_or_load("ada", |_| async { Ok::<_, std::io::Error>(1) }).await.unwrap();
    assert_eq!((*old, read(&cache).await), (1, Some(1)));
    store.let_all_through();
    drain_through(&queue, &cache, Some(2)).await;
}

#[tokio::test]
async fn what_is_set_aside_is_gone_from_the_cache() {
    let (folder, store, cache) = (Folder::new(), Store::shut(), cache().await);
    let sink = store.sink_that(|_, batch| {
        batch.iter().for_each(|write| batch.refuse(write, "no"));
        Ok(())
    });
    let queue = folder.queue().through(cache.clone()).build(sink).await.unwrap();
    queue.put("ada", 1).await.unwrap();
    assert_eq!(read(&cache).await, Some(1));
    store.let_all_through();
    drain_through(&queue, &cache, None).await;
    assert_eq!(queue.stats().poisoned, 1);
}

/// Whoever waits for the last write to be over may come before whoever tells the cache of it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_sink_has_written_is_in_the_cache_however_soon_the_queue_is_shut_down() {
    for round in 0..300 {
        let (folder, store, cache) = (Folder::new(), Store::shut(), cache().await);
        let queue = folder.queue().through(cache.clone()).build(store.sink()).await.unwrap();
        queue.put("ada", 2).await.unwrap();
        let _receipt = cache.invalidate("ada").await.unwrap();
        let old = cache.get_or_load("ada", |_| async { Ok::<_, std::io::Error>(1) }).await.unwrap();
        assert_eq!(*old, 1);
        store.let_all_through();
        drain(&queue).await;
        assert_eq!(read(&cache).await, Some(2), "round {round}");
    }
}

/// The cache is told after the queue has settled.
async fn drain_through(queue: &Queue, cache: &Cache<String, u32>, expected: Option<u32>) {
    until(|| queue.stats().pending == 0).await;
    let clock = larder::Clock::coarse();
    let began = clock.now();
    while read(cache).await != expected {
        assert!(clock.now().since(began) < crate::rig::PATIENCE, "the cache is not told");
        tokio::task::yield_now().await;
    }
    drain(queue).await;
}
