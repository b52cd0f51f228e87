//! What becomes of the lines between workers and server.

use std::time::Duration;

use larder_testkit::redis::{Direction, Loss, Proxy, Traffic};

use crate::Result;
use crate::fault::{Fault, Promise, STANDALONE};
use crate::scene::Scene;

pub(super) const FAULTS: &[Fault] = &[
    Fault { name: "line-dead", on: STANDALONE, promise: Promise::Bound, changes_masters: false, play: dead },
    Fault {
        name: "line-frozen",
        on: STANDALONE,
        promise: Promise::Bound,
        changes_masters: false,
        play: frozen,
    },
    Fault { name: "line-slow", on: STANDALONE, promise: Promise::Bound, changes_masters: false, play: slow },
    Fault { name: "line-cut", on: STANDALONE, promise: Promise::Bound, changes_masters: false, play: cut },
    Fault {
        name: "messages-lost",
        on: STANDALONE,
        promise: Promise::Bound,
        changes_masters: false,
        play: lost,
    },
];

/// It looks alive, and what is sent over it vanishes.
fn dead(scene: &mut Scene<'_, '_>) -> Result<()> {
    let (traffic, direction) = (any_traffic(scene), any_direction(scene));
    on_some(scene, &format!("{traffic:?}, {direction:?}"), |proxy, _| proxy.on(traffic).swallow(direction))?;
    scene.hold(0.3, 6.0);
    scene.heal_lines()
}

/// Nothing comes through, until everything does.
fn frozen(scene: &mut Scene<'_, '_>) -> Result<()> {
    let (traffic, direction) = (any_traffic(scene), any_direction(scene));
    on_some(scene, &format!("{traffic:?}, {direction:?}"), |proxy, _| proxy.on(traffic).freeze(direction))?;
    scene.hold(0.3, 6.0);
    scene.heal_lines()
}

fn slow(scene: &mut Scene<'_, '_>) -> Result<()> {
    let (traffic, direction) = (any_traffic(scene), any_direction(scene));
    let delay = Duration::from_millis(scene.times(5, 900));
    on_some(scene, &format!("{traffic:?}, {direction:?}, {delay:?}"), |proxy, _| {
        proxy.on(traffic).delay(direction, delay);
    })?;
    scene.hold(0.5, 5.0);
    scene.heal_lines()
}

fn cut(scene: &mut Scene<'_, '_>) -> Result<()> {
    let (traffic, is_refused) = (any_traffic(scene), scene.dice.bool());
    for _ in 0..scene.times(1, 5) {
        on_some(scene, &format!("{traffic:?}, refused: {is_refused}"), |proxy, _| {
            if is_refused {
                proxy.on(traffic).refuse();
            }
            proxy.on(traffic).cut();
        })?;
        scene.hold(0.05, 1.5);
    }
    scene.heal_lines()
}

fn lost(scene: &mut Scene<'_, '_>) -> Result<()> {
    let share = scene.dice.choice([0.1, 0.5, 0.9, 1.0]).unwrap_or(0.5);
    on_some(scene, &format!("a share of {share}"), |proxy, seed| {
        proxy.lose(Loss::share(share, seed).on(crate::worker::CHANNEL));
    })?;
    scene.hold(1.0, 6.0);
    scene.heal_lines()
}

/// Breaks the line of one worker, or at times of all.
fn on_some(scene: &mut Scene<'_, '_>, what: &str, break_it: impl Fn(&Proxy, u64)) -> Result<()> {
    let places = scene.some_places();
    scene.note(&format!("{what}, of {places:?}"));
    for place in places {
        let seed = scene.dice.u64(..);
        break_it(scene.proxy(place)?, seed);
    }
    Ok(())
}

fn any_traffic(scene: &mut Scene<'_, '_>) -> Traffic {
    scene.dice.choice([Traffic::Bus, Traffic::Data, Traffic::All]).unwrap_or(Traffic::All)
}

fn any_direction(scene: &mut Scene<'_, '_>) -> Direction {
    let directions = [Direction::ToClient, Direction::ToServer, Direction::Both];
    scene.dice.choice(directions).unwrap_or(Direction::Both)
}
