//! A queue, what was accepted by it, and what must be true in the end.

use std::time::Duration;

use larder_queue::Stats;
use tokio::time::timeout;

use crate::rig::{Builder, Folder, PATIENCE, Queue, Store};

/// Longer than anybody waits here.
pub(super) const LONG: Duration = Duration::from_secs(3_600);

/// It does not linger, and asks a sink that failed again at once.
pub(super) fn builder(folder: &Folder) -> Builder {
    folder.queue().linger(Duration::ZERO).back_off(Duration::from_millis(1), Duration::from_millis(2))
}

/// Shuts a queue down that must neither lose what it has nor wait for what will never be.
pub(super) async fn close(queue: &Queue, context: &str) -> Stats {
    let closing = timeout(PATIENCE, queue.shut_down(LONG));
    closing.await.unwrap_or_else(|_| panic!("{context}: it hangs")).unwrap()
}

/// Opens it again, writes all that is left, and shows that this was all.
pub(super) async fn reopen_and_drain(folder: &Folder, store: &Store, context: &str) {
    let queue = builder(folder).build(store.sink()).await.unwrap();
    store.let_all_through();
    assert_eq!(close(&queue, context).await.pending, 0, "{context}");
    drop(queue);
    let before = store.calls().len();
    let queue = builder(folder).build(store.sink()).await.unwrap();
    assert_eq!((queue.stats().pending, queue.stats().poisoned), (0, 0), "{context}");
    close(&queue, context).await;
    assert_eq!(store.calls().len(), before, "{context}: it was written already");
}

/// That what the store was given of a key never goes back, and ends with one of these.
pub(super) fn check_order(store: &Store, key: &str, last: &[u32], context: &str) {
    let given = store.of(key);
    assert!(given.is_sorted(), "{context}: {key} {given:?}");
    assert!(given.last().is_some_and(|given| last.contains(given)), "{context}: {key} {given:?}");
}

/// The same, and that nothing was given to it twice.
pub(super) fn check_once(store: &Store, key: &str, last: &[u32], context: &str) {
    check_order(store, key, last, context);
    let given = store.of(key);
    assert!(given.is_sorted_by(|one, next| one < next), "{context}: {key} {given:?}");
}
