//! Writers who come at the same time share their steps.

use std::collections::HashSet;

use larder::{DomainEvent, Receipt, Result, Tag, Touched, Version};
use tokio::task::JoinHandle;
use tokio::time::sleep;

use super::pausing::Point;
use super::rig::*;

/// As many as a step takes.
const MOST: usize = 512;

/// So many keys of the partition of ADA, which is the first.
fn of_one_partition(count: usize) -> Vec<u64> {
    std::iter::successors(Some(ADA), |&last| Some(sibling(last))).take(count).collect()
}

impl Node {
    /// An invalidation that goes on by itself.
    fn invalidating(&self, key: u64) -> JoinHandle<Result<Receipt>> {
        let users = self.users.clone();
        tokio::spawn(async move { users.invalidate(&key).await })
    }

    fn expiring(&self, key: u64) -> JoinHandle<Result<Receipt>> {
        let users = self.users.clone();
        tokio::spawn(async move { users.expire(&key).await })
    }

    fn dropping(&self, tag: Tag) -> JoinHandle<Result<Receipt>> {
        let larder = self.larder.clone();
        tokio::spawn(async move { larder.invalidate_tag(&tag).await })
    }
}

async fn told(write: JoinHandle<Result<Receipt>>) -> Receipt {
    let receipt = write.await.unwrap().unwrap();
    assert!(!receipt.is_deferred() && receipt.tokens().len() == 1, "{receipt:?}");
    receipt
}

#[tokio::test(start_paused = true)]
async fn a_thousand_writers_of_one_partition_share_a_few_steps() {
    let fleet = Fleet::new();
    let [writer, other] = fleet.nodes().await;
    writer.remote.set_latency(1);
    let keys = of_one_partition(1_000);
    for &key in &keys {
        fleet.database.commit(key);
        other.read(key).await;
        fleet.database.commit(key);
    }
    let writes: Vec<_> = keys.iter().map(|&key| writer.invalidating(key)).collect();
    for write in writes {
        let _receipt = told(write).await;
    }
    let steps = writer.remote.steps();
    assert!(steps.len() <= 4, "{steps:?}");
    assert_eq!((steps[0], steps.iter().sum()), (1, keys.len()));
    assert!(steps.iter().all(|&keys| keys <= MOST), "{steps:?}");
    settle().await;
    for &key in &keys {
        assert_eq!(other.read(key).await, fleet.database.version(key));
    }
}

#[tokio::test(start_paused = true)]
async fn who_is_alone_waits_for_nobody() {
    let fleet = Fleet::new();
    let writer = fleet.node().await;
    let began = fleet.clock.now();
    for _ in 0..3 {
        let gate = writer.remote.pause(Point::BeforeInvalidate);
        let write = writer.invalidating(ADA);
        gate.reached().await;
        gate.open();
        let _receipt = told(write).await;
    }
    assert_eq!(writer.remote.steps(), [1, 1, 1]);
    assert_eq!(fleet.clock.now(), began);
}

/// What was sent before somebody wrote knows nothing of that write, though it is of the same key.
#[tokio::test(start_paused = true)]
async fn nobody_is_given_a_receipt_for_a_step_that_was_sent_before_he_came() {
    let fleet = Fleet::new();
    let [writer, other] = fleet.nodes().await;
    fleet.database.commit(ADA);
    let gate = writer.remote.pause(Point::AfterInvalidate);
    let earlier = writer.invalidating(ADA);
    gate.reached().await;
    assert_eq!(other.read(ADA).await, 2);
    fleet.database.commit(ADA);
    let later = writer.invalidating(ADA);
    settle().await;
    assert!(!later.is_finished());
    assert_eq!(writer.remote.steps(), [1]);
    gate.open();
    let (earlier, later) = (told(earlier).await, told(later).await);
    assert!(earlier.tokens()[0].sequence() < later.tokens()[0].sequence());
    assert_eq!(writer.remote.steps(), [1]);
    assert_eq!(writer.read(ADA).await, 3);
    settle().await;
    assert_eq!(other.read(ADA).await, 3);
}

/// Lets a first step go out and wait, and then so many writers come.
async fn behind_a_step(writer: &Node, writers: usize) -> Vec<JoinHandle<Result<Receipt>>> {
    let keys = of_one_partition(writers + 1);
    let writes = keys.into_iter().map(|key| writer.invalidating(key)).collect();
    settle().await;
    assert_eq!(writer.remote.steps(), [1]);
    writes
}

