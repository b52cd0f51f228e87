//! Masters of a cluster that change, and slots that move.

use std::thread;
use std::time::Duration;

use larder_core::{Chain, Partition};
use larder_link::{hash_tag, slot_of};
use larder_testkit::redis::{RedisCluster, RedisServer};

use crate::Result;
use crate::fault::{CLUSTER, Fault, Promise};
use crate::scene::Scene;
use crate::stage::{Servers, agreement};

pub(super) const FAULTS: &[Fault] = &[
    Fault {
        name: "replica-takes-over",
        on: CLUSTER,
        promise: Promise::Bound,
        changes_masters: true,
        play: takes_over,
    },
    Fault {
        name: "replica-forces-over",
        on: CLUSTER,
        promise: Promise::UntilToldAgain,
        changes_masters: true,
        play: forces,
    },
    Fault {
        name: "replica-usurps",
        on: CLUSTER,
        promise: Promise::UntilToldAgain,
        changes_masters: true,
        play: usurps,
    },
    Fault {
        name: "master-of-slots-dies",
        on: CLUSTER,
        promise: Promise::UntilToldAgain,
        changes_masters: true,
        play: dies,
    },
    Fault {
        name: "master-of-slots-dies-unheard",
        on: CLUSTER,
        promise: Promise::UntilToldAgain,
        changes_masters: true,
        play: dies_unheard,
    },
    Fault {
        name: "links-cut",
        on: CLUSTER,
        promise: Promise::Bound,
        changes_masters: false,
        play: links_cut,
    },
    Fault { name: "slots-moved", on: CLUSTER, promise: Promise::Bound, changes_masters: false, play: moved },
];

/// By consent: nothing is lost.
fn takes_over(scene: &mut Scene<'_, '_>) -> Result<()> {
    cluster(scene)?.fail_over(scene.any_master()?)?;
    Ok(())
}

fn forces(scene: &mut Scene<'_, '_>) -> Result<()> {
    seize(scene, "FORCE")
}

fn usurps(scene: &mut Scene<'_, '_>) -> Result<()> {
    seize(scene, "TAKEOVER")
}

/// Without asking the master, which lives.
fn seize(scene: &mut Scene<'_, '_>, how: &str) -> Result<()> {
    let (cluster, master) = (cluster(scene)?, scene.any_master()?);
    let replica = cluster.replica_of(master)?;
    replica.command(&["CLUSTER", "FAILOVER", how])?;
    agreement::until("the replica takes over", || {
        Ok(cluster.masters()?.iter().any(|master| master.port() == replica.port()))
    })
}

/// And comes back later, as the replica of who took its place.
fn dies(scene: &mut Scene<'_, '_>) -> Result<()> {
    let (cluster, dead) = (cluster(scene)?, scene.any_master()?);
    cluster.replica_of(dead)?;
    dead.kill()?;
    scene.hold(0.1, 1.0);
    cluster.fail_over(dead)?;
    scene.after(move || {
        dead.restart()?;
        agreement::reached(cluster)
    });
    Ok(())
}

/// With what it had acknowledged for some tenths of a second.
fn dies_unheard(scene: &mut Scene<'_, '_>) -> Result<()> {
    let (cluster, dead) = (cluster(scene)?, scene.any_master()?);
    scene.die_unheard(dead, cluster.replica_of(dead)?)?;
    cluster.fail_over(dead)?;
    scene.after(move || {
        dead.restart()?;
        agreement::reached(cluster)
    });
    Ok(())
}

/// The nodes lose sight of each other for moments, and so do their messages.
fn links_cut(scene: &mut Scene<'_, '_>) -> Result<()> {
    let nodes = cluster(scene)?.nodes();
    for _ in 0..scene.times(2, 12) {
        let mut pair: Vec<&RedisServer> = nodes.iter().collect();
        scene.dice.shuffle(&mut pair);
        let [one, other, ..] = pair.as_slice() else { return Err("there are no two nodes".into()) };
        cut_link(one, other)?;
        cut_link(other, one)?;
        scene.hold(0.02, 0.4);
    }
    Ok(())
}

/// A server that is told to let go of a link that it has not dies of it, so it is asked first. That it loses the link in between
/// has not been seen.
fn cut_link(from: &RedisServer, to: &RedisServer) -> Result<()> {
    let (seen, id) = (from.command(&["CLUSTER", "NODES"])?, id(to)?);
    let line = seen.text().unwrap_or_default().lines().find(|line| line.starts_with(&id));
    if line.is_some_and(|line| line.split(' ').nth(7) == Some("connected")) {
        from.command(&["DEBUG", "CLUSTERLINK", "KILL", "TO", &id])?;
    }
    Ok(())
}

/// A few slots go to another master with their keys, that of the tags among them at times.
fn moved(scene: &mut Scene<'_, '_>) -> Result<()> {
    let cluster = cluster(scene)?;
    let mut chains: Vec<Chain> = Partition::all().map(Chain::Keys).collect();
    scene.dice.shuffle(&mut chains);
    chains.truncate(scene.dice.usize(1..4));
    if scene.dice.bool() {
        chains.push(Chain::Tags);
    }
    scene.note(&format!("{chains:?}"));
    for chain in chains {
        let masters = cluster.masters()?;
        let from = owner(&masters, chain)?;
        let others: Vec<&RedisServer> =
            masters.iter().copied().filter(|master| master.port() != from.port()).collect();
        let to = scene.dice.choice(others).ok_or("there is one master only")?;
        move_slot(from, to, cluster, &slot_of(chain).index().to_string())?;
    }
    Ok(())
}

/// Whoever does not send elsewhere who asks for a key of the slot.
fn owner<'a>(masters: &[&'a RedisServer], chain: Chain) -> Result<&'a RedisServer> {
    let key = format!("{{{}}}", hash_tag(chain));
    let has = |master: &&&RedisServer| master.command(&["EXISTS", &key]).is_ok();
    masters.iter().find(has).copied().ok_or_else(|| format!("nobody has the slot of {chain:?}").into())
}

/// As an operator's tool does it: both sides are told, the keys go a few at a time, and then everybody is told.
fn move_slot(from: &RedisServer, to: &RedisServer, cluster: &RedisCluster, slot: &str) -> Result<()> {
    let (source, target, port) = (id(from)?, id(to)?, to.port().to_string());
    to.command(&["CLUSTER", "SETSLOT", slot, "IMPORTING", &source])?;
    from.command(&["CLUSTER", "SETSLOT", slot, "MIGRATING", &target])?;
    loop {
        let keys = from.command(&["CLUSTER", "GETKEYSINSLOT", slot, "10"])?;
        let keys: Vec<&str> = keys.items().iter().filter_map(|key| key.text()).collect();
        if keys.is_empty() {
            break;
        }
        // So that calls meet a slot of which each side has some.
        thread::sleep(Duration::from_millis(5));
        for key in keys {
            from.command(&["MIGRATE", "127.0.0.1", &port, key, "0", "5000", "REPLACE"])?;
        }
    }
    for server in [to, from].into_iter().chain(cluster.masters()?) {
        server.command(&["CLUSTER", "SETSLOT", slot, "NODE", &target])?;
    }
    Ok(())
}

fn id(node: &RedisServer) -> Result<String> {
    Ok(node.command(&["CLUSTER", "MYID"])?.text().unwrap_or_default().to_owned())
}

fn cluster<'s>(scene: &Scene<'s, '_>) -> Result<&'s RedisCluster> {
    match &scene.stage.servers {
        Servers::Cluster(cluster) => Ok(cluster),
        _ => Err("there is no cluster here".into()),
    }
}
