//! Many that want the same.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use larder::{Hit, Result};
use tokio::sync::Notify;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::outcome::Outcome;
use super::pair::{Node, Pair};

const TRIES: u64 = 10;
const WAITERS: u64 = 50;

/// How long a load takes.
const LOAD: Duration = Duration::from_millis(50);

/// Who is told nothing for so long hangs. A panic takes a second or two on a machine that has much else to do: where it was is
/// looked up for all who read about it.
const HANG: Duration = Duration::from_secs(20);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_tasks_on_two_nodes_load_once() {
    let (pair, mut outcome) = (Pair::new().await, Outcome::default());
    for key in 0..TRIES {
        let loads = Arc::<AtomicU64>::default();
        let mut tasks = JoinSet::new();
        for node in pair.nodes() {
            for _ in 0..500 {
                tasks.spawn(read(node.clone(), key, loads.clone()));
            }
        }
        let served = tasks.join_all().await.into_iter().flatten().count();
        let loads = loads.load(Ordering::Relaxed);
        outcome.add(loads != 1 || served != 1_000);
        outcome.loaded(loads);
    }
    outcome.report("loads");
}

/// 50 wait for the load of a task that is aborted.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_load_of_a_task_that_is_aborted_goes_on() {
    let (pair, mut outcome) = (Pair::new().await, Outcome::default());
    for key in 0..TRIES {
        let (loads, began) = (Arc::<AtomicU64>::default(), Instant::now());
        let leader = lead(&pair.second, key, Ending::Well, loads.clone()).await;
        let waiters = wait(&pair.second, key, &loads).await;
        leader.abort();
        for told in told(waiters).await {
            outcome.add(told.is_none_or(|told| told.is_err()));
        }
        outcome.took(began.elapsed());
        outcome.loaded(loads.load(Ordering::Relaxed));
    }
    outcome.report("leader_aborted");
}

/// 50 wait for a load that panics. They are told so, and who comes next loads.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_load_that_panics_is_told_to_all_who_wait() {
    let (pair, mut outcome) = (Pair::new().await, Outcome::default());
    for key in 0..TRIES {
        let loads = Arc::<AtomicU64>::default();
        let leader = lead(&pair.second, key, Ending::Panic, loads.clone()).await;
        let waiters = wait(&pair.second, key, &loads).await;
        for told in told(waiters).await {
            outcome.add(told.is_none());
        }
        assert!(leader.await.unwrap().is_err());
        outcome.loaded(loads.load(Ordering::Relaxed));
        let next = timeout(HANG, read(pair.second.clone(), key, loads)).await;
        outcome.add(!next.is_ok_and(|next| next.is_ok()));
    }
    outcome.report("leader_panics");
}

#[derive(Clone, Copy)]
enum Ending {
    Well,
    Panic,
}

/// A task whose load is under way.
async fn lead(node: &Node, key: u64, ending: Ending, loads: Arc<AtomicU64>) -> JoinHandle<Result<Hit<u64>>> {
    let (node, under_way) = (node.clone(), Arc::new(Notify::new()));
    let tell = under_way.clone();
    let leader = tokio::spawn(async move {
        let load = move |_| async move {
            loads.fetch_add(1, Ordering::Relaxed);
            tell.notify_one();
            sleep(LOAD).await;
            match ending {
                Ending::Well => Ok::<_, io::Error>(1),
                Ending::Panic => panic!("the row is about this"),
            }
        };
        node.cache.get_or_load(&key, load).await
    });
    under_way.notified().await;
    leader
}

async fn wait(node: &Node, key: u64, loads: &Arc<AtomicU64>) -> Vec<JoinHandle<Result<Hit<u64>>>> {
    let waiters = (0..WAITERS).map(|_| tokio::spawn(read(node.clone(), key, loads.clone()))).collect();
    // By then they wait.
    sleep(LOAD / 5).await;
    waiters
}

/// What each was told, if it does not hang.
async fn told(waiters: Vec<JoinHandle<Result<Hit<u64>>>>) -> Vec<Option<Result<Hit<u64>>>> {
    let (until, mut told) = (Instant::now() + HANG, Vec::new());
    for waiter in waiters {
        told.push(
            timeout_at(until, waiter).await.ok().map(|joined| joined.expect("a waiter does not panic")),
        );
    }
    told
}

async fn read(node: Node, key: u64, loads: Arc<AtomicU64>) -> Result<Hit<u64>> {
    let load = move |_| async move {
        loads.fetch_add(1, Ordering::Relaxed);
        sleep(LOAD).await;
        Ok::<_, io::Error>(1)
    };
    node.cache.get_or_load(&key, load).await
}
