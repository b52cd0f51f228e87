//! A server of the benches' own, and what it tells of itself.

use larder::Larder;
use larder_testkit::redis::RedisServer;

pub(crate) const APP: &str = "bench.shop";

pub(crate) fn start() -> RedisServer {
    RedisServer::start().expect("redis-server is installed")
}

/// A node of the fleet on it. It waits for as long as a machine with other work may need.
pub(crate) async fn node(url: &str) -> Larder {
    let patience = std::time::Duration::from_secs(5);
    let node = Larder::builder(APP).redis(url).read_budget(patience).write_deadline(patience);
    node.require_upstream().build().await.expect("the server is up")
}

/// The microseconds of a processor that the server has used.
pub(crate) fn processor(server: &RedisServer) -> f64 {
    let info = info(server, "cpu");
    ["used_cpu_user", "used_cpu_sys"].iter().map(|name| number(&info, name)).sum::<f64>() * 1e6
}

/// How many scripts it has run, and the microseconds that they took.
pub(crate) fn scripts(server: &RedisServer) -> (f64, f64) {
    let info = info(server, "commandstats");
    let stats = info.lines().find_map(|line| line.strip_prefix("cmdstat_evalsha:")).unwrap_or_default();
    let stats = stats.replace('=', ":").replace(',', "\n");
    (number(&stats, "calls"), number(&stats, "usec"))
}

fn info(server: &RedisServer, section: &str) -> String {
    server.command(&["INFO", section]).expect("it is up").text().unwrap_or_default().to_owned()
}

/// What stands behind a name and a colon on a line of its own. Zero if it is not there.
fn number(info: &str, name: &str) -> f64 {
    let value = |line: &str| line.strip_prefix(name)?.strip_prefix(':')?.trim().parse().ok();
    info.lines().find_map(value).unwrap_or_default()
}
