//! A folder, and a store that notes what it is given, and does what it is told.

use std::collections::HashMap;
use std::fs;
use std::future::Future;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use larder_queue::{Batch, WriteBehind, WriteBehindBuilder};
use tokio::sync::{Notify, Semaphore};
use tokio::time::Instant;

/// A queue of the usual kind.
pub(crate) type Queue = WriteBehind<String, u32>;
pub(crate) type Builder = WriteBehindBuilder<String, u32>;

/// Long enough for anything that does end.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A folder that is removed in the end.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        Self(std::env::temp_dir().join(format!("larder-queue-test-{}-{number}", std::process::id())))
    }

    pub(crate) fn queue(&self) -> Builder {
        WriteBehind::open(&self.0)
    }

    /// Puts keys there for a sink that comes later. A sink that is to be found out about must not wait at a gate where time is
    /// paused: its deadline would pass meanwhile.
    pub(crate) async fn fill(&self, keys: Range<u32>) {
        let away = |_| std::future::pending::<Result<(), String>>();
        let queue = self.queue().build(away).await.unwrap();
        put_all(&queue, keys).await;
        queue.shut_down(Duration::ZERO).await.unwrap();
    }

    /// The files of the log, in order.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(&self.0).unwrap();
        let paths = entries.map(|entry| entry.unwrap().path());
        let mut files: Vec<PathBuf> = paths.filter(|path| path.extension().is_some()).collect();
        files.sort();
        files
    }
}

impl AsRef<Path> for Folder {
    fn as_ref(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _gone = fs::remove_dir_all(&self.0);
    }
}

/// What a store was given at once, and when.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) at: Instant,
    /// Keys, values, versions.
    pub(crate) writes: Vec<(String, u32, u64)>,
}

#[derive(Clone)]
pub(crate) struct Store {
    calls: Arc<Mutex<Vec<Call>>>,
    /// One permit lets one call end.
    gate: Arc<Semaphore>,
    called: Arc<Notify>,
}

type Outcome = Result<(), String>;

impl Store {
    /// One whose calls end at once.
    pub(crate) fn open() -> Self {
        Self { gate: Arc::new(Semaphore::new(1 << 20)), calls: Arc::default(), called: Arc::default() }
    }

    /// One whose calls end when they are let.
    pub(crate) fn shut() -> Self {
        Self { gate: Arc::new(Semaphore::new(0)), calls: Arc::default(), called: Arc::default() }
    }

    pub(crate) fn let_through(&self, calls: usize) {
        self.gate.add_permits(calls);
    }

    pub(crate) fn let_all_through(&self) {
        self.let_through(1 << 20);
    }

    /// Takes everything.
    pub(crate) fn sink(&self) -> impl Fn(Batch<String, u32>) -> Reply + Send + Sync + use<> {
        self.sink_that(|_, _| Ok(()))
    }

    /// Does with a batch what it is told, by the number of the call and the batch.
    pub(crate) fn sink_that<A>(
        &self,
        answer: A,
    ) -> impl Fn(Batch<String, u32>) -> Reply + Send + Sync + use<A>
    where
        A: Fn(usize, &Batch<String, u32>) -> Outcome + Send + Sync + 'static,
    {
        let (store, answer) = (self.clone(), Arc::new(answer));
        move |batch| {
            let (store, answer) = (store.clone(), answer.clone());
            Box::pin(async move {
                let number = store.note(&batch);
                store.gate.acquire().await.unwrap().forget();
                answer(number, &batch)
            })
        }
    }

    fn note(&self, batch: &Batch<String, u32>) -> usize {
        let write = |write: &larder_queue::Write<String, u32>| {
            (write.key().clone(), *write.value(), write.version().get())
        };
        let mut calls = self.locked();
        calls.push(Call { at: Instant::now(), writes: batch.iter().map(write).collect() });
        self.called.notify_one();
        calls.len() - 1
    }

    pub(crate) fn calls(&self) -> Vec<Call> {
        self.locked().clone()
    }

    /// What was written of each key, in order.
    pub(crate) fn of(&self, key: &str) -> Vec<u32> {
        let calls = self.calls();
        let writes = calls.iter().flat_map(|call| &call.writes);
        writes.filter(|(of, ..)| of == key).map(|(_, value, _)| *value).collect()
    }

    /// The last value of each key.
    pub(crate) fn rows(&self) -> HashMap<String, u32> {
        let calls = self.calls();
        calls.iter().flat_map(|call| &call.writes).map(|(key, value, _)| (key.clone(), *value)).collect()
    }

    /// Waits until it has been called so often.
    pub(crate) async fn called(&self, times: usize) {
        loop {
            let called = self.called.notified();
            if self.locked().len() >= times {
                return;
            }
            called.await;
        }
    }

    fn locked(&self) -> MutexGuard<'_, Vec<Call>> {
        self.calls.lock().unwrap()
    }
}

pub(crate) type Reply = std::pin::Pin<Box<dyn Future<Output = Outcome> + Send>>;

/// Waits for something, and fails if it does not come. By the real clock, for a thread takes part.
pub(crate) async fn until(mut condition: impl FnMut() -> bool) {
    let clock = larder::Clock::coarse();
    let began = clock.now();
    while !condition() {
        assert!(clock.now().since(began) < PATIENCE, "it does not come");
        tokio::task::spawn_blocking(|| std::thread::sleep(Duration::from_millis(1))).await.unwrap();
    }
}

/// Waits until all is written, and closes the queue. Where time is paused, it goes by as fast as it can meanwhile.
pub(crate) async fn drain(queue: &Queue) {
    let left = queue.shut_down(Duration::from_secs(30 * 24 * 3_600)).await.unwrap();
    assert_eq!(left.pending, 0);
}

pub(crate) async fn put_all(queue: &Queue, keys: impl IntoIterator<Item = u32>) {
    for key in keys {
        queue.put(&*format!("key {key}"), key).await.unwrap();
    }
}
