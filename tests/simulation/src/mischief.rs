//! Everything that goes wrong.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use fastrand::Rng;
use larder::memory::{Chaos, Faults, ServerFaults};
use larder_testkit::history::Phase;
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::sleep;

use crate::fleet::{Fleet, NODES, Node, bound, millis};

/// What can go wrong in a game.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Climate {
    /// Messages are lost, held, doubled and reordered; connections of the bus break.
    Bus,
    /// And calls freeze, fail and lose their answers, and the server is full.
    Links,
    /// And nodes die.
    Deaths,
    /// And the server fails over to a replica that lags behind.
    Failovers,
}

impl Climate {
    /// One in four each.
    pub(crate) const fn of(seed: u64) -> Self {
        match seed % 4 {
            0 => Self::Bus,
            1 => Self::Links,
            2 => Self::Deaths,
            _ => Self::Failovers,
        }
    }

    /// Whether the server answers every call in time.
    pub(crate) fn answers(self) -> bool {
        self == Self::Bus
    }
}

impl fmt::Display for Climate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bus => "bus",
            Self::Links => "links",
            Self::Deaths => "deaths",
            Self::Failovers => "failovers",
        })
    }
}

/// Gives a node the weather that it has for the whole game: one in five of its notices goes astray.
pub(crate) fn weather(faults: &Faults, dice: &mut Rng) {
    faults.chaos(Chaos::seeded(dice.u64(..)).lose(0.1).delay(0.1));
}

/// Lets something go wrong, or come right.
pub(crate) async fn make(
    fleet: &Arc<Fleet>,
    climate: Climate,
    phases: &UnboundedSender<Phase>,
    dice: &mut Rng,
) {
    let place = dice.usize(0..NODES);
    let faults = fleet.node(place).faults;
    match (dice.u8(0..20), climate) {
        (0..=9, _) | (_, Climate::Bus) => disturb_bus(&faults, dice),
        (10..=16, _) | (_, Climate::Links) => disturb_calls(fleet, &faults, dice),
        (_, Climate::Deaths) => replace(fleet, place, dice).await,
        (17, Climate::Failovers) => fail_over(fleet, phases),
        (_, Climate::Failovers) => {
            fleet.server.faults().iter().for_each(ServerFaults::replicate);
        }
    }
}

fn disturb_bus(faults: &Faults, dice: &mut Rng) {
    match dice.u8(0..11) {
        0 => faults.hold(),
        1 => faults.release(),
        2 => faults.release_shuffled(dice.u64(..)),
        3 => faults.silence(),
        4 => faults.cut(),
        5..=7 => faults.mend(),
        8 => faults.lose(dice.usize(1..5)),
        9 => faults.lose_all(),
        _ => faults.lose_none(),
    }
}

fn disturb_calls(fleet: &Fleet, faults: &Faults, dice: &mut Rng) {
    let server = fleet.server.faults().expect("it is unreliable");
    match dice.u8(0..8) {
        0 => faults.fail(dice.usize(1..4)),
        1 => faults.fail_after(dice.usize(1..4)),
        2 => faults.freeze(),
        3 => fleet.all().iter().for_each(|node| node.faults.freeze()),
        4 => server.fill_up(),
        5 => server.make_room(),
        _ => fleet.all().into_iter().for_each(|node| thaw(node, millis(dice.u64(0..3)))),
    }
}

/// What hangs at the server goes on, for each node a little later or earlier than for the others.
fn thaw(node: Node, after: Duration) {
    tokio::spawn(async move {
        sleep(after).await;
        if !node.is_dead() {
            node.faults.thaw();
        }
    });
}

/// A node dies, and another one takes its place. What it has told is with the replica too: that the two go at once is
/// nothing that is promised.
async fn replace(fleet: &Fleet, place: usize, dice: &mut Rng) {
    let dead = fleet.node(place);
    dead.die();
    let newcomer = fleet.start(dead.number + NODES, dice.fork()).await;
    weather(&newcomer.faults, dice);
    fleet.replace(place, newcomer);
}

/// The server forgets what its replica has not heard of. That is a phase of its own, until the writers have told it again.
fn fail_over(fleet: &Arc<Fleet>, phases: &UnboundedSender<Phase>) {
    let began = fleet.clock.now();
    fleet.server.faults().expect("it is unreliable").fail_over();
    let (fleet, phases) = (fleet.clone(), phases.clone());
    tokio::spawn(async move {
        while !fleet.all().iter().all(Node::is_well) {
            sleep(millis(10)).await;
        }
        let ended = fleet.clock.now().after(bound());
        // Nobody listens any more once the game is over.
        let _ = phases.send(Phase::new("failover", began..ended).bound(Duration::MAX).forgetful());
    });
}

/// Heals everything.
pub(crate) fn heal(fleet: &Fleet) {
    fleet.server.faults().expect("it is unreliable").make_room();
    for node in fleet.all() {
        let faults = &node.faults;
        faults.calm();
        faults.lose_none();
        faults.lose(0);
        faults.fail(0);
        faults.fail_after(0);
        faults.thaw();
        faults.release();
        faults.mend();
    }
}
