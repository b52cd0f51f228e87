//! Many keys at once, of which some are written meanwhile.

use super::pausing::{Gate, Point};
use super::rig::*;
use larder::{Hit, Result};
use tokio::task::JoinHandle;

const KEYS: [u64; 6] = [1, 2, 3, 4, 5, 6];

/// Reads all keys in one snapshot, and then waits at the gate.
fn warming(node: &Node, gate: &Gate) -> JoinHandle<Result<Vec<Option<Hit<u64>>>>> {
    let (users, database, gate) = (node.users.clone(), node.database.clone(), gate.clone());
    tokio::spawn(async move {
        let load = move |keys: Vec<u64>| {
            let (database, gate) = (database.clone(), gate.clone());
            async move {
                let mut rows = Vec::new();
                for key in keys {
                    rows.push((key, database.clone().load(key).await?));
                }
                gate.pass().await;
                Ok::<_, Down>(rows)
            }
        };
        users.get_many_or_load(&KEYS, load).await
    })
}

fn versions(hits: Vec<Option<Hit<u64>>>) -> Vec<u64> {
    hits.into_iter().map(|hit| hit.map_or(0, |hit| *hit)).collect()
}

async fn stocked<const N: usize>() -> (Fleet, [Node; N]) {
    let fleet = Fleet::new();
    for key in KEYS {
        fleet.database.commit(key);
    }
    let nodes = fleet.nodes().await;
    (fleet, nodes)
}

#[tokio::test(start_paused = true)]
async fn r12_of_a_batch_exactly_what_was_written_meanwhile_is_not_stored() {
    let (fleet, [reader, writer]) = stocked().await;
    let gate = Gate::default();
    let batch = warming(&reader, &gate);
    gate.reached().await;
    let _receipt = writer.write(3).await;
    settle().await;
    gate.open();
    assert_eq!(versions(batch.await.unwrap().unwrap()), [1; 6]);
    for key in KEYS {
        let expected = (key != 3).then_some(1);
        assert_eq!(fleet.shared(key).await, expected, "{key}");
        assert_eq!(reader.users.contains_local(&key), key != 3, "{key}");
    }
    assert_eq!(reader.read(3).await, 2);
}

#[tokio::test(start_paused = true)]
async fn r12_a_batch_of_shared_hits_is_fenced_key_by_key() {
    let (_fleet, [reader, writer]) = stocked().await;
    for key in KEYS {
        writer.read(key).await;
    }
    let gate = reader.remote.pause(Point::AfterGet);
    let users = reader.users.clone();
    let batch = tokio::spawn(async move { users.get_many(&KEYS).await });
    gate.reached().await;
    let _receipt = writer.write(3).await;
    settle().await;
    gate.open();
    assert_eq!(versions(batch.await.unwrap().unwrap()), [1; 6]);
    for key in KEYS {
        assert_eq!(reader.users.contains_local(&key), key != 3, "{key}");
    }
    assert_eq!(reader.read(3).await, 2);
}

#[tokio::test(start_paused = true)]
async fn r12_who_comes_after_the_write_is_given_nothing_of_the_batch() {
    let (_fleet, [node]) = stocked().await;
    let gate = Gate::default();
    let batch = warming(&node, &gate);
    gate.reached().await;
    let _receipt = node.write(3).await;
    assert_eq!(node.read(3).await, 2, "it does not wait for the batch");
    gate.open();
    assert_eq!(versions(batch.await.unwrap().unwrap()), [1; 6]);
    assert_eq!(node.read(3).await, 2);
}

#[tokio::test(start_paused = true)]
async fn r12_two_batches_on_two_nodes_load_each_key_once() {
    let (fleet, [one, other]) = stocked().await;
    let (gate, second) = (Gate::default(), Gate::default());
    let batch = warming(&one, &gate);
    gate.reached().await;
    let overlapping = warming(&other, &second);
    settle().await;
    gate.open();
    assert_eq!(versions(batch.await.unwrap().unwrap()), [1; 6]);
    assert_eq!(versions(overlapping.await.unwrap().unwrap()), [1; 6]);
    assert_eq!(fleet.database.loads(), KEYS.len());
}
