//! Guarded writes, and what is left when their writers die.

mod outage;

use larder::{GuardedWrite, Inserted, Tier, Version};
use tokio::time::sleep;

use super::pausing::Point;
use super::rig::*;

/// How long a guard holds.
const GUARD: u64 = 30_000;

impl Node {
    async fn begin(&self, key: u64) -> GuardedWrite {
        let write = self.users.begin_write([&key]).await.unwrap();
        assert!(write.is_guarded());
        write
    }

    /// Reads the latest version from the origin, and keeps it nowhere.
    async fn reads_and_keeps_nothing(&self, key: u64) {
        let hit = self.hit(key).await;
        assert_eq!((*hit, hit.tier()), (self.database.version(key), Tier::Origin));
        assert_eq!(self.tier(key).await, None);
    }

    /// Reads the latest version, and keeps it.
    async fn reads_and_keeps(&self, key: u64) {
        assert_eq!(self.read(key).await, self.database.version(key));
        assert_eq!(self.tier(key).await, Some(Tier::Local));
    }
}

#[tokio::test(start_paused = true)]
async fn r4_a_writer_who_dies_after_its_commit_leaves_nothing_stale() {
    let fleet = Fleet::new();
    let [writer, reader] = fleet.nodes().await;
    reader.read(ADA).await;
    let write = writer.begin(ADA).await;
    settle().await;
    assert_eq!((reader.tier(ADA).await, fleet.shared(ADA).await), (None, None));
    let slow = reader.reading_up_to(fleet.database.pause(), ADA).await;
    fleet.database.commit(ADA);
    drop((write, writer));

    assert_eq!(slow.end().await, 1, "it had read before the commit");
    assert_eq!(fleet.shared(ADA).await, None);
    reader.reads_and_keeps_nothing(ADA).await;
    sleep(ms(GUARD)).await;
    reader.reads_and_keeps(ADA).await;
    assert_eq!(fleet.shared(ADA).await, Some(2));
}

#[tokio::test(start_paused = true)]
async fn r4_who_did_not_hear_of_a_guard_finds_out_within_the_bound() {
    let fleet = Fleet::new();
    let [writer, reader] = fleet.nodes().await;
    reader.read(ADA).await;
    reader.faults.lose(1);
    let write = writer.begin(ADA).await;
    fleet.database.commit(ADA);
    drop((write, writer));
    settle().await;
    assert_eq!(reader.read(ADA).await, 1);
    sleep(bound()).await;
    reader.reads_and_keeps_nothing(ADA).await;
}

/// Not the process dies, but one task of it.
#[tokio::test(start_paused = true)]
async fn r4_a_write_that_is_dropped_leaves_nothing_stale_on_its_own_node() {
    let fleet = Fleet::new();
    let writer = fleet.node().await;
    writer.read(ADA).await;
    let write = writer.begin(ADA).await;
    let slow = writer.reading_up_to(fleet.database.pause(), ADA).await;
    fleet.database.commit(ADA);
    drop(write);
    assert_eq!(slow.end().await, 1);
    writer.reads_and_keeps_nothing(ADA).await;
    sleep(ms(GUARD)).await;
    writer.reads_and_keeps(ADA).await;
}

#[tokio::test(start_paused = true)]
async fn r4_a_load_from_before_a_guarded_write_that_fills_during_it_is_refused() {
    let fleet = Fleet::new();
    let [writer, reader] = fleet.nodes().await;
    for node in [&writer, &reader] {
        let slow = node.reading_up_to(node.remote.pause(Point::BeforeFill), ADA).await;
        let write = writer.begin(ADA).await;
        let version = fleet.database.commit(ADA);
        assert_eq!(slow.end().await, version - 1);
        settle().await;
        assert_eq!((node.tier(ADA).await, fleet.shared(ADA).await), (None, None));
        let _receipt = write.finish().await.unwrap();
        settle().await;
        for node in [&writer, &reader] {
            node.reads_and_keeps(ADA).await;
        }
        let _receipt = writer.users.invalidate(&ADA).await.unwrap();
        settle().await;
    }
}

#[tokio::test(start_paused = true)]
async fn r4_what_is_loaded_during_a_guarded_write_is_not_kept_though_it_comes_after_it() {
    let fleet = Fleet::new();
    let [writer, reader] = fleet.nodes().await;
    let write = writer.begin(ADA).await;
    let slow = reader.reading_up_to(fleet.database.pause(), ADA).await;
    fleet.database.commit(ADA);
    let _receipt = write.finish().await.unwrap();
    settle().await;
    assert_eq!(slow.end().await, 1);
    assert_eq!((reader.tier(ADA).await, fleet.shared(ADA).await), (None, None));
    reader.reads_and_keeps(ADA).await;
}