#[tokio::test(start_paused = true)]
async fn all_who_share_a_step_share_its_receipt() {
    let fleet = Fleet::new();
    let writer = fleet.node().await;
    let gate = writer.remote.pause(Point::BeforeInvalidate);
    let mut writes = behind_a_step(&writer, 10).await;
    gate.open();
    let _first = told(writes.remove(0)).await;
    let mut receipts = HashSet::new();
    for write in writes {
        receipts.insert(told(write).await.to_string());
    }
    assert_eq!((receipts.len(), writer.remote.steps()), (1, vec![10]));
}

#[tokio::test(start_paused = true)]
async fn a_key_that_many_want_is_in_their_step_once() {
    let fleet = Fleet::new();
    let writer = fleet.node().await;
    let keys = of_one_partition(MOST);
    let gate = writer.remote.pause(Point::BeforeInvalidate);
    let first = writer.invalidating(ADA);
    settle().await;
    let writes: Vec<_> = (0..10)
        .map(|_| {
            let (users, keys) = (writer.users.clone(), keys.clone());
            tokio::spawn(async move { users.invalidate_many(&keys).await })
        })
        .collect();
    settle().await;
    gate.open();
    for write in writes.into_iter().chain([first]) {
        let _receipt = told(write).await;
    }
    assert_eq!(writer.remote.steps(), [1, MOST]);
}

#[tokio::test(start_paused = true)]
async fn a_step_that_fails_defers_all_who_share_it() {
    let fleet = Fleet::new();
    let [writer, other] = fleet.nodes().await;
    let keys = of_one_partition(11);
    for &key in &keys {
        fleet.database.commit(key);
        other.read(key).await;
        writer.read(key).await;
        fleet.database.commit(key);
    }
    let gate = writer.remote.pause(Point::AfterInvalidate);
    let mut writes = behind_a_step(&writer, 10).await;
    writer.faults.fail(2);
    gate.open();
    let _first = told(writes.remove(0)).await;
    for write in writes {
        let receipt = write.await.unwrap().unwrap();
        assert!(receipt.is_deferred() && receipt.tokens().is_empty());
    }
    assert_eq!(writer.larder.deferred(), 10);
    for &key in &keys {
        assert_eq!(writer.read(key).await, fleet.database.version(key), "not what the server still has");
    }
    sleep(bound()).await;
    assert_eq!(writer.larder.deferred(), 0);
    for &key in &keys {
        assert_eq!(other.read(key).await, fleet.database.version(key));
    }
}

