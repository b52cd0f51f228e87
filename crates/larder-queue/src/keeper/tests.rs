//! A disk that loses what was not synced, fails, or is full.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use larder_core::ErrorKind;

use crate::log::{Disk, HEAD};
use crate::{Batch, Durability, WriteBehind, WriteBehindBuilder};

type Queue = WriteBehind<u32, u64>;

/// A folder, and a disk that knows what of its files is on it.
#[derive(Clone, Debug)]
struct Frail {
    path: PathBuf,
    synced: Arc<Mutex<BTreeMap<u64, u64>>>,
    trouble: Arc<Mutex<Trouble>>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Trouble {
    #[default]
    None,
    IsFull,
    CannotSync,
}

impl Disk for Frail {
    fn write(&mut self, mut file: &File, bytes: &[u8]) -> io::Result<()> {
        if *self.trouble.lock().unwrap() == Trouble::IsFull {
            file.write_all(&bytes[..bytes.len() / 2])?;
            return Err(io::ErrorKind::StorageFull.into());
        }
        file.write_all(bytes)
    }

    fn sync(&mut self, file: &File, segment: u64, length: u64) -> io::Result<()> {
        if *self.trouble.lock().unwrap() == Trouble::CannotSync {
            return Err(io::Error::other("the cable is out"));
        }
        assert!(file.metadata()?.len() >= length);
        self.synced.lock().unwrap().insert(segment, length);
        Ok(())
    }
}

impl Frail {
    fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("larder-queue-frail-{}-{number}", std::process::id()));
        Self { path, synced: Arc::default(), trouble: Arc::default() }
    }

    fn queue(&self) -> WriteBehindBuilder<u32, u64> {
        WriteBehind::open(&self.path).disk(self.clone()).file_size(4_096)
    }

    fn get_into(&self, trouble: Trouble) {
        *self.trouble.lock().unwrap() = trouble;
    }

    /// What another machine would find on this disk, if the power went now: of each file what was synced, or only
    /// its head.
    async fn after_power_loss(&self) -> (Self, Queue) {
        let found = Self::new();
        let files = loop {
            // A file that goes meanwhile has been moved to another, which may have been read before.
            if let Ok(files) = self.read_all() {
                break files;
            }
        };
        fs::create_dir_all(&found.path).unwrap();
        for (name, bytes) in files {
            fs::write(found.path.join(name), bytes).unwrap();
        }
        let queue = stuck(WriteBehind::open(&found.path)).await;
        (found, queue)
    }

    fn read_all(&self) -> io::Result<Vec<(OsString, Vec<u8>)>> {
        let mut files = Vec::new();
        // All names first, so that none is missing whose file goes while others are read.
        for entry in fs::read_dir(&self.path)?.collect::<io::Result<Vec<_>>>()? {
            let Some(number) = number(&entry.path()) else { continue };
            let mut bytes = fs::read(entry.path())?;
            // Only now: what was moved before the file was read is in it, and counts.
            let synced = self.synced.lock().unwrap().get(&number).copied();
            bytes.truncate(synced.map_or(HEAD, |length| usize::try_from(length).unwrap()));
            files.push((entry.file_name(), bytes));
        }
        Ok(files)
    }
}

fn number(path: &Path) -> Option<u64> {
    u64::from_str_radix(path.file_name()?.to_str()?.strip_suffix(".log")?, 16).ok()
}

impl Drop for Frail {
    fn drop(&mut self) {
        // The clone inside of a queue is not the last one.
        if Arc::strong_count(&self.trouble) == 1 {
            let _gone = fs::remove_dir_all(&self.path);
        }
    }
}

/// A queue whose sink ends for nothing but a multiple of ten.
async fn stuck(builder: WriteBehindBuilder<u32, u64>) -> Queue {
    let sink = |batch: Batch<u32, u64>| async move {
        for write in batch.iter().filter(|write| write.key() % 10 == 0) {
            batch.done(write);
        }
        Err::<(), _>("away")
    };
    builder
        .back_off(Duration::from_millis(1), Duration::from_millis(1))
        .linger(Duration::ZERO)
        .build(sink)
        .await
        .unwrap()
}

fn pending(queue: &Queue, key: u32) -> Option<u64> {
    queue.pending(&key).unwrap().map(|write| *write.value())
}

