//! One game.

use std::sync::Arc;
use std::time::Duration;

use fastrand::Rng;
use larder_testkit::history::{Contract, Phase};
use tokio::runtime::Builder;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::fleet::{Fleet, KEYS, NODES, Node, bound, millis};
use crate::habit::Habit;
use crate::mischief::{self, Climate};
use crate::outcome::Outcome;
use crate::reading::{peek, read, read_plainly};
use crate::writing::write;

/// How much happens in a game.
const STEPS: usize = 250;

/// How long everything that was under way may take to end, once all is healed.
const LAST: Duration = Duration::from_secs(120);

/// Plays the game of a seed.
pub fn play(seed: u64) -> Outcome {
    let runtime = Builder::new_current_thread().enable_time().start_paused(true).build();
    // The waits between attempts and the lifetimes are by chance, too.
    fastrand::seed(seed);
    runtime.expect("a runtime needs nothing").block_on(Game::new(seed).play())
}

struct Game {
    seed: u64,
    climate: Climate,
    dice: Rng,
    /// Whoever reads and writes.
    actors: JoinSet<()>,
}

impl Game {
    fn new(seed: u64) -> Self {
        Self { seed, climate: Climate::of(seed), dice: Rng::with_seed(seed), actors: JoinSet::new() }
    }

    async fn play(mut self) -> Outcome {
        let fleet = Fleet::new(self.climate, Habit::of(self.seed), &mut self.dice).await;
        for node in fleet.all() {
            mischief::weather(&node.faults, &mut self.dice);
        }
        let (begun, mut ended) = unbounded_channel();
        for _ in 0..STEPS {
            self.step(&fleet, &begun).await;
        }
        drop(begun);
        mischief::heal(&fleet);
        self.wind_up(&fleet).await;
        let mut contract = Contract::new(bound());
        while let Some(phase) = ended.recv().await {
            contract = contract.phase(phase);
        }
        self.judge(&fleet, contract).await
    }

    async fn step(&mut self, fleet: &Arc<Fleet>, phases: &UnboundedSender<Phase>) {
        let key = self.dice.choice(KEYS).expect("there are some");
        let node = fleet.node(self.dice.usize(0..NODES));
        match self.dice.u8(0..20) {
            0..=9 => drop(self.actors.spawn(read(fleet.clone(), node, key, self.dice.fork()))),
            10..=13 => drop(self.actors.spawn(write(fleet.clone(), node, key, self.dice.fork()))),
            14 => mischief::make(fleet, self.climate, phases, &mut self.dice).await,
            15 => sleep(millis(self.dice.u64(0..800))).await,
            _ => sleep(millis(self.dice.u64(0..10))).await,
        }
    }

    /// Lets everything come to its end, but for what died with its node.
    async fn wind_up(&mut self, fleet: &Fleet) {
        let all = async {
            while let Some(ended) = self.actors.join_next().await {
                if let Err(error) = ended {
                    fleet.complain(error.to_string());
                }
            }
            while !fleet.all().iter().all(Node::is_well) {
                sleep(millis(10)).await;
            }
        };
        if timeout(LAST, all).await.is_err() && self.climate != Climate::Deaths {
            fleet.complain("something does not come to its end".to_owned());
        }
    }

    /// Asks everybody for everything, and somebody new, who has only what the shared tier has.
    async fn judge(mut self, fleet: &Fleet, contract: Contract) -> Outcome {
        sleep(2 * bound()).await;
        let contract = contract.quiet_from(fleet.clock.now());
        let newcomer = fleet.start(usize::MAX, self.dice.fork()).await;
        for key in KEYS {
            peek(fleet, &newcomer, key).await;
            for node in fleet.all() {
                read_plainly(fleet, &node, key, self.dice.fork()).await;
            }
        }
        let history = fleet.witness.history();
        let verdict = history.judge(&contract);
        let (seed, climate, complaints) = (self.seed, self.climate, fleet.complaints());
        Outcome { seed, climate, history, verdict, complaints }
    }
}
