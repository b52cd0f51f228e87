//! Everybody who reads.

use std::convert::Infallible;
use std::sync::Arc;

use fastrand::Rng;
use larder::{Answer, Hit, Optional, Result};
use larder_testkit::history::{Reading, Source};
use tokio::time::timeout;

use crate::fleet::{Fleet, KEYS, Node, Value, millis, source};
use crate::origin::Origin;

/// No read may take longer: the origin's time, the budgets, and the leases of nodes that died.
const HANG: u64 = 40_000;

/// Reads something somehow, as the dice say.
pub(crate) async fn read(fleet: Arc<Fleet>, node: Node, key: u64, mut dice: Rng) {
    match dice.u8(0..24) {
        0 => peek(&fleet, &node, key).await,
        1 => read_past_local(&fleet, &node, key, dice).await,
        2..=4 => read_with_receipt(&fleet, &node, dice).await,
        5 => refresh(&fleet, &node, key, dice).await,
        6 => read_many(&fleet, &node, dice).await,
        7 => cancel(&fleet, &node, key, dice).await,
        _ => read_plainly(&fleet, &node, key, dice).await,
    }
}

/// The usual read.
pub(crate) async fn read_plainly(fleet: &Fleet, node: &Node, key: u64, dice: Rng) {
    let (reading, origin) = (fleet.witness.read(key, node.number), fleet.origin.clone());
    let hit = node.cache.get_or_load(&key, move |key| origin.load(key, dice));
    note(fleet, node, reading, timeout(millis(HANG), hit).await.ok());
}

/// A read that loads nothing. That it finds nothing means nothing.
pub(crate) async fn peek(fleet: &Fleet, node: &Node, key: u64) {
    let reading = fleet.witness.read(key, node.number);
    let hit = timeout(millis(HANG), node.cache.get(&key)).await.ok();
    if !matches!(hit, Some(Ok(None))) {
        let hit = hit.map(|hit| hit.map(|hit| hit.expect("it is not none")));
        note(fleet, node, reading, hit);
    }
}

async fn read_past_local(fleet: &Fleet, node: &Node, key: u64, dice: Rng) {
    let (reading, origin) = (fleet.witness.read(key, node.number), fleet.origin.clone());
    let hit = node.cache.reading().skip_local().get_or_load(&key, move |key| origin.load(key, dice));
    note(fleet, node, reading, timeout(millis(HANG), hit).await.ok());
}

async fn read_with_receipt(fleet: &Fleet, node: &Node, mut dice: Rng) {
    let Some((key, version, receipt)) = fleet.receipt(&mut dice) else {
        return;
    };
    let (reading, origin) = (fleet.witness.read(key, node.number).at_least(version), fleet.origin.clone());
    let reader = node.cache.reading().at_least(&receipt);
    let hit = reader.get_or_load(&key, move |key| origin.load(key, dice));
    note(fleet, node, reading, timeout(millis(HANG), hit).await.ok());
}

async fn refresh(fleet: &Fleet, node: &Node, key: u64, dice: Rng) {
    let (reading, origin) = (fleet.witness.read(key, node.number), fleet.origin.clone());
    let hit = node.cache.refresh_with(&key, move |key| origin.load(key, dice));
    note(fleet, node, reading, timeout(millis(HANG), hit).await.ok());
}

async fn read_many(fleet: &Fleet, node: &Node, dice: Rng) {
    let readings = KEYS.map(|key| fleet.witness.read(key, node.number));
    let origin = fleet.origin.clone();
    let load = move |keys| load_many(origin.clone(), keys, dice.clone());
    match timeout(millis(HANG), node.cache.get_many_or_load(&KEYS, load)).await {
        Ok(Ok(hits)) => {
            for (reading, hit) in readings.into_iter().zip(hits) {
                match hit {
                    Some(hit) => found(reading, &hit),
                    None => reading.missed(Source::Origin),
                }
            }
        }
        Ok(Err(error)) if !node.is_dead() => fleet.complain(format!("node {}: {error:?}", node.number)),
        Err(_) if !node.is_dead() => fleet.complain(format!("node {}: a read of many hangs", node.number)),
        _ => {}
    }
}

async fn load_many(
    origin: Origin,
    keys: Vec<u64>,
    mut dice: Rng,
) -> Result<Vec<(u64, Answer<Value>)>, Infallible> {
    let mut answers = Vec::new();
    for key in keys {
        answers.push((key, origin.clone().load(key, dice.fork()).await?));
    }
    Ok(answers)
}

/// A read whose caller goes away.
async fn cancel(fleet: &Fleet, node: &Node, key: u64, mut dice: Rng) {
    let patience = millis(dice.u64(0..30));
    let _gone = timeout(patience, read_plainly(fleet, node, key, dice)).await;
}

/// Notes what a read came to; `None` if it hangs. Whoever has died tells nothing.
fn note(fleet: &Fleet, node: &Node, reading: Reading<u64>, hit: Option<Result<Hit<Value>>>) {
    if node.is_dead() {
        return;
    }
    match hit.map(Optional::optional) {
        Some(Ok(Some(hit))) => found(reading, &hit),
        Some(Ok(None)) => reading.missed(Source::Origin),
        Some(Err(error)) => fleet.complain(format!("node {}: {error:?}", node.number)),
        None => fleet.complain(format!("node {}: a read hangs", node.number)),
    }
}

fn found(reading: Reading<u64>, hit: &Hit<Value>) {
    let (key, version) = **hit;
    if hit.is_stale() {
        reading.found_stale(key, version, source(hit.tier()));
    } else {
        reading.found(key, version, source(hit.tier()));
    }
}