async fn until(mut condition: impl FnMut() -> bool) {
    for _ in 0..30_000 {
        if condition() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    panic!("it does not come");
}

#[tokio::test]
async fn a_loss_of_power_takes_nothing_that_was_synced_before_it_was_acknowledged() {
    let disk = Frail::new();
    let queue = stuck(disk.queue()).await;
    for round in 0..60_u64 {
        // Keys of which many are written, so that files go while others are moved.
        let keys = (0..20_u32).map(|key| (key + u32::try_from(round).unwrap()) % 40);
        let putting = keys.clone().map(|key| {
            let queue = queue.clone();
            tokio::spawn(async move { queue.put(&key, round).await })
        });
        for put in putting.collect::<Vec<_>>() {
            put.await.unwrap().unwrap();
        }
        if round % 6 == 5 {
            let (_found, after) = disk.after_power_loss().await;
            for key in keys.filter(|key| key % 10 != 0) {
                assert_eq!(pending(&after, key), Some(round), "key {key} in round {round}");
            }
        }
    }
    let newest = disk.synced.lock().unwrap().keys().max().copied();
    assert!(newest > Some(10), "files came and went: {newest:?}");
}

#[tokio::test]
async fn a_loss_of_power_takes_what_was_acknowledged_within_the_window_and_the_sink_had_none_of_it() {
    let disk = Frail::new();
    let queue = stuck(disk.queue().durability(Durability::Within(Duration::from_secs(3_600)))).await;
    queue.put(&1_u32, 1).await.unwrap();
    queue.put(&10_u32, 1).await.unwrap();
    assert_eq!((queue.stats().acknowledged, queue.stats().syncs), (2, 0));
    let (_found, after) = disk.after_power_loss().await;
    assert_eq!(after.stats().pending, 0, "the window is as long as is said");
    // As long as another queue needs for one of its own.
    after.put(&10_u32, 1).await.unwrap();
    until(|| after.stats().written == 1).await;
    assert_eq!((queue.stats().written, pending(&queue, 10)), (0, Some(1)), "what is not safe is not written");
    queue.shut_down(Duration::ZERO).await.unwrap();
    let (_found, after) = disk.after_power_loss().await;
    assert_eq!(pending(&after, 1), Some(1), "a shutdown syncs");
}

#[tokio::test]
async fn a_loss_of_power_that_takes_a_write_leaves_the_one_it_was_to_replace() {
    let disk = Frail::new();
    let queue = stuck(disk.queue()).await;
    queue.put(&1_u32, 1).await.unwrap();
    drop(queue);
    let queue = stuck(disk.queue().durability(Durability::Within(Duration::from_secs(3_600)))).await;
    queue.put(&1_u32, 2).await.unwrap();
    // When this one is taken, whatever the keeper does after a put it has done.
    queue.put(&2_u32, 2).await.unwrap();
    assert_eq!(pending(&queue, 1), Some(2));
    let (_found, after) = disk.after_power_loss().await;
    assert_eq!(pending(&after, 1), Some(1));
}

#[tokio::test]
async fn what_was_acknowledged_is_synced_when_the_window_ends() {
    let disk = Frail::new();
    let queue = stuck(disk.queue().durability(Durability::Within(Duration::from_millis(20)))).await;
    queue.put(&1_u32, 1).await.unwrap();
    until(|| queue.stats().syncs == 1).await;
    let (_found, after) = disk.after_power_loss().await;
    assert_eq!(pending(&after, 1), Some(1));
    queue.put(&10_u32, 1).await.unwrap();
    until(|| queue.stats().written == 1).await;
}

#[tokio::test]
async fn a_disk_that_is_full_refuses_a_put_and_takes_the_next() {
    let disk = Frail::new();
    let queue = stuck(disk.queue()).await;
    queue.put(&1_u32, 1).await.unwrap();
    disk.get_into(Trouble::IsFull);
    let error = queue.put(&1_u32, 2).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(error.to_string().contains("path: "), "{error}");
    assert_eq!((pending(&queue, 1), queue.stats().pending), (Some(1), 1));
    disk.get_into(Trouble::None);
    queue.put(&2_u32, 3).await.unwrap();
    let (_found, after) = disk.after_power_loss().await;
    assert_eq!((pending(&after, 1), pending(&after, 2)), (Some(1), Some(3)));
}

#[tokio::test]
async fn what_was_done_while_the_disk_was_full_is_noted_later() {
    let disk = Frail::new();
    let queue = stuck(disk.queue().durability(Durability::Within(Duration::from_millis(1)))).await;
    disk.get_into(Trouble::None);
    queue.put(&10_u32, 1).await.unwrap();
    disk.get_into(Trouble::IsFull);
    until(|| queue.stats().written == 1).await;
    queue.put(&1_u32, 1).await.unwrap_err();
    disk.get_into(Trouble::None);
    queue.put(&2_u32, 1).await.unwrap();
    queue.shut_down(Duration::ZERO).await.unwrap();
    let (_found, after) = disk.after_power_loss().await;
    assert_eq!((after.stats().pending, pending(&after, 10)), (1, None));
}

#[tokio::test]
async fn a_sync_that_fails_closes_the_queue_for_everyone() {
    let disk = Frail::new();
    let queue = stuck(disk.queue()).await;
    queue.put(&1_u32, 1).await.unwrap();
    disk.get_into(Trouble::CannotSync);
    let both = tokio::join!(queue.put(&2_u32, 2), queue.put(&3_u32, 3));
    disk.get_into(Trouble::None);
    for error in [both.0.unwrap_err(), both.1.unwrap_err(), queue.put(&4_u32, 4).await.unwrap_err()] {
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        assert!(error.to_string().contains("cannot be synced"), "{error}");
    }
    assert_eq!(queue.shut_down(Duration::ZERO).await.unwrap_err().kind(), ErrorKind::Unavailable);
    let again = stuck(disk.queue()).await;
    assert_eq!((pending(&again, 1), pending(&again, 4)), (Some(1), None));
}
