//! Everybody who writes: COMMIT first, then the fleet is told.

use std::sync::Arc;

use fastrand::Rng;
use larder::{GuardedWrite, Inserted, Receipt, Result, Version};
use larder_testkit::history::Committed;
use tokio::time::{sleep, timeout};

use crate::fleet::{Fleet, Node, is_versioned, millis, tag_of};
use crate::weak;

/// No node has this number.
const NOBODY: usize = usize::MAX - 1;

/// Writes a key somehow, as the dice say.
pub(crate) async fn write(fleet: Arc<Fleet>, node: Node, key: u64, mut dice: Rng) {
    if is_versioned(key) {
        return insert(&fleet, &node, key).await;
    }
    match dice.u8(0..16) {
        0..=2 => by_tag(&fleet, &node, key).await,
        3 => by_clear(&fleet, &node, key).await,
        4..=6 => guarded(&fleet, &node, key, dice).await,
        7 => cancelled(&fleet, &node, key, dice).await,
        _ => by_key(&fleet, &node, key, dice).await,
    }
}

async fn by_key(fleet: &Fleet, node: &Node, key: u64, mut dice: Rng) {
    if weak::invalidates_before_commit() {
        let receipt = node.cache.invalidate(&key).await;
        sleep(millis(dice.u64(0..10))).await;
        let (version, committed) = commit(fleet, node, key);
        return told(fleet, node, key, version, &committed, receipt).await;
    }
    let (version, committed) = commit(fleet, node, key);
    let receipt = node.cache.invalidate(&key).await;
    told(fleet, node, key, version, &committed, receipt).await;
}

async fn by_tag(fleet: &Fleet, node: &Node, key: u64) {
    let (version, committed) = commit_indirectly(fleet, node, key);
    let receipt = node.larder.invalidate_tag(&tag_of(key)).await;
    told(fleet, node, key, version, &committed, receipt).await;
}

async fn by_clear(fleet: &Fleet, node: &Node, key: u64) {
    let (version, committed) = commit_indirectly(fleet, node, key);
    let receipt = node.cache.clear().await;
    told(fleet, node, key, version, &committed, receipt).await;
}

/// One in four of those who guard their write dies between COMMIT and the end of it.
async fn guarded(fleet: &Fleet, node: &Node, key: u64, mut dice: Rng) {
    let Ok(write) = node.cache.begin_write_within(millis(2_000), &[key]).await else {
        return;
    };
    sleep(millis(dice.u64(0..100))).await;
    if dice.u8(0..4) == 0 {
        die_after_commit(fleet, key, &write);
        return sleep(millis(dice.u64(0..3_000))).await;
    }
    let (version, committed) = commit(fleet, node, key);
    sleep(millis(dice.u64(0..200))).await;
    let receipt = write.finish().await;
    told(fleet, node, key, version, &committed, receipt).await;
}

/// Nobody is told. But nobody has kept anything since before the COMMIT, if everybody has asked the server who loads: so
/// it is as if the fleet had been told, by somebody who is not of it any more.
fn die_after_commit(fleet: &Fleet, key: u64, write: &GuardedWrite) {
    let writing = fleet.witness.write(key, fleet.origin.next(key), NOBODY).indirect();
    fleet.origin.commit(key);
    let committed = writing.committed();
    if write.is_guarded() && fleet.climate.answers() {
        committed.acknowledged();
    }
}

/// A write whose caller goes away. It takes place all the same, but nobody knows when.
async fn cancelled(fleet: &Fleet, node: &Node, key: u64, mut dice: Rng) {
    let (_, _committed) = commit(fleet, node, key);
    let _gone = timeout(millis(dice.u64(0..10)), node.cache.invalidate(&key)).await;
}

async fn insert(fleet: &Fleet, node: &Node, key: u64) {
    let (version, committed) = commit(fleet, node, key);
    match node.cache.insert(&key, (key, version), Version::new(version)).await {
        Ok(Inserted::Stored(receipt)) => told(fleet, node, key, version, &committed, Ok(receipt)).await,
        // What is newer has been announced.
        Ok(Inserted::Outdated) => committed.acknowledged(),
        Ok(other) => fleet.complain(format!("node {}: {other:?}", node.number)),
        Err(error) => told(fleet, node, key, version, &committed, Err(error)).await,
    }
}

fn commit(fleet: &Fleet, node: &Node, key: u64) -> (u64, Committed<u64>) {
    let writing = fleet.witness.write(key, fleet.origin.next(key), node.number);
    let version = fleet.origin.commit(key);
    (version, writing.committed())
}

fn commit_indirectly(fleet: &Fleet, node: &Node, key: u64) -> (u64, Committed<u64>) {
    let writing = fleet.witness.write(key, fleet.origin.next(key), node.number).indirect();
    let version = fleet.origin.commit(key);
    (version, writing.committed())
}

/// Notes that the fleet has been told, as soon as it has.
async fn told(
    fleet: &Fleet,
    node: &Node,
    key: u64,
    version: u64,
    committed: &Committed<u64>,
    receipt: Result<Receipt>,
) {
    match receipt {
        _ if node.is_dead() => {}
        Ok(receipt) if receipt.is_deferred() => {
            committed.deferred();
            settled(node, committed).await;
        }
        Ok(receipt) => {
            committed.acknowledged();
            fleet.keep_receipt(key, version, receipt);
        }
        Err(error) => fleet.complain(format!("node {}: {error:?}", node.number)),
    }
}

/// What is deferred is told at the latest when nothing is any more.
async fn settled(node: &Node, committed: &Committed<u64>) {
    while node.larder.deferred() > 0 {
        sleep(millis(10)).await;
    }
    if !node.is_dead() {
        committed.acknowledged();
    }
}
