//! What becomes of the processes of the service.

use larder_testkit::redis::{Direction, Traffic};

use crate::Result;
use crate::fault::{ANYWHERE, Fault, Promise};
use crate::fleet::WORKERS;
use crate::scene::Scene;
use crate::wire::{Blow, Fate, Order, Place};

pub(super) const FAULTS: &[Fault] = &[
    Fault {
        name: "worker-stopped",
        on: ANYWHERE,
        promise: Promise::Bound,
        changes_masters: false,
        play: stopped,
    },
    Fault {
        name: "worker-stopped-and-deaf",
        on: ANYWHERE,
        promise: Promise::Bound,
        changes_masters: false,
        play: stopped_and_deaf,
    },
    Fault {
        name: "worker-killed",
        on: ANYWHERE,
        promise: Promise::Bound,
        changes_masters: false,
        play: killed,
    },
    Fault {
        name: "worker-dies-at-await",
        on: ANYWHERE,
        promise: Promise::Bound,
        changes_masters: false,
        play: dies,
    },
    Fault {
        name: "worker-stopped-at-await",
        on: ANYWHERE,
        promise: Promise::Bound,
        changes_masters: false,
        play: stopped_at_await,
    },
    Fault {
        name: "schema-rolled",
        on: ANYWHERE,
        promise: Promise::Bound,
        changes_masters: false,
        play: rolled,
    },
];

fn stopped(scene: &mut Scene<'_, '_>) -> Result<()> {
    let places = scene.some_places();
    scene.note(&format!("{places:?}"));
    places.iter().try_for_each(|place| scene.fleet.stop(*place))?;
    scene.hold(0.2, 5.0);
    places.iter().try_for_each(|place| scene.fleet.resume(*place))
}

fn killed(scene: &mut Scene<'_, '_>) -> Result<()> {
    let place = scene.any_place();
    scene.note(&format!("{place}"));
    scene.fleet.kill(place)?;
    scene.hold(0.0, 1.5);
    scene.fleet.start(place)
}

/// It is stopped while its lines are dead, and wakes up with copies of which it heard nothing for long.
fn stopped_and_deaf(scene: &mut Scene<'_, '_>) -> Result<()> {
    let place = scene.any_place();
    let traffic = scene.dice.choice([Traffic::Bus, Traffic::All]).unwrap_or(Traffic::All);
    scene.note(&format!("{traffic:?} of {place}"));
    scene.way(place)?.lines().iter().for_each(|line| line.on(traffic).swallow(Direction::ToClient));
    scene.fleet.stop(place)?;
    scene.hold(0.5, 4.0);
    scene.fleet.resume(place)?;
    scene.hold(0.1, 1.0);
    scene.heal_lines();
    Ok(())
}

/// In the middle of a write or a load, so that it is known where it stood.
fn dies(scene: &mut Scene<'_, '_>) -> Result<()> {
    let worker = meet(scene, Blow::Death);
    scene.fleet.ended(worker)?;
    scene.hold(0.0, 1.5);
    scene.fleet.start(worker)
}

/// In the same places. It goes on as if no time had passed.
fn stopped_at_await(scene: &mut Scene<'_, '_>) -> Result<()> {
    let worker = meet(scene, Blow::Stop);
    scene.fleet.stopped(worker)?;
    scene.hold(0.3, 8.0);
    scene.fleet.resume(worker)
}

/// Has some worker meet its fate somewhere.
fn meet(scene: &mut Scene<'_, '_>, blow: Blow) -> usize {
    let places = [Place::Invalidation, Place::Load, Place::Guard];
    let place = scene.dice.choice(places).unwrap_or(Place::Load);
    let fate = Fate { blow, place, waits: scene.dice.u32(0..4) };
    let worker = scene.any_place();
    scene.note(&format!("{fate:?} of {worker}"));
    scene.fleet.order(worker, Order::Meet(fate));
    worker
}

/// A release that writes values down otherwise is rolled out, one process after the other, and back.
fn rolled(scene: &mut Scene<'_, '_>) -> Result<()> {
    for schema in [2, 1] {
        scene.fleet.deploy(schema);
        for place in 0..WORKERS {
            scene.fleet.dismiss(place)?;
            scene.fleet.start(place)?;
            scene.hold(0.1, 0.7);
        }
    }
    Ok(())
}
