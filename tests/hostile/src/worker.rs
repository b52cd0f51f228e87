//! One process of the service: it reads and writes, and tells the conductor what came of it.

mod alone;
mod caches;
mod link;
mod polls;
mod reads;
mod sweep;
mod wall;
mod weak;
mod writes;
mod zipf;

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use fastrand::Rng;
use larder_core::Clock;
use rustix::process::{Signal, set_parent_process_death_signal};
use tokio::runtime::Builder;
use tokio::time::sleep;

use crate::Result;
use crate::pulse::Pulse;
use crate::wire::{Order, Said, State};
use alone::Alone;
use caches::Caches;
use link::Link;
use polls::Fates;
use wall::Wall;
use writes::Waiting;
use zipf::Zipf;

/// The app, and the channel of its bus.
pub(crate) const APP: &str = "prod.hostile";
pub(crate) const CHANNEL: &str = "larder:prod.hostile@0";

/// How many readers and writers there are in a process.
const TASKS: usize = 16;

/// How long one of them thinks between two requests, at most.
const THINKING: Duration = Duration::from_millis(30);

/// In how many requests there is one write.
const WRITES: u8 = 20;

/// How often it says how it is.
const TELLING: Duration = Duration::from_millis(40);

/// What all tasks of the process share. Clones are the same one.
#[derive(Clone)]
struct Worker {
    caches: Arc<Caches>,
    alone: Alone,
    link: Link,
    clock: Clock,
    pulse: Pulse,
    zipf: Arc<Zipf>,
    fates: Arc<Fates>,
    waiting: Arc<Waiting>,
    is_quiet: Arc<AtomicBool>,
}

/// Runs until the conductor has it leave, or is gone.
pub(crate) fn run(words: &[&str]) -> Result<()> {
    let [node, place, servers, conductor, schema, seed] = words else {
        return Err("a worker is started by the conductor".into());
    };
    // A worker that was stopped would outlive its conductor, and never know.
    set_parent_process_death_signal(Some(Signal::KILL))?;
    let (node, place, schema, seed) = (node.parse()?, place.parse()?, schema.parse()?, seed.parse()?);
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(serve(node, place, servers, conductor, schema, Rng::with_seed(seed)))
}

async fn serve(
    node: usize,
    place: usize,
    servers: &str,
    conductor: &str,
    schema: u16,
    mut dice: Rng,
) -> Result<()> {
    let (link, mut orders) = Link::to(conductor).await?;
    link.say(Said::Hello(node));
    let wall = Wall::default();
    // One of them goes by the system's clock, as a service does; there the watchdog is a thread.
    let clock = if place == 0 { Clock::default() } else { wall.clock() };
    let alone = Alone::new(Clock::precise());
    let worker = Worker {
        caches: Arc::new(Caches::open(servers, clock, schema, alone.clone()).await?),
        alone,
        link,
        clock: Clock::precise(),
        pulse: Pulse::start(),
        zipf: Arc::new(Zipf::new(crate::name::KEYS)),
        fates: Arc::default(),
        waiting: Arc::default(),
        is_quiet: Arc::default(),
    };
    worker.start(&mut dice);
    while let Some(order) = orders.recv().await {
        match order {
            Order::Quiet => worker.is_quiet.store(true, Ordering::SeqCst),
            Order::Sweep => {
                let sweeping = worker.clone();
                tokio::spawn(async move { sweeping.sweep().await });
            }
            Order::Wall(millis) => wall.turn(millis),
            Order::Meet(fate) => worker.fates.set(fate),
            Order::Leave => {
                worker.leave().await;
                break;
            }
        }
    }
    Ok(())
}

impl Worker {
    fn start(&self, dice: &mut Rng) {
        for _ in 0..TASKS {
            let (working, dice) = (self.clone(), dice.fork());
            tokio::spawn(async move { working.work(dice).await });
        }
        let settling = self.clone();
        tokio::spawn(async move { settling.settle().await });
        let telling = self.clone();
        tokio::spawn(async move { telling.tell().await });
    }

    async fn work(&self, mut dice: Rng) {
        loop {
            sleep(THINKING.mul_f64(dice.f64())).await;
            if dice.u8(0..WRITES) > 0 {
                self.read(&mut dice).await;
            } else if !self.is_quiet.load(Ordering::SeqCst) {
                self.write(&mut dice).await;
            }
        }
    }

    async fn tell(&self) {
        loop {
            let larder = &self.caches.larder;
            if larder.deferred() > 0 {
                // Of what it could not tell the shared tier, it does not ask that either.
                self.alone.note();
            }
            self.link.say(Said::State(State {
                at: self.clock.now().as_nanos(),
                is_in_sync: larder.is_in_sync(),
                deferred: larder.deferred(),
                lost: link::nanos(self.pulse.lost()),
                memory: memory(),
                alone: self.alone.take(),
            }));
            sleep(TELLING).await;
        }
    }

    /// Ends as a process does that is replaced, and lets what was said arrive.
    async fn leave(&self) {
        self.is_quiet.store(true, Ordering::SeqCst);
        self.caches.larder.shut_down().await;
        self.link.flush().await;
    }
}

/// What the system has given the process, in KiB.
fn memory() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or_default()
}
