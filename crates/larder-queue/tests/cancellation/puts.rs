//! Puts: a write is queued, or it is not.

use std::time::Duration;

use larder::{Cache, ErrorKind, Larder, Result, Version};
use larder_queue::Durability;

use super::moments::{Moment, poll_until};
use super::stage::{LONG, builder, check_once, check_order, close, reopen_and_drain};
use crate::rig::{Builder, Folder, Queue, Store};

/// The keys of which a put is dropped: after the one comes a newer put, after the other none.
const DROPPED: [&str; 2] = ["ada", "bob"];

/// How it is put.
#[derive(Clone, Copy, Debug)]
enum How {
    Put,
    TryPut,
}

impl How {
    async fn put(self, queue: &Queue, key: &str, value: u32) -> Result<Version> {
        match self {
            Self::Put => queue.put(key, value).await,
            Self::TryPut => queue.try_put(key, value).await,
        }
    }
}

struct Stage {
    folder: Folder,
    store: Store,
    queue: Queue,
    how: How,
    context: String,
}

impl Stage {
    /// A first write of both keys is acknowledged.
    async fn set(how: How, store: Store, failures: usize, setting: impl FnOnce(Builder) -> Builder) -> Self {
        let folder = Folder::new();
        let sink = store.sink_that(move |call, _| if call < failures { Err("away".into()) } else { Ok(()) });
        let queue = setting(builder(&folder)).build(sink).await.unwrap();
        for key in DROPPED {
            queue.put(key, 1).await.unwrap();
        }
        Self { folder, store, queue, how, context: String::new() }
    }

    /// Drops a second put of each key. Returns whether the second has been queued, if that is known, and whether both have
    /// ended.
    async fn drop_puts(&mut self, moment: Moment, polls: usize) -> ([Option<bool>; 2], bool) {
        self.context = format!("{:?} dropped {moment:?} after {polls} polls", self.how);
        let mut ended = [None; 2];
        for (key, ended) in DROPPED.into_iter().zip(&mut ended) {
            let put = poll_until(moment, self.how.put(&self.queue, key, 2), polls).await;
            *ended = put.map(|put| match put {
                Ok(_) => true,
                Err(full) if full.kind() == ErrorKind::Overloaded => false,
                Err(error) => panic!("{}: {error}", self.context),
            });
        }
        (ended, ended.iter().all(Option::is_some))
    }

    /// The queue goes on, and what was accepted is written.
    async fn check(self, ended: [Option<bool>; 2], is_once: bool) {
        let Self { folder, store, queue, context, .. } = self;
        queue.put("ada", 3).await.unwrap();
        queue.put("eve", 4).await.unwrap();
        // It may have been shut up to now, and then all that follows comes while the queue is shut down.
        store.let_all_through();
        let left = close(&queue, &context).await;
        assert_eq!((left.pending, left.bytes), (0, 0), "{context}");
        drop(queue);
        check_written(&store, ended[1], is_once, &context);
        let calls = store.calls().len();
        reopen_and_drain(&folder, &store, &context).await;
        assert_eq!(store.calls().len(), calls, "{context}: it was written already");
    }
}

fn check_written(store: &Store, is_queued: Option<bool>, is_once: bool, context: &str) {
    let check = if is_once { check_once } else { check_order };
    let last: &[u32] = match is_queued {
        Some(true) => &[2],
        Some(false) => &[1],
        None => &[1, 2],
    };
    check(store, "bob", last, context);
    check(store, "ada", &[3], context);
    check(store, "eve", &[4], context);
}

async fn check_in_a_queue_with_room(how: How, moment: Moment, polls: usize) -> bool {
    let mut stage = Stage::set(how, Store::open(), 0, |builder| builder).await;
    let (ended, has_ended) = stage.drop_puts(moment, polls).await;
    assert!(!ended.contains(&Some(false)), "{}: there is room", stage.context);
    stage.check(ended, true).await;
    has_ended
}

pub(super) async fn check_put(moment: Moment, polls: usize) -> bool {
    check_in_a_queue_with_room(How::Put, moment, polls).await
}

pub(super) async fn check_try_put(moment: Moment, polls: usize) -> bool {
    check_in_a_queue_with_room(How::TryPut, moment, polls).await
}

pub(super) async fn check_put_within(moment: Moment, polls: usize) -> bool {
    let within = |builder: Builder| builder.durability(Durability::Within(Duration::from_millis(5)));
    let mut stage = Stage::set(How::Put, Store::open(), 0, within).await;
    let (ended, has_ended) = stage.drop_puts(moment, polls).await;
    stage.check(ended, true).await;
    has_ended
}

/// Nothing is written but what fits, until somebody makes room.
async fn check_in_a_full_queue(how: How, moment: Moment, polls: usize) -> bool {
    let store = Store::shut();
    let mut stage = Stage::set(how, store.clone(), 0, |builder| builder.capacity(2)).await;
    store.called(1).await;
    let ended = match how {
        // While the first one waits, it is let through.
        How::Put => {
            let opening = tokio::spawn(async move { store.let_all_through() });
            let ended = stage.drop_puts(moment, polls).await;
            opening.await.unwrap();
            ended
        }
        How::TryPut => {
            let ended = stage.drop_puts(moment, polls).await;
            store.let_all_through();
            ended
        }
    };
    stage.check(ended.0, true).await;
    ended.1
}

pub(super) async fn check_put_into_a_full_queue(moment: Moment, polls: usize) -> bool {
    check_in_a_full_queue(How::Put, moment, polls).await
}

pub(super) async fn check_try_put_into_a_full_queue(moment: Moment, polls: usize) -> bool {
    check_in_a_full_queue(How::TryPut, moment, polls).await
}

/// What failed is given to it again.
pub(super) async fn check_put_for_a_sink_that_fails(moment: Moment, polls: usize) -> bool {
    let mut stage = Stage::set(How::Put, Store::open(), 3, |builder| builder).await;
    let (ended, has_ended) = stage.drop_puts(moment, polls).await;
    stage.check(ended, false).await;
    has_ended
}

async fn cache() -> Cache<String, u32> {
    let larder = Larder::builder("test.shop").embedded().build().await.unwrap();
    larder.cache("stock").build().unwrap()
}

/// Whatever the dropped put has told the cache, in the end it has what the store has.
pub(super) async fn check_put_through(moment: Moment, polls: usize) -> bool {
    let (cache, store) = (cache().await, Store::shut());
    let mut stage = Stage::set(How::Put, store.clone(), 0, |builder| builder.through(cache.clone())).await;
    let (ended, has_ended) = stage.drop_puts(moment, polls).await;
    let context = stage.context.clone();
    stage.check(ended, true).await;
    for key in DROPPED {
        let cached = cache.get(key).await.unwrap().map(|hit| *hit);
        assert_eq!(cached.as_ref(), store.rows().get(key), "{context}: {key}");
    }
    has_ended
}

/// The sink takes nothing before the queue is opened again.
pub(super) async fn check_put_and_reopen(moment: Moment, polls: usize) -> bool {
    let store = Store::shut();
    let within = |builder: Builder| builder.durability(Durability::Within(LONG));
    let mut stage = Stage::set(How::Put, store.clone(), 0, within).await;
    let (ended, has_ended) = stage.drop_puts(moment, polls).await;
    let Stage { folder, queue, context, .. } = stage;
    queue.put("ada", 3).await.unwrap();
    queue.put("eve", 4).await.unwrap();
    drop(queue);
    reopen_and_drain(&folder, &store, &context).await;
    check_written(&store, ended[1], false, &context);
    has_ended
}
