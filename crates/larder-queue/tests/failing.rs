//! Sinks that fail.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use larder_queue::Batch;

use crate::rig::{Folder, Store, drain, put_all};

/// Whether a batch has that key.
fn holds(batch: &Batch<String, u32>, key: &str) -> bool {
    batch.iter().any(|write| write.key() == key)
}

#[tokio::test(start_paused = true)]
async fn a_sink_that_is_away_is_tried_again_after_waits_that_grow() {
    let (folder, store) = (Folder::new(), Store::open());
    let sink = store.sink_that(|call, _| if call < 8 { Err("away".into()) } else { Ok(()) });
    let (first, longest) = (Duration::from_secs(1), Duration::from_secs(32));
    let queue = folder.queue().back_off(first, longest).attempts(3).build(sink).await.unwrap();
    put_all(&queue, 0..1).await;
    drain(&queue).await;
    let times: Vec<_> = store.calls().iter().map(|call| call.at).collect();
    assert_eq!(times.len(), 9);
    for (failures, pair) in times.windows(2).enumerate() {
        let whole = (first * 2_u32.pow(failures.try_into().unwrap())).min(longest);
        let waited = pair[1] - pair[0];
        let slack = Duration::from_millis(50);
        assert!((whole / 2..=whole + slack).contains(&waited), "after {} failures: {waited:?}", failures + 1);
    }
    assert_eq!((queue.stats().retries, queue.stats().poisoned), (8, 0));
}

#[tokio::test(start_paused = true)]
async fn an_outage_poisons_nothing_and_is_not_hammered() {
    let (folder, store) = (Folder::new(), Store::open());
    folder.fill(0..20).await;
    let sink = store.sink_that(|call, _| if call < 50 { Err("away".into()) } else { Ok(()) });
    let queue = folder.queue().attempts(1).linger(Duration::ZERO).build(sink).await.unwrap();
    drain(&queue).await;
    assert_eq!(queue.stats().poisoned, 0);
    assert_eq!(store.rows().len(), 20);
    let calls = store.calls();
    let outage = calls[50].at - calls[0].at;
    assert!(outage > Duration::from_secs(15 * 30), "50 calls in {outage:?}");
}

#[tokio::test(start_paused = true)]
async fn one_write_that_fails_its_batch_stops_no_other() {
    let (folder, store) = (Folder::new(), Store::open());
    folder.fill(0..100).await;
    let sink = store.sink_that(|_, batch| if holds(batch, "key 13") { Err("no".into()) } else { Ok(()) });
    let queue = folder.queue().attempts(3).build(sink).await.unwrap();
    drain(&queue).await;
    let poisoned = queue.poisoned();
    assert_eq!(poisoned.len(), 1);
    assert_eq!((poisoned[0].key(), poisoned[0].reason(), poisoned[0].attempts()), ("key 13", "no", 3));
    assert!(!poisoned[0].is_unreadable() && poisoned[0].since_unix_millis() > 1_700_000_000_000);
    assert_eq!((queue.stats().written, store.rows().len()), (99, 100));
    let alone = store.calls().iter().filter(|call| call.writes.len() == 1 && call.writes[0].1 == 13).count();
    assert_eq!(alone, 3, "it fails no others once it is found");
}

#[tokio::test(start_paused = true)]
async fn what_a_sink_wants_again_is_tried_again_and_in_the_end_set_aside() {
    let (folder, store) = (Folder::new(), Store::open());
    folder.fill(0..4).await;
    let inner = store.clone();
    let sink = store.sink_that(move |_, batch| {
        for write in batch {
            match write.key().as_str() {
                "key 1" if inner.of("key 1").len() < 3 => batch.retry(write, "busy"),
                "key 2" => batch.retry(write, "busy for ever"),
                _ => {}
            }
        }
        Ok(())
    });
    let queue = folder.queue().attempts(4).build(sink).await.unwrap();
    drain(&queue).await;
    let tries = |key| store.of(key).len();
    assert_eq!((tries("key 0"), tries("key 2"), tries("key 3")), (1, 4, 1));
    assert_eq!(tries("key 1"), 3);
    let poisoned = queue.poisoned();
    assert_eq!(poisoned.len(), 1);
    assert_eq!((poisoned[0].key(), poisoned[0].reason()), ("key 2", "busy for ever"));
}

#[tokio::test]
async fn what_is_refused_is_set_aside_at_once() {
    let (folder, store) = (Folder::new(), Store::shut());
    let sink = store.sink_that(|_, batch| {
        batch.iter().filter(|write| write.key() == "key 1").for_each(|write| batch.refuse(write, "never"));
        Ok(())
    });
    let queue = folder.queue().build(sink).await.unwrap();
    put_all(&queue, 0..3).await;
    store.let_all_through();
    drain(&queue).await;
    assert_eq!(store.of("key 1"), [1]);
    assert_eq!(queue.stats().written, 2);
    assert_eq!(queue.poisoned()[0].to_string(), {
        let version = queue.poisoned()[0].version().get();
        format!("key 1, version {version}, after 1 attempts: never")
    });
}

#[tokio::test(start_paused = true)]
async fn what_was_done_before_an_error_is_not_written_again() {
    let (folder, store) = (Folder::new(), Store::open());
    folder.fill(0..4).await;
    let sink = store.sink_that(|call, batch| {
        if call > 0 {
            return Ok(());
        }
        batch.iter().filter(|write| *write.value() < 2).for_each(|write| batch.done(write));
        Err("the connection broke".into())
    });
    let queue = folder.queue().build(sink).await.unwrap();
    drain(&queue).await;
    let tries: Vec<usize> = (0..4).map(|key| store.of(&format!("key {key}")).len()).collect();
    assert_eq!(tries, [1, 1, 2, 2]);
}

#[tokio::test(start_paused = true)]
async fn a_sink_that_panics_or_does_not_end_has_failed() {
    let (folder, store) = (Folder::new(), Store::open());
    let (inner, count) = (store.clone(), AtomicU32::new(0));
    let sink = move |batch: Batch<String, u32>| {
        let call = count.fetch_add(1, Ordering::Relaxed);
        assert!(call != 0, "before there is a future");
        let sink = inner.sink();
        async move {
            sink(batch).await?;
            match call {
                1 => panic!("in the future"),
                2 => std::future::pending::<Result<(), String>>().await,
                _ => Ok(()),
            }
        }
    };
    let queue = folder.queue().sink_deadline(Duration::from_secs(7)).build(sink).await.unwrap();
    put_all(&queue, 0..1).await;
    drain(&queue).await;
    let calls = store.calls();
    assert_eq!((calls.len(), queue.stats().written, queue.stats().retries), (3, 1, 3));
    let waited = calls[2].at - calls[1].at;
    assert!((Duration::from_secs(7)..Duration::from_secs(14)).contains(&waited), "{waited:?}");
}