#[tokio::test(start_paused = true)]
async fn r4_the_writer_keeps_nothing_either_and_reads_its_write_at_once() {
    let fleet = Fleet::new();
    let writer = fleet.node().await;
    writer.read(ADA).await;
    writer.faults.hold();
    let write = writer.begin(ADA).await;
    writer.reads_and_keeps_nothing(ADA).await;
    fleet.database.commit(ADA);
    let _receipt = write.finish().await.unwrap();
    writer.reads_and_keeps(ADA).await;
}

#[tokio::test(start_paused = true)]
async fn r4_of_two_guards_on_one_key_both_hold() {
    let fleet = Fleet::new();
    let [one, two, reader] = fleet.nodes().await;
    let (first, second, third) = (one.begin(ADA).await, two.begin(ADA).await, two.begin(ADA).await);
    for write in [first, second, third] {
        reader.reads_and_keeps_nothing(ADA).await;
        fleet.database.commit(ADA);
        let _receipt = write.finish().await.unwrap();
    }
    settle().await;
    reader.reads_and_keeps(ADA).await;
}

#[tokio::test(start_paused = true)]
async fn r4_another_s_invalidation_does_not_end_a_guard() {
    let fleet = Fleet::new();
    let [writer, other] = fleet.nodes().await;
    let write = writer.begin(ADA).await;
    let _receipt = other.write(ADA).await;
    other.reads_and_keeps_nothing(ADA).await;
    let _receipt = write.finish().await.unwrap();
    settle().await;
    other.reads_and_keeps(ADA).await;
}

#[tokio::test(start_paused = true)]
async fn r4_a_guard_holds_for_as_long_as_it_is_told_and_no_longer() {
    let fleet = Fleet::new();
    let [writer, reader] = fleet.nodes().await;
    let _usual = writer.begin(BOB).await;
    let write = writer.users.begin_write_within(ms(5_000), [&ADA]).await.unwrap();
    sleep(ms(4_999)).await;
    reader.reads_and_keeps_nothing(ADA).await;
    sleep(ms(1)).await;
    reader.reads_and_keeps(ADA).await;
    fleet.database.commit(ADA);
    let _receipt = write.finish().await.unwrap();
    settle().await;
    assert_eq!(reader.read(ADA).await, 2, "late is better than never");

    sleep(ms(GUARD - 5_000 - 2)).await;
    reader.reads_and_keeps_nothing(BOB).await;
    sleep(ms(2)).await;
    reader.reads_and_keeps(BOB).await;
}

#[tokio::test(start_paused = true)]
async fn r4_a_write_of_many_keys_guards_all_partitions() {
    let fleet = Fleet::new();
    let [writer, reader] = fleet.nodes().await;
    let keys: Vec<u64> = (0..1_000).collect();
    for &key in &keys {
        fleet.database.commit(key);
    }
    let write = writer.users.begin_write(&keys).await.unwrap();
    assert!(write.is_guarded());
    for &key in &keys {
        fleet.database.commit(key);
        reader.reads_and_keeps_nothing(key).await;
    }
    let receipt = write.finish().await.unwrap();
    assert_eq!((receipt.is_deferred(), receipt.tokens().len()), (false, 64));
    settle().await;
    for &key in &keys {
        reader.reads_and_keeps(key).await;
    }
}

#[tokio::test(start_paused = true)]
async fn r4_batches_of_loads_keep_nothing_of_a_guarded_key() {
    let fleet = Fleet::new();
    let [writer, reader] = fleet.nodes().await;
    let write = writer.begin(ADA).await;
    let load = async || {
        let rows = |keys: Vec<u64>| async move {
            Ok::<Vec<(u64, u64)>, Down>(keys.into_iter().map(|key| (key, 1)).collect())
        };
        reader.users.get_many_or_load([&ADA, &BOB], rows).await.unwrap();
        [reader.tier(ADA).await, reader.tier(BOB).await]
    };
    assert_eq!(load().await, [None, Some(Tier::Local)]);
    let _receipt = write.finish().await.unwrap();
    settle().await;
    assert_eq!(load().await, [Some(Tier::Local); 2]);
}

#[tokio::test(start_paused = true)]
async fn r4_no_version_is_stored_while_a_write_of_its_key_is_guarded() {
    let fleet = Fleet::new();
    let [writer, other] = fleet.nodes().await;
    let write = writer.begin(ADA).await;
    for node in [&writer, &other] {
        assert_eq!(node.users.insert(&ADA, 1, Version::new(1)).await.unwrap(), Inserted::Outdated);
        assert_eq!(node.tier(ADA).await, None);
    }
    let _receipt = write.finish().await.unwrap();
    let stored = other.users.insert(&ADA, 2, Version::new(2)).await.unwrap();
    assert!(matches!(stored, Inserted::Stored(_)));
    assert_eq!(fleet.shared(ADA).await, Some(2));
}
