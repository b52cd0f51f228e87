//! Opening, closing, and opening again.

use std::fs;
use std::io::{Seek, SeekFrom, Write};
use std::time::Duration;

use larder::{ErrorKind, Result};
use larder_queue::{Durability, WriteBehind};

use crate::rig::{Builder, Folder, Queue, Store, drain, put_all, until};

#[tokio::test]
async fn a_second_opener_is_told_that_there_is_a_first() {
    let (folder, store) = (Folder::new(), Store::open());
    let queue = folder.queue().build(store.sink()).await.unwrap();
    let error = folder.queue().build(store.sink()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    let text = error.to_string();
    assert!(text.contains("open already") && text.contains(&*folder.as_ref().to_string_lossy()), "{text}");
    drop(queue);
    folder.queue().build(store.sink()).await.unwrap();
}

#[tokio::test]
async fn what_was_acknowledged_before_a_drop_is_there_when_it_is_opened_again() {
    for durability in [Durability::Synced, Durability::Within(Duration::from_secs(3_600))] {
        let (folder, store) = (Folder::new(), Store::shut());
        let queue = folder.queue().durability(durability).build(store.sink()).await.unwrap();
        put_all(&queue, 0..10).await;
        drop(queue);
        let queue = folder.queue().build(store.sink()).await.unwrap();
        assert_eq!(queue.stats().pending, 10);
        assert_eq!(queue.pending("key 3").unwrap().map(|write| *write.value()), Some(3));
        store.let_all_through();
        drain(&queue).await;
        assert_eq!(store.rows().len(), 10);
    }
}

#[tokio::test]
async fn a_shutdown_writes_what_it_can_and_says_what_is_left() {
    let (folder, store) = (Folder::new(), Store::shut());
    let build = || folder.queue().batch(2).linger(Duration::from_secs(3_600)).build(store.sink());
    let queue = build().await.unwrap();
    put_all(&queue, 0..5).await;
    store.let_through(2);
    let left = queue.shut_down(Duration::from_millis(300)).await.unwrap();
    assert_eq!((left.pending, left.written), (1, 4));
    for error in [queue.put("key 5", 5).await.unwrap_err(), queue.try_put("key 5", 5).await.unwrap_err()] {
        assert_eq!(error.kind(), ErrorKind::Closed);
    }
    assert_eq!(queue.shut_down(Duration::ZERO).await.unwrap().pending, 1, "once more changes nothing");

    // The first handle is still there, and the folder is free.
    let queue = build().await.unwrap();
    store.let_all_through();
    let left = queue.shut_down(Duration::from_secs(60)).await.unwrap();
    assert_eq!((left.pending, left.written), (0, 1), "a shutdown lingers for nobody");
    assert_eq!(store.rows().len(), 5);
}

#[tokio::test]
async fn files_go_when_what_is_in_them_is_written() {
    let (folder, store) = (Folder::new(), Store::open());
    let within = Durability::Within(Duration::from_millis(1));
    let queue = folder.queue().durability(within).file_size(4_096).build(store.sink()).await.unwrap();
    put_all(&queue, 0..1_000).await;
    drain(&queue).await;
    drop(queue);
    let queue = folder.queue().build(store.sink()).await.unwrap();
    until(|| folder.files().len() == 1).await;
    assert_eq!((queue.stats().pending, store.rows().len()), (0, 1_000));
}

async fn refused(builder: Builder) -> (ErrorKind, String) {
    let built: Result<Queue> = builder.build(Store::open().sink()).await;
    let error = built.unwrap_err();
    (error.kind(), error.to_string())
}

#[tokio::test]
async fn settings_that_cannot_work_are_named() {
    let folder = Folder::new();
    let queue = || folder.queue();
    let (zero, year) = (Duration::ZERO, Duration::from_secs(400 * 24 * 3_600));
    for (builder, name) in [
        (queue().batch(0), "batch: 0"),
        (queue().attempts(0), "attempts: 0"),
        (queue().capacity(0), "capacity: 0"),
        (queue().capacity_in_bytes(0), "capacity_in_bytes: 0"),
        (queue().file_size(4_095), "file_size: 4095"),
        (queue().file_size(u64::MAX), "file_size: 18446744073709551615"),
        (queue().durability(Durability::Within(zero)), "durability: within 0 s"),
        (queue().durability(Durability::Within(Duration::MAX)), "durability: "),
        (queue().back_off(zero, year), "back_off: 0 s"),
        (queue().back_off(Duration::from_secs(2), Duration::from_secs(1)), "back_off: 2s to 1s"),
        (queue().back_off(Duration::from_secs(2), year), "back_off: "),
        (queue().sink_deadline(zero), "sink_deadline: 0 s"),
        (queue().linger(Duration::MAX), "linger: "),
        (queue().wait_for_room(Duration::MAX), "wait_for_room: "),
    ] {
        let (kind, text) = refused(builder).await;
        assert!(kind == ErrorKind::Invalid && text.contains(name), "{name}: {text}");
    }
    assert!(!folder.as_ref().exists(), "nothing was made");
}

#[tokio::test]
async fn a_path_that_is_no_folder_is_named() {
    let folder = Folder::new();
    fs::write(&folder, "a file").unwrap();
    let (kind, text) = refused(folder.queue()).await;
    assert!(kind == ErrorKind::Invalid && text.contains("is not a folder (path: "), "{text}");
    fs::remove_file(&folder).unwrap();
    let (kind, text) = refused(WriteBehind::open("/dev/null/queue")).await;
    assert!(kind == ErrorKind::Unavailable && text.contains("path: /dev/null/queue"), "{text}");
}

/// A folder with writes in two files, of which the second is to be written on.
async fn with_two_files() -> Folder {
    let folder = Folder::new();
    for keys in [0..3, 3..6] {
        let queue = folder.queue().build(Store::shut().sink()).await.unwrap();
        put_all(&queue, keys).await;
    }
    folder
}

#[tokio::test]
async fn damage_is_told_with_its_file_and_changes_nothing() {
    type Harm = fn(&mut fs::File);
    let cases: [(&str, usize, ErrorKind, Harm); 5] = [
        ("a bit of a frame", 0, ErrorKind::Codec, |file| write_at(file, 40)),
        ("a bit of a head", 0, ErrorKind::Codec, |file| write_at(file, 17)),
        ("another kind of file", 0, ErrorKind::Refused, |file| write_at(file, 0)),
        ("a newer format", 0, ErrorKind::Refused, |file| write_at(file, 7)),
        ("the end of what was whole", 0, ErrorKind::Codec, |file| file.set_len(100).unwrap()),
    ];
    for (what, which, expected, harm) in cases {
        let folder = with_two_files().await;
        let path = folder.files()[which].clone();
        harm(&mut fs::File::options().write(true).open(&path).unwrap());
        let before = fs::read(&path).unwrap();
        let (kind, text) = refused(folder.queue()).await;
        assert!(kind == expected && text.contains(&*path.to_string_lossy()), "{what}: {kind:?} {text}");
        assert_eq!(fs::read(&path).unwrap(), before, "{what}");
    }
}

fn write_at(file: &mut fs::File, place: u64) {
    file.seek(SeekFrom::Start(place)).unwrap();
    file.write_all(&[0xA5]).unwrap();
}

#[tokio::test]
async fn a_file_that_is_missing_is_told() {
    let folder = with_two_files().await;
    let queue = folder.queue().build(Store::shut().sink()).await.unwrap();
    put_all(&queue, 6..9).await;
    drop(queue);
    fs::remove_file(&folder.files()[1]).unwrap();
    let (kind, text) = refused(folder.queue()).await;
    assert!(kind == ErrorKind::Codec && text.contains("missing"), "{text}");
}

#[test]
fn handles_go_wherever_they_are_needed() {
    fn goes_anywhere<T: Send + Sync + std::fmt::Debug>() {}
    goes_anywhere::<Queue>();
    goes_anywhere::<larder_queue::Batch<String, u32>>();
    goes_anywhere::<larder_queue::Poisoned>();
    goes_anywhere::<larder_queue::Stats>();
    goes_anywhere::<Durability>();
}
