//! A master that sentinels replace.

use larder_testkit::redis::{RedisSentinel, RedisServer};

use crate::Result;
use crate::fault::{Fault, Promise, SENTINEL};
use crate::scene::Scene;
use crate::stage::Servers;

pub(super) const FAULTS: &[Fault] = &[
    Fault {
        name: "master-replaced",
        on: SENTINEL,
        promise: Promise::UntilToldAgain,
        changes_masters: true,
        play: replaced,
    },
    Fault {
        name: "master-replaced-unseen",
        on: SENTINEL,
        promise: Promise::UntilToldAgain,
        changes_masters: true,
        play: replaced_unseen,
    },
    Fault {
        name: "master-dies",
        on: SENTINEL,
        promise: Promise::UntilToldAgain,
        changes_masters: true,
        play: dies,
    },
    Fault {
        name: "master-dies-unheard",
        on: SENTINEL,
        promise: Promise::UntilToldAgain,
        changes_masters: true,
        play: dies_unheard,
    },
    Fault {
        name: "master-deposed",
        on: SENTINEL,
        promise: Promise::UntilToldAgain,
        changes_masters: true,
        play: deposed,
    },
];

/// In order, by an operator.
fn replaced(scene: &mut Scene<'_, '_>) -> Result<()> {
    let sentinel = sentinel(scene)?;
    sentinel.fail_over()?;
    Ok(())
}

/// Some who cannot ask the sentinels meanwhile keep to the one that was, as long as it takes itself for the master.
fn replaced_unseen(scene: &mut Scene<'_, '_>) -> Result<()> {
    let (sentinel, places, direction) = (sentinel(scene)?, scene.some_places(), scene.any_direction());
    scene.note(&format!("{direction:?}, of {places:?}"));
    for place in places {
        for asked in sentinel.sentinels() {
            scene.way(place)?.line_to(asked)?.swallow(direction);
        }
    }
    sentinel.fail_over()?;
    scene.hold(0.1, 3.0);
    scene.heal_lines();
    Ok(())
}

/// And comes back later, when it is a replica.
fn dies(scene: &mut Scene<'_, '_>) -> Result<()> {
    let sentinel = sentinel(scene)?;
    sentinel.settle()?;
    let dead = sentinel.kill_master()?;
    sentinel.promoted(dead)?;
    scene.after(move || Ok(dead.restart()?));
    Ok(())
}

/// With what it had acknowledged for some tenths of a second.
fn dies_unheard(scene: &mut Scene<'_, '_>) -> Result<()> {
    let sentinel = sentinel(scene)?;
    let master = sentinel.master()?;
    let is_replica = |server: &&RedisServer| server.port() != master.port();
    let replica = sentinel.servers().iter().find(is_replica).ok_or("there is no replica")?;
    scene.die_unheard(master, replica)?;
    sentinel.promoted(master)?;
    scene.after(move || Ok(master.restart()?));
    Ok(())
}

/// It freezes, is replaced, and wakes up as one who takes itself for the master.
fn deposed(scene: &mut Scene<'_, '_>) -> Result<()> {
    let sentinel = sentinel(scene)?;
    sentinel.settle()?;
    let frozen = sentinel.master()?;
    frozen.pause()?;
    let promoted = sentinel.promoted(frozen).map(drop);
    frozen.resume()?;
    Ok(promoted?)
}

fn sentinel<'s>(scene: &Scene<'s, '_>) -> Result<&'s RedisSentinel> {
    match &scene.stage.servers {
        Servers::Sentinel(sentinel) => Ok(sentinel),
        _ => Err("there is no sentinel here".into()),
    }
}
