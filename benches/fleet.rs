//! What does the fleet cost? A thousand tasks on one cold key, on one node and on each of four; and the time from a
//! write on one node until another has dropped its copy.

use std::hint::spin_loop;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use larder::memory::MemoryServer;
use larder::{Cache, Clock, Larder};
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

use crate::measure::{Comparison, Effort};
use crate::report::Line;

const TASKS: usize = 1_000;
const LOAD: Duration = Duration::from_millis(50);

/// One node of the fleet.
struct Node {
    users: Cache<u64, u64>,
    _larder: Larder,
}

async fn fleet(nodes: usize) -> Vec<Node> {
    let server = MemoryServer::new(Clock::default());
    let mut fleet = Vec::new();
    for _ in 0..nodes {
        let larder =
            Larder::builder("bench.shop").embedded_on(&server).build().await.expect("it needs nothing");
        let users = larder.cache("user").build().expect("the settings can work");
        fleet.push(Node { users, _larder: larder });
    }
    fleet
}

pub(crate) fn lines(effort: Effort, runtime: &Runtime) -> Vec<Line> {
    let mut lines = vec![
        cold_key(effort, runtime, 1, Duration::from_millis(10)),
        cold_key(effort, runtime, 4, Duration::from_millis(60)),
    ];
    lines.extend(invalidate_to_drop(runtime));
    lines
}

/// The wall time of a thousand tasks on each node that all want the same key at once, over that of the load.
fn cold_key(effort: Effort, runtime: &Runtime, nodes: usize, allowed: Duration) -> Line {
    let loads = Arc::new(AtomicUsize::new(0));
    let fleet = runtime.block_on(fleet(nodes));
    let rounds = effort.rounds.min(11);
    let mut walls: Vec<f64> = (0..rounds as u64)
        .map(|key| runtime.block_on(want(&fleet, key, &loads)).as_secs_f64() * 1e3)
        .collect();
    assert_eq!(loads.load(Ordering::SeqCst), rounds, "each key is loaded once by the whole fleet");
    walls.sort_unstable_by(f64::total_cmp);
    let wall = walls.get(rounds / 2).copied().unwrap_or(f64::NAN);
    let load = LOAD.as_secs_f64() * 1e3;
    let name = format!("one cold key, {TASKS} tasks on each node of {nodes} / its load");
    let limit = (LOAD + allowed).as_secs_f64() / LOAD.as_secs_f64();
    Line::new(name, "ms", Comparison { ours: wall, reference: load, ratio: wall / load }).limit(limit)
}

async fn want(fleet: &[Node], key: u64, loads: &Arc<AtomicUsize>) -> Duration {
    let began = now();
    let mut tasks = JoinSet::new();
    for node in fleet {
        for _ in 0..TASKS {
            let (users, loads) = (node.users.clone(), loads.clone());
            tasks.spawn(async move { users.get_or_load(&key, move |key| load(key, loads)).await });
        }
    }
    while let Some(hit) = tasks.join_next().await {
        hit.expect("no task panics").expect("the loader does not fail");
    }
    began.elapsed()
}

async fn load(key: u64, loads: Arc<AtomicUsize>) -> Result<u64, io::Error> {
    loads.fetch_add(1, Ordering::SeqCst);
    tokio::time::sleep(LOAD).await;
    Ok(key)
}

/// From before `invalidate` on one node until another, which looks without pause, has dropped its copy.
fn invalidate_to_drop(runtime: &Runtime) -> Vec<Line> {
    const TIMES: u64 = 2_000;
    let fleet = runtime.block_on(fleet(2));
    let [writer, reader] = fleet.as_slice() else { unreachable!("there are two") };
    let version = Arc::new(AtomicU64::new(0));
    let mut took: Vec<f64> = (0..TIMES)
        .map(|_| {
            let version = version.clone();
            let load = move |_| async move { Ok::<_, io::Error>(version.fetch_add(1, Ordering::SeqCst)) };
            runtime.block_on(reader.users.get_or_load(&7_u64, load)).expect("the loader does not fail");
            let began = now();
            let _receipt = runtime.block_on(writer.users.invalidate(&7_u64)).expect("it is open");
            while reader.users.contains_local(&7_u64) {
                spin_loop();
            }
            began.elapsed().as_secs_f64() * 1e6
        })
        .collect();
    took.sort_unstable_by(f64::total_cmp);
    let line = |name: &str, percent: usize, allowed: f64| {
        let ours = took.get(took.len() * percent / 100).copied().unwrap_or(f64::NAN);
        let comparison = Comparison { ours, reference: allowed, ratio: ours / allowed };
        Line::new(format!("invalidate to drop, in process, {name} / allowed"), "µs", comparison).limit(1.0)
    };
    vec![line("p50", 50, 130.0), line("p99", 99, 2_000.0)]
}

#[expect(clippy::disallowed_methods, reason = "a bench measures real time")]
fn now() -> Instant {
    Instant::now()
}