#[tokio::test(start_paused = true)]
async fn a_step_that_fails_takes_nobody_along_who_was_not_in_it() {
    let fleet = Fleet::new();
    let writer = fleet.node().await;
    let gate = writer.remote.pause(Point::BeforeInvalidate);
    let mut writes = behind_a_step(&writer, 10).await;
    writer.faults.fail(1);
    gate.open();
    assert!(writes.remove(0).await.unwrap().unwrap().is_deferred());
    for write in writes {
        let _receipt = told(write).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_step_that_panics_defers_all_who_share_it_and_the_next_one_is_taken() {
    let fleet = Fleet::new();
    let writer = fleet.node().await;
    let gate = writer.remote.pause(Point::BeforeInvalidate);
    let mut writes = behind_a_step(&writer, 10 + MOST).await;
    writer.remote.panic();
    // The next step, and the one in which this one is told again.
    let both = [(); 2].map(|()| writer.remote.pause(Point::BeforeInvalidate));
    gate.open();
    let _first = told(writes.remove(0)).await;
    let last = writes.split_off(MOST);
    for write in writes {
        assert!(write.await.unwrap().unwrap().is_deferred());
    }
    for gate in both {
        gate.reached().await;
        assert_eq!(writer.larder.deferred(), MOST);
        gate.open();
    }
    for write in last {
        let _receipt = told(write).await;
    }
    sleep(bound()).await;
    assert_eq!(writer.larder.deferred(), 0);
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_longer_for_a_dead_server_than_for_one_step() {
    let fleet = Fleet::new();
    let writer = fleet.node().await;
    writer.faults.freeze();
    let began = fleet.clock.now();
    let writes = behind_a_step(&writer, 3 * MOST).await;
    for write in writes {
        assert!(write.await.unwrap().unwrap().is_deferred());
    }
    assert_eq!(fleet.clock.now().since(began), ms(500));
    assert_eq!(writer.larder.deferred(), 3 * MOST + 1);
    writer.faults.thaw();
    sleep(bound()).await;
    assert_eq!(writer.larder.deferred(), 0);
}

#[tokio::test(start_paused = true)]
async fn writers_who_leave_keep_nobody_from_being_told_and_have_written() {
    let fleet = Fleet::new();
    let [writer, other] = fleet.nodes().await;
    let keys = of_one_partition(11);
    for point in [Point::BeforeInvalidate, Point::AfterInvalidate] {
        for &key in &keys {
            fleet.database.commit(key);
            other.read(key).await;
            fleet.database.commit(key);
        }
        let gate = writer.remote.pause(point);
        let mut writes = behind_a_step(&writer, 10).await;
        let last = writes.pop().unwrap();
        // The one whose step it is, and all who are in line but the last.
        writes.iter().for_each(JoinHandle::abort);
        settle().await;
        gate.open();
        let _receipt = told(last).await;
        assert_eq!(writer.remote.steps(), [10]);
        settle().await;
        for &key in &keys {
            assert_eq!(other.read(key).await, fleet.database.version(key));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn writes_of_other_kinds_and_partitions_wait_for_nobody() {
    let fleet = Fleet::new();
    let writer = fleet.node().await;
    let gate = writer.remote.pause(Point::BeforeInvalidate);
    let held = writer.invalidating(ADA);
    gate.reached().await;
    let _other_kind = told(writer.expiring(ADA)).await;
    let _other_partition = told(writer.invalidating(BOB)).await;
    let _version = writer.users.invalidate_version(&ADA, Version::new(7)).await.unwrap();
    let _tag = told(writer.dropping(tag("people"))).await;
    let _cache = writer.users.clear().await.unwrap();
    assert_eq!(writer.remote.steps(), [1; 6]);
    assert!(!held.is_finished());
    gate.open();
    let _receipt = told(held).await;
}

#[tokio::test(start_paused = true)]
async fn expiries_and_tags_share_steps_too() {
    let fleet = Fleet::new();
    let writer = fleet.node().await;
    let gate = writer.remote.pause(Point::BeforeInvalidate);
    let mut writes: Vec<_> = of_one_partition(11).into_iter().map(|key| writer.expiring(key)).collect();
    settle().await;
    let tags = writer.remote.pause(Point::BeforeInvalidate);
    writes.extend((0..11).map(|number| writer.dropping(tag(&format!("tag {number}")))));
    settle().await;
    gate.open();
    tags.open();
    for write in writes {
        let _receipt = told(write).await;
    }
    assert_eq!(writer.remote.steps(), [1, 1, 10, 10]);
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_waits_for_what_has_gathered() {
    let fleet = Fleet::new();
    let [writer, other] = fleet.nodes().await;
    writer.remote.set_latency(100);
    let writes = behind_a_step(&writer, 3 * MOST).await;
    assert!(writer.larder.shut_down().await);
    for write in writes {
        let _receipt = told(write).await;
    }
    assert_eq!(writer.remote.steps().iter().sum::<usize>(), 3 * MOST);
    assert!(writer.users.invalidate(&ADA).await.is_err());
    drop(other);
}

/// Touches more than fits into one go of any kind.
struct Much;

impl DomainEvent for Much {
    fn touches(&self, touched: &mut Touched) {
        for number in 0..1_000_u64 {
            touched.key("user", &number).expire("user", &number).cache(&format!("cache-{number}"));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn one_writer_takes_no_more_than_64_steps_at_once() {
    let fleet = Fleet::new();
    let writer = fleet.node().await;
    writer.remote.set_latency(1);
    let keys: Vec<u64> = (0..50_000).collect();
    let receipt = writer.users.invalidate_many(&keys).await.unwrap();
    assert_eq!((receipt.is_deferred(), receipt.tokens().len()), (false, 64));
    assert_eq!(writer.remote.steps().iter().sum::<usize>(), keys.len());
    // Those of one partition go one after the other.
    assert_eq!(writer.remote.most_at_once(), 64);
    let receipt = writer.larder.announce(&Much).await.unwrap();
    assert!(!receipt.is_deferred());
    assert_eq!(writer.remote.most_at_once(), 64);
}
