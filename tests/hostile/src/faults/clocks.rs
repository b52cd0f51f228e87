//! What becomes of clocks. The monotonic ones are right.

use std::time::Duration;

use crate::Result;
use crate::fault::{ANYWHERE, Fault, Promise};
use crate::scene::Scene;
use crate::wire::{Blow, Fate, Order, Place};

pub(super) const FAULTS: &[Fault] = &[
    Fault {
        name: "server-clock-ahead",
        on: ANYWHERE,
        promise: Promise::Bound,
        changes_masters: false,
        play: ahead,
    },
    Fault {
        name: "server-clock-behind",
        on: ANYWHERE,
        promise: Promise::Bound,
        changes_masters: false,
        play: behind,
    },
    Fault {
        name: "clock-behind-and-worker-dead",
        on: ANYWHERE,
        promise: Promise::Bound,
        changes_masters: false,
        play: behind_and_dead,
    },
    Fault {
        name: "worker-clock-wrong",
        on: ANYWHERE,
        promise: Promise::Bound,
        changes_masters: false,
        play: wrong,
    },
];

const HOUR: Duration = Duration::from_secs(3_600);

fn ahead(scene: &mut Scene<'_, '_>) -> Result<()> {
    let by = scene.dice.choice([Duration::from_secs(10), HOUR]).unwrap_or(HOUR);
    turn(scene, by, true)
}

fn behind(scene: &mut Scene<'_, '_>) -> Result<()> {
    let by = scene.dice.choice([Duration::from_secs(10), HOUR]).unwrap_or(HOUR);
    turn(scene, by, false)
}

/// What expires does so an hour later, and so do leases that a dead process held.
fn behind_and_dead(scene: &mut Scene<'_, '_>) -> Result<()> {
    let place = scene.any_place();
    scene.fleet.order(place, Order::Meet(Fate { blow: Blow::Death, place: Place::Load, waits: 1 }));
    scene.fleet.ended(place)?;
    turn(scene, HOUR, false)?;
    scene.fleet.start(place)
}

fn turn(scene: &mut Scene<'_, '_>, by: Duration, is_ahead: bool) -> Result<()> {
    let skew = &scene.stage.skew;
    scene.note(&format!("by {by:?}"));
    if is_ahead { skew.ahead(by) } else { skew.behind(by) }?;
    scene.hold(1.0, 9.0);
    skew.mend()?;
    Ok(())
}

#[expect(clippy::unnecessary_wraps, reason = "others of its kind can fail")]
fn wrong(scene: &mut Scene<'_, '_>) -> Result<()> {
    let places = scene.some_places();
    let millis = scene.dice.choice([10_000, 3_600_000, -3_600_000]).unwrap_or(10_000);
    scene.note(&format!("by {millis} ms, of {places:?}"));
    for place in &places {
        scene.fleet.order(*place, Order::Wall(millis));
    }
    scene.hold(0.5, 3.0);
    for place in &places {
        scene.fleet.order(*place, Order::Wall(0));
    }
    Ok(())
}
