//! What becomes of the lines between workers and servers.

use std::time::Duration;

use larder_testkit::redis::{Direction, Loss, Proxy, Traffic};

use crate::Result;
use crate::fault::{ANYWHERE, Fault, Promise};
use crate::scene::Scene;

pub(super) const FAULTS: &[Fault] = &[
    Fault { name: "line-dead", on: ANYWHERE, promise: Promise::Bound, changes_masters: false, play: dead },
    Fault {
        name: "line-frozen",
        on: ANYWHERE,
        promise: Promise::Bound,
        changes_masters: false,
        play: frozen,
    },
    Fault { name: "line-slow", on: ANYWHERE, promise: Promise::Bound, changes_masters: false, play: slow },
    Fault { name: "line-cut", on: ANYWHERE, promise: Promise::Bound, changes_masters: false, play: cut },
    Fault {
        name: "messages-lost",
        on: ANYWHERE,
        promise: Promise::Bound,
        changes_masters: false,
        play: lost,
    },
    Fault {
        name: "messages-lost-on-slow-lines",
        on: ANYWHERE,
        promise: Promise::Bound,
        changes_masters: false,
        play: lost_and_slow,
    },
];

/// It looks alive, and what is sent over it vanishes.
fn dead(scene: &mut Scene<'_, '_>) -> Result<()> {
    let (traffic, direction) = (any_traffic(scene), scene.any_direction());
    on_some(scene, &format!("{traffic:?}, {direction:?}"), |proxy, _| proxy.on(traffic).swallow(direction))?;
    hold_and_heal(scene, 0.3, 6.0);
    Ok(())
}

/// Nothing comes through, until everything does.
fn frozen(scene: &mut Scene<'_, '_>) -> Result<()> {
    let (traffic, direction) = (any_traffic(scene), scene.any_direction());
    on_some(scene, &format!("{traffic:?}, {direction:?}"), |proxy, _| proxy.on(traffic).freeze(direction))?;
    hold_and_heal(scene, 0.3, 6.0);
    Ok(())
}

fn slow(scene: &mut Scene<'_, '_>) -> Result<()> {
    let (traffic, direction) = (any_traffic(scene), scene.any_direction());
    let delay = Duration::from_millis(scene.times(5, 900));
    on_some(scene, &format!("{traffic:?}, {direction:?}, {delay:?}"), |proxy, _| {
        proxy.on(traffic).delay(direction, delay);
    })?;
    hold_and_heal(scene, 0.5, 5.0);
    Ok(())
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
    scene.heal_lines();
    Ok(())
}

fn lost(scene: &mut Scene<'_, '_>) -> Result<()> {
    let share = scene.dice.choice([0.1, 0.5, 0.9, 1.0]).unwrap_or(0.5);
    on_some(scene, &format!("a share of {share}"), |proxy, seed| {
        proxy.lose(Loss::share(share, seed).on(crate::worker::CHANNEL));
    })?;
    hold_and_heal(scene, 1.0, 6.0);
    Ok(())
}

/// Whoever writes has time to do wrong meanwhile, and nothing that they hear sets it right.
fn lost_and_slow(scene: &mut Scene<'_, '_>) -> Result<()> {
    let delay = Duration::from_millis(scene.times(10, 100));
    on_some(scene, &format!("{delay:?}"), |proxy, seed| {
        proxy.on(Traffic::Data).delay(Direction::ToServer, delay);
        proxy.lose(Loss::share(1.0, seed).on(crate::worker::CHANNEL));
    })?;
    hold_and_heal(scene, 1.0, 6.0);
    Ok(())
}

fn hold_and_heal(scene: &mut Scene<'_, '_>, least: f64, most: f64) {
    scene.hold(least, most);
    scene.heal_lines();
}

/// Breaks the lines of one worker, or at times of all: those to all servers, or that to one who takes writes.
fn on_some(scene: &mut Scene<'_, '_>, what: &str, break_it: impl Fn(&Proxy, u64)) -> Result<()> {
    let places = scene.some_places();
    let only = if scene.dice.bool() { Some(scene.any_master()?) } else { None };
    let where_to = only.map_or_else(|| "all".to_owned(), |server| server.port().to_string());
    scene.note(&format!("{what}, of {places:?} to {where_to}"));
    for place in places {
        let way = scene.way(place)?;
        let lines = match only {
            Some(server) => vec![way.line_to(server)?],
            None => way.lines(),
        };
        for line in lines {
            break_it(line, scene.dice.u64(..));
        }
    }
    Ok(())
}

fn any_traffic(scene: &mut Scene<'_, '_>) -> Traffic {
    scene.dice.choice([Traffic::Bus, Traffic::Data, Traffic::All]).unwrap_or(Traffic::All)
}
