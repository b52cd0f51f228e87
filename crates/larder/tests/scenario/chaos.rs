//! Everything at once, by dice: whatever they show, nothing is staler than the bound, and writers see what they wrote.

use std::sync::{Arc, Mutex};

use fastrand::Rng;
use larder::Clock;
use larder::memory::{Chaos, Faults};
use larder_core::Moment;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::rig::*;

const SEEDS: u64 = 200;
const STEPS: usize = 250;
/// Two of one partition, and one of another.
fn keys() -> [u64; 3] {
    [ADA, sibling(ADA), BOB]
}

/// One acknowledged write.
#[derive(Clone, Copy)]
struct Write {
    key: u64,
    version: u64,
    node: usize,
    at: Moment,
    /// Whether the others must have heard of it within the bound.
    is_told: bool,
}

type Writes = Arc<Mutex<Vec<Write>>>;

/// The least version that a read which begins now on this node may see.
fn least(writes: &Writes, key: u64, node: usize, now: Moment) -> u64 {
    let writes = writes.lock().unwrap();
    let counts = |write: &&Write| {
        let is_old = write.is_told && now.since(write.at) > bound() + ms(1);
        write.key == key && (write.node == node || is_old)
    };
    writes.iter().filter(counts).map(|write| write.version).max().unwrap_or_default()
}

/// Lets something go wrong, or come right.
fn disturb(faults: &Faults, dice: &mut Rng) {
    match dice.u32(0..14) {
        0 => faults.hold(),
        1 => faults.release(),
        2 => faults.release_shuffled(dice.u64(..)),
        3 => faults.silence(),
        4 => faults.cut(),
        5..=7 => faults.mend(),
        8 => faults.lose(dice.usize(1..5)),
        9 => faults.duplicate(dice.usize(1..5)),
        10 => faults.fail(dice.usize(1..4)),
        11 => faults.fail_after(dice.usize(1..4)),
        12 => faults.freeze(),
        _ => faults.thaw(),
    }
}

/// Heals everything.
fn heal(nodes: &[Node]) {
    for node in nodes {
        let faults = &node.faults;
        faults.calm();
        faults.lose_none();
        faults.duplicate(0);
        faults.fail(0);
        faults.fail_after(0);
        faults.thaw();
        faults.release();
        faults.mend();
    }
}

struct Game {
    nodes: Arc<Vec<Node>>,
    writes: Writes,
    clock: Clock,
    seed: u64,
    under_way: JoinSet<()>,
}

impl Game {
    fn read(&mut self, key: u64, node: usize) {
        let (nodes, writes, clock, seed) =
            (self.nodes.clone(), self.writes.clone(), self.clock.clone(), self.seed);
        self.under_way.spawn(async move {
            let began = clock.now();
            let least = least(&writes, key, node, began);
            let seen = nodes[node].read(key).await;
            assert!(
                seen >= least,
                "seed {seed}: key {key} on node {node}: {seen}, not {least}, at {began:?}"
            );
        });
    }

    fn write(&mut self, key: u64, node: usize, by_tag: bool) {
        let (nodes, writes, clock) = (self.nodes.clone(), self.writes.clone(), self.clock.clone());
        self.under_way.spawn(async move {
            let version = nodes[node].database.commit(key);
            let larder = &nodes[node].larder;
            let receipt = if by_tag {
                larder.invalidate_tag(&tag(&format!("key:{key}"))).await.unwrap()
            } else {
                nodes[node].users.invalidate(&key).await.unwrap()
            };
            let is_told = !receipt.is_deferred();
            writes.lock().unwrap().push(Write { key, version, node, at: clock.now(), is_told });
        });
    }
}

async fn play(seed: u64, disturb: impl Fn(&Faults, &mut Rng)) {
    // The waits between attempts are random, too.
    fastrand::seed(seed);
    let mut dice = Rng::with_seed(seed);
    let fleet = Fleet::new();
    let keys = keys();
    for key in keys {
        fleet.database.commit(key);
        fleet.database.tag(key, &tag(&format!("key:{key}")));
    }
    let nodes = Arc::new(Vec::from(fleet.nodes::<3>().await));
    let (clock, writes) = (fleet.clock.clone(), Writes::default());
    let mut game = Game { nodes: nodes.clone(), writes, clock, seed, under_way: JoinSet::new() };
    for (number, node) in nodes.iter().enumerate() {
        node.faults.chaos(Chaos::seeded(seed * 3 + number as u64).lose(0.2).delay(0.2));
    }
    for _ in 0..STEPS {
        let (key, node) = (keys[dice.usize(0..3)], dice.usize(0..3));
        match dice.u32(0..20) {
            0..=9 => game.read(key, node),
            10..=12 => game.write(key, node, false),
            13 => game.write(key, node, true),
            14 => disturb(&nodes[node].faults, &mut dice),
            15 => fleet.database.set_latency(ms(dice.u64(0..60))),
            16 => nodes[node].remote.set_latency(dice.u64(0..10)),
            17 => sleep(ms(dice.u64(0..800))).await,
            _ => sleep(ms(dice.u64(0..10))).await,
        }
    }
    heal(&nodes);
    while let Some(ended) = game.under_way.join_next().await {
        ended.unwrap();
    }
    sleep(10 * bound()).await;
    check_convergence(&nodes, seed).await;
}

/// Once all is well again, every node has what the database has, and so has the shared tier.
async fn check_convergence(nodes: &[Node], seed: u64) {
    for (number, node) in nodes.iter().enumerate() {
        assert!(node.larder.is_in_sync(), "seed {seed}: node {number}");
        assert_eq!(node.larder.deferred(), 0, "seed {seed}: node {number}");
        for key in keys() {
            let latest = node.database.version(key);
            assert_eq!(node.read(key).await, latest, "seed {seed}: key {key} on node {number}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn whatever_befalls_the_bus_the_promises_hold() {
    for seed in 0..SEEDS {
        play(seed, |_, _| {}).await;
    }
}

#[tokio::test(start_paused = true)]
async fn whatever_befalls_the_links_the_promises_hold() {
    for seed in 0..SEEDS {
        play(seed, disturb).await;
    }
}
