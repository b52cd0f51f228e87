//! What was set aside, and is retried or discarded.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use larder::Result;
use larder_queue::Poisoned;

use super::moments::{Moment, poll_until};
use super::stage::{builder, check_once, close, reopen_and_drain};
use crate::rig::{Folder, Queue, Store, until};

/// What becomes of a poisoned write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Retried,
    Discarded,
}

impl Fate {
    async fn bring(self, queue: &Queue, poisoned: &Poisoned) -> Result<bool> {
        match self {
            Self::Retried => queue.retry(poisoned).await,
            Self::Discarded => queue.discard(poisoned).await,
        }
    }

    /// What the store was given of it in the end: it refused it once.
    fn given(self) -> &'static [u32] {
        match self {
            Self::Retried => &[7, 7],
            Self::Discarded => &[7],
        }
    }
}

/// A queue in which `key 7` is poisoned, and whose store would take it now.
async fn poisoned(folder: &Folder, store: &Store) -> (Queue, Poisoned) {
    let refuses = Arc::new(AtomicBool::new(true));
    let switch = refuses.clone();
    let sink = store.sink_that(move |_, batch| {
        let refused = batch.iter().filter(|_| refuses.load(Ordering::Relaxed));
        refused.for_each(|write| batch.refuse(write, "not now"));
        Ok(())
    });
    let queue = builder(folder).build(sink).await.unwrap();
    store.let_through(1);
    queue.put("key 7", 7).await.unwrap();
    until(|| queue.stats().poisoned == 1).await;
    switch.store(false, Ordering::Relaxed);
    let poisoned = queue.poisoned().remove(0);
    (queue, poisoned)
}

/// Whatever has become of it can be made good by doing it once more.
async fn check_twice(fate: Fate, moment: Moment, polls: usize) -> bool {
    let context = format!("{fate:?}, dropped {moment:?} after {polls} polls");
    let (folder, store) = (Folder::new(), Store::shut());
    let (queue, poisoned) = poisoned(&folder, &store).await;
    let ended = poll_until(moment, fate.bring(&queue, &poisoned), polls).await.map(Result::unwrap);
    let is_left = !queue.poisoned().is_empty();
    assert!(ended.is_none_or(|was_there| was_there && !is_left), "{context}");
    assert_eq!(fate.bring(&queue, &poisoned).await.unwrap(), is_left, "{context}");
    queue.put("eve", 4).await.unwrap();
    store.let_all_through();
    let left = close(&queue, &context).await;
    assert_eq!((left.pending, left.poisoned, left.bytes), (0, 0, 0), "{context}");
    drop(queue);
    reopen_and_drain(&folder, &store, &context).await;
    assert_eq!(store.of("key 7"), fate.given(), "{context}");
    check_once(&store, "eve", &[4], &context);
    ended.is_some()
}

/// Whatever has become of it is so when the queue is opened again. The store takes nothing before that.
async fn check_reopened(fate: Fate, moment: Moment, polls: usize) -> bool {
    let context = format!("{fate:?}, dropped {moment:?} after {polls} polls");
    let (folder, store) = (Folder::new(), Store::shut());
    let (queue, poisoned) = poisoned(&folder, &store).await;
    let ended = poll_until(moment, fate.bring(&queue, &poisoned), polls).await.map(Result::unwrap).is_some();
    let is_left = !queue.poisoned().is_empty();
    queue.put("eve", 4).await.unwrap();
    drop(queue);

    let queue = builder(&folder).build(store.sink()).await.unwrap();
    let stats = queue.stats();
    let pending = if fate == Fate::Retried && !is_left { 2 } else { 1 };
    assert_eq!((stats.pending, stats.poisoned), (pending, usize::from(is_left)), "{context}");
    if is_left {
        assert!(fate.bring(&queue, &poisoned).await.unwrap(), "{context}");
    }
    store.let_all_through();
    close(&queue, &context).await;
    drop(queue);
    reopen_and_drain(&folder, &store, &context).await;
    let given = store.of("key 7");
    assert!(given.len() >= fate.given().len() && (fate == Fate::Retried || given.len() == 1), "{context}");
    ended
}

pub(super) async fn check_retry(moment: Moment, polls: usize) -> bool {
    check_twice(Fate::Retried, moment, polls).await
}

pub(super) async fn check_retry_and_reopen(moment: Moment, polls: usize) -> bool {
    check_reopened(Fate::Retried, moment, polls).await
}

pub(super) async fn check_discard(moment: Moment, polls: usize) -> bool {
    check_twice(Fate::Discarded, moment, polls).await
}

pub(super) async fn check_discard_and_reopen(moment: Moment, polls: usize) -> bool {
    check_reopened(Fate::Discarded, moment, polls).await
}
