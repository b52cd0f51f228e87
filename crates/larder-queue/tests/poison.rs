//! What is set aside, and what becomes of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use larder_queue::Poisoned;

use crate::rig::{Folder, Queue, Store, drain, put_all, until};

/// A store that refuses every key with a 7 in it while the switch is on.
async fn picky(folder: &Folder, store: &Store, refuses: &Arc<AtomicBool>) -> Queue {
    let refuses = refuses.clone();
    let sink = store.sink_that(move |_, batch| {
        let refused =
            batch.iter().filter(|write| write.key().contains('7') && refuses.load(Ordering::Relaxed));
        refused.for_each(|write| batch.refuse(write, "not a seven"));
        Ok(())
    });
    folder.queue().file_size(4_096).build(sink).await.unwrap()
}

#[tokio::test]
async fn poison_is_shown_until_it_is_retried_or_discarded_and_survives_a_restart() {
    let (folder, store, refuses) = (Folder::new(), Store::open(), Arc::new(AtomicBool::new(true)));
    let queue = picky(&folder, &store, &refuses).await;
    put_all(&queue, [7, 17, 27]).await;
    drain(&queue).await;
    let before = queue.poisoned();
    assert_eq!(before.iter().map(Poisoned::key).collect::<Vec<_>>(), ["key 7", "key 17", "key 27"]);
    drop(queue);

    let queue = picky(&folder, &store, &refuses).await;
    assert_eq!(queue.poisoned(), before);
    assert!(queue.pending("key 7").unwrap().is_none());
    refuses.store(false, Ordering::Relaxed);
    assert!(queue.retry(&before[0]).await.unwrap());
    assert!(queue.discard(&before[1]).await.unwrap());
    assert!(!queue.discard(&before[1]).await.unwrap() && !queue.retry(&before[1]).await.unwrap());
    drain(&queue).await;
    drop(queue);

    let queue = picky(&folder, &store, &refuses).await;
    assert_eq!(queue.poisoned(), before[2..]);
    assert_eq!((store.of("key 7").len(), store.of("key 17").len()), (2, 1));
    assert_eq!(queue.stats().pending, 0);
}

#[tokio::test]
async fn poison_stays_when_the_files_it_was_in_are_gone() {
    let (folder, store, refuses) = (Folder::new(), Store::open(), Arc::new(AtomicBool::new(true)));
    let queue = picky(&folder, &store, &refuses).await;
    put_all(&queue, [7]).await;
    until(|| queue.stats().poisoned == 1).await;
    let before = (queue.poisoned(), folder.files());
    for round in 0..15 {
        let puts = (0..20).map(|number| {
            let queue = queue.clone();
            let key = format!("{}-{}", "x".repeat(200), number % 5);
            tokio::spawn(async move { queue.put(&key, round).await })
        });
        for put in puts.collect::<Vec<_>>() {
            put.await.unwrap().unwrap();
        }
    }
    drain(&queue).await;
    assert!(!folder.files().contains(&before.1[0]), "{:?}", folder.files());
    drop(queue);
    let queue = picky(&folder, &store, &refuses).await;
    assert_eq!(queue.poisoned(), before.0);
}

#[tokio::test]
async fn a_newer_write_of_its_key_takes_the_place_of_a_poisoned_one() {
    let (folder, store, refuses) = (Folder::new(), Store::open(), Arc::new(AtomicBool::new(true)));
    let queue = picky(&folder, &store, &refuses).await;
    put_all(&queue, [7]).await;
    until(|| queue.stats().poisoned == 1).await;
    let poisoned = queue.poisoned();
    refuses.store(false, Ordering::Relaxed);
    queue.put("key 7", 8).await.unwrap();
    assert!(!queue.retry(&poisoned[0]).await.unwrap(), "an older write never comes after a newer one");
    drain(&queue).await;
    assert_eq!((store.of("key 7"), queue.stats().poisoned), (vec![7, 8], 0));
    drop(queue);
    let queue = picky(&folder, &store, &refuses).await;
    assert_eq!((queue.stats().pending, queue.stats().poisoned), (0, 0));
}
