//! Shutdowns that nobody waits for: nothing more is taken, and nothing is lost.

use std::time::Duration;

use larder::ErrorKind;

use super::moments::{Moment, poll_until};
use super::stage::{LONG, builder, check_order, close, reopen_and_drain};
use crate::rig::{Folder, Queue, Store, put_all};

/// More than one batch.
const KEYS: u32 = 5;

struct Stage {
    folder: Folder,
    store: Store,
    queue: Queue,
    context: String,
}

impl Stage {
    /// A queue whose store has taken nothing yet.
    async fn set(context: String) -> Self {
        let (folder, store) = (Folder::new(), Store::shut());
        let queue = builder(&folder).batch(2).build(store.sink()).await.unwrap();
        put_all(&queue, 0..KEYS).await;
        store.called(1).await;
        Self { folder, store, queue, context }
    }

    async fn check_closed(&self, polls: usize) {
        let put = self.queue.try_put("eve", 4).await;
        let expected = (polls > 0).then_some(ErrorKind::Closed);
        assert_eq!(put.err().map(|error| error.kind()), expected, "{}", self.context);
    }

    /// Whoever opens the queue next writes what is left.
    async fn check_reopened(self) {
        let Self { folder, store, queue, context } = self;
        drop(queue);
        reopen_and_drain(&folder, &store, &context).await;
        for key in 0..KEYS {
            check_order(&store, &format!("key {key}"), &[key], &context);
        }
    }
}

/// That it can be shut down once more, with patience that must not be needed.
async fn check_shut_down(grace: Duration, moment: Moment, polls: usize) -> bool {
    let stage = Stage::set(format!("within {grace:?}, dropped {moment:?} after {polls} polls")).await;
    // What is in haste finds the store shut.
    let store = (grace == LONG).then(|| stage.store.clone());
    let opening = tokio::spawn(async move { store.iter().for_each(Store::let_all_through) });
    let has_ended =
        poll_until(moment, stage.queue.shut_down(grace), polls).await.map(Result::unwrap).is_some();
    stage.check_closed(polls).await;
    opening.await.unwrap();
    stage.store.let_all_through();
    let left = close(&stage.queue, &stage.context).await;
    assert!(left.pending == 0 || grace != LONG, "{}: {left:?}", stage.context);
    let more = u64::from(polls == 0);
    assert_eq!(left.pending as u64 + left.written, u64::from(KEYS) + more, "{}", stage.context);
    stage.check_reopened().await;
    has_ended
}

pub(super) async fn check_patient(moment: Moment, polls: usize) -> bool {
    check_shut_down(LONG, moment, polls).await
}

pub(super) async fn check_hasty(moment: Moment, polls: usize) -> bool {
    check_shut_down(Duration::ZERO, moment, polls).await
}

pub(super) async fn check_let_go(moment: Moment, polls: usize) -> bool {
    let stage = Stage::set(format!("dropped with its queue {moment:?} after {polls} polls")).await;
    let has_ended =
        poll_until(moment, stage.queue.shut_down(Duration::ZERO), polls).await.map(Result::unwrap).is_some();
    stage.check_reopened().await;
    has_ended
}
