//! Queues that another build has written.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use larder::Cacheable;
use larder_queue::codec::{Bincode, Envelope};
use larder_queue::{Batch, WriteBehind, WriteBehindBuilder};
use serde::{Deserialize, Serialize};

use crate::rig::{Folder, until};

#[derive(Serialize, Deserialize, Cacheable)]
struct Euros(u32);

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Cacheable)]
#[cacheable(version = 1)]
struct Cents {
    amount: u64,
}

type Seen = Arc<Mutex<Vec<(u32, u64)>>>;

/// A folder with a write in it that a build of before has queued.
async fn of_before() -> Folder {
    let folder = Folder::new();
    let away = |_: Batch<u32, Euros>| async { Err::<(), _>("away") };
    let queue = WriteBehind::open(folder.as_ref()).build(away).await.unwrap();
    queue.put(&7_u32, Euros(3)).await.unwrap();
    queue.shut_down(Duration::ZERO).await.unwrap();
    folder
}

fn of_now(folder: &Folder) -> WriteBehindBuilder<u32, Cents> {
    WriteBehind::open(folder.as_ref())
}

fn reading(builder: WriteBehindBuilder<u32, Cents>) -> WriteBehindBuilder<u32, Cents> {
    builder.reads_also(Envelope::new(Bincode), |(key, Euros(euros)): (u32, Euros)| {
        (key, Cents { amount: u64::from(euros) * 100 })
    })
}

async fn build(builder: WriteBehindBuilder<u32, Cents>, seen: &Seen) -> WriteBehind<u32, Cents> {
    let seen = seen.clone();
    let sink = move |batch: Batch<u32, Cents>| {
        seen.lock().unwrap().extend(batch.iter().map(|write| (*write.key(), write.value().amount)));
        async { Ok::<_, std::io::Error>(()) }
    };
    builder.build(sink).await.unwrap()
}

#[tokio::test]
async fn a_build_that_is_told_how_reads_what_the_one_before_it_wrote() {
    let (folder, seen) = (of_before().await, Seen::default());
    let queue = build(reading(of_now(&folder)), &seen).await;
    until(|| queue.stats().written == 1).await;
    assert_eq!(*seen.lock().unwrap(), [(7, 300)]);
}

#[tokio::test]
async fn what_cannot_be_read_is_set_aside_until_a_build_can() {
    let (folder, seen) = (of_before().await, Seen::default());
    let queue = build(of_now(&folder), &seen).await;
    until(|| queue.stats().poisoned == 1).await;
    let poisoned = queue.poisoned();
    assert!(
        poisoned[0].is_unreadable()
            && poisoned[0].key() == "7"
            && poisoned[0].reason().contains("older schema")
    );
    queue.shut_down(Duration::ZERO).await.unwrap();
    drop(queue);

    let queue = build(reading(of_now(&folder)), &seen).await;
    until(|| queue.stats().written == 1).await;
    assert_eq!((queue.poisoned(), &*seen.lock().unwrap()), (Vec::new(), &[(7, 300)][..].to_vec()));
    queue.shut_down(Duration::ZERO).await.unwrap();
    drop(queue);
    let queue = build(of_now(&folder), &seen).await;
    assert_eq!(queue.stats().poisoned + queue.stats().pending, 0);
}

#[tokio::test]
async fn an_upgrade_that_panics_is_one_that_cannot_read() {
    let (folder, seen) = (of_before().await, Seen::default());
    let panics = |(_, Euros(euros)): (u32, Euros)| -> (u32, Cents) { panic!("{euros} euros") };
    let queue = build(of_now(&folder).reads_also(Envelope::new(Bincode), panics), &seen).await;
    until(|| queue.stats().poisoned == 1).await;
    queue.put(&8_u32, Cents { amount: 1 }).await.unwrap();
    until(|| queue.stats().written == 1).await;
}
