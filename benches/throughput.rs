//! How many invalidations can be written and heard, what do they cost the server, and how does that grow with the fleet?

use std::time::Duration;

use larder::{Cache, Larder, Tag};
use larder_testkit::redis::RedisServer;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

use crate::measure::{Comparison, Effort, as_f64, now};
use crate::report::Line;
use crate::server;

/// What a node must be able to hear in a second.
const HEARD: f64 = 20_000.0;

/// As many at once as a busy service may write.
const WRITERS: u64 = 1_000;

/// Sizes of a fleet that are measured, and one that is reckoned from them.
const FLEETS: [usize; 3] = [2, 8, 32];
const LARGE: f64 = 1_000.0;

/// Every line about what the bus can take.
pub(crate) fn lines(effort: Effort, runtime: &Runtime) -> Vec<Line> {
    let mut lines = rates(effort, runtime);
    lines.extend(steps(runtime));
    lines.extend(fleets(runtime));
    lines
}

/// Invalidations in a second that one node writes and another hears, on the same two cores as the server.
fn rates(effort: Effort, runtime: &Runtime) -> Vec<Line> {
    let server = server::start();
    let url = server.url();
    let (writer, reader) = runtime.block_on(async { (server::node(&url).await, server::node(&url).await) });
    let users = cache(&writer);
    let each = 2 * effort.rounds as u64;
    let (memory, began) = (resident(), now());
    runtime.block_on(write(&users, each));
    let written = began.elapsed();
    while reader.health().behind() > 0 || !reader.is_in_sync() {
        std::thread::sleep(Duration::from_millis(1));
    }
    let heard = began.elapsed();
    let count = as_f64(usize::try_from(WRITERS * each).unwrap_or_default());
    let grown = (resident() - memory) / 1024.0;
    let rate = |took: Duration| count / took.as_secs_f64();
    // Less is better in this table, so the reference goes on top.
    vec![
        Line::new("invalidations written by 1,000 tasks of one node", "1/s", Comparison::none(rate(written))),
        Line::new(
            "time to hear an invalidation / allowed",
            "µs",
            Comparison::with(1e6 / rate(heard), 1e6 / HEARD),
        )
        .limit(1.0),
        Line::new("memory that this took, both nodes together", "KiB", Comparison::none(grown)),
    ]
}

fn cache(larder: &Larder) -> Cache<u64, u64> {
    larder.cache("user").build().expect("no other of its name is open")
}

async fn write(users: &Cache<u64, u64>, each: u64) {
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let users = users.clone();
        writers.spawn(async move {
            for number in 0..each {
                let receipt = users.invalidate(&(number * WRITERS + writer)).await.expect("it is a key");
                assert!(!receipt.is_deferred(), "the server is up");
            }
        });
    }
    while let Some(written) = writers.join_next().await {
        written.expect("no write panics");
    }
}

/// Microseconds that the server takes for each step.
fn steps(runtime: &Runtime) -> Vec<Line> {
    const TIMES: u64 = 500;
    let server = server::start();
    let larder = runtime.block_on(server::node(&server.url()));
    let users = cache(&larder);
    let tag = Tag::of("tenant", &7_u32).expect("it is a name");
    let keys: Vec<u64> = (0..512).collect();
    let line = |name: &str, act: &dyn Fn(u64)| {
        let (calls, micros) = server::scripts(&server);
        (0..TIMES).for_each(act);
        let (later_calls, later_micros) = server::scripts(&server);
        let each = (later_micros - micros) / (later_calls - calls).max(1.0);
        Line::new(format!("server time of {name}"), "µs a script", Comparison::none(each))
    };
    let load = |id: u64| {
        let loaded = users.get_or_load(&id, |id| async move { Ok::<_, std::io::Error>(id) });
        runtime.block_on(loaded).expect("it loads");
    };
    vec![
        line("a lease and of a fill", &load),
        line("an invalidation of one key", &|id| drop(runtime.block_on(users.invalidate(&id)))),
        line("an invalidation of 512 keys, by partition", &|_| {
            drop(runtime.block_on(users.invalidate_many(&keys)));
        }),
        line("an invalidation of a tag", &|_| drop(runtime.block_on(larder.invalidate_tag(&tag)))),
        line("a versioned write", &|id| {
            drop(runtime.block_on(users.insert(&(id % 7), id, larder::Version::new(id + 1))));
        }),
    ]
}

/// What one invalidation, and one second of watching, cost the server in fleets of some sizes, and in a large one.
fn fleets(runtime: &Runtime) -> Vec<Line> {
    let costs: Vec<(f64, Cost)> =
        FLEETS.iter().map(|&nodes| (as_f64(nodes), Cost::measure(runtime, nodes))).collect();
    let mut lines = Vec::new();
    for (nodes, cost) in &costs {
        lines.push(Line::new(
            format!("server time of an invalidation, {nodes} nodes"),
            "µs",
            Comparison::none(cost.invalidation),
        ));
        lines.push(Line::new(
            format!("server time of a second's probes, {nodes} nodes"),
            "µs",
            Comparison::none(cost.probes),
        ));
    }
    let reckoned = |of: fn(&Cost) -> f64| {
        extrapolate(&costs.iter().map(|(nodes, cost)| (*nodes, of(cost))).collect::<Vec<_>>())
    };
    let (invalidation, probes) = (reckoned(|cost| cost.invalidation), reckoned(|cost| cost.probes));
    lines.push(Line::new(
        "the same, 1,000 nodes, reckoned on a line through these",
        "µs",
        Comparison::none(invalidation),
    ));
    lines.push(Line::new("and of their probes", "µs", Comparison::none(probes)));
    lines
}

struct Cost {
    invalidation: f64,
    probes: f64,
}

impl Cost {
    fn measure(runtime: &Runtime, nodes: usize) -> Self {
        const TIMES: u32 = 1_000;
        const QUIET: Duration = Duration::from_secs(2);
        let server = server::start();
        let fleet: Vec<Larder> = (0..nodes).map(|_| runtime.block_on(server::node(&server.url()))).collect();
        let processor = |server: &RedisServer| server::processor(server);
        let before = processor(&server);
        std::thread::sleep(QUIET);
        let probes = (processor(&server) - before) / QUIET.as_secs_f64();
        let users = fleet.first().map(cache).expect("there is a node");
        let (before, began) = (processor(&server), now());
        for id in 0..u64::from(TIMES) {
            let receipt = runtime.block_on(users.invalidate(&id)).expect("it is a key");
            assert!(!receipt.is_deferred(), "the server is up");
        }
        let used = processor(&server) - before - probes * began.elapsed().as_secs_f64();
        Self { invalidation: used / f64::from(TIMES), probes }
    }
}

/// Where a line through the points, by least squares, is for a large fleet.
fn extrapolate(points: &[(f64, f64)]) -> f64 {
    let count = as_f64(points.len());
    let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / count;
    let (x, y) = (mean(|point| point.0), mean(|point| point.1));
    let slope = points.iter().map(|point| (point.0 - x) * (point.1 - y)).sum::<f64>()
        / points.iter().map(|point| (point.0 - x).powi(2)).sum::<f64>();
    y + slope * (LARGE - x)
}

/// Bytes of this process that are in memory.
fn resident() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    line.split_whitespace().next().and_then(|kib| kib.parse::<f64>().ok()).unwrap_or_default() * 1024.0
}
