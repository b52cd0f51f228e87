//! What becomes of a server, and what is done to its memory.

use larder_testkit::redis::{Direction, RedisServer, Traffic};

use crate::Result;
use crate::fault::{ANYWHERE, Fault, Promise};
use crate::scene::Scene;
use crate::snapshot::Snapshot;
use crate::stage::Topology;
use crate::worker::CHANNEL;

pub(super) const FAULTS: &[Fault] = &[
    Fault {
        name: "server-killed",
        on: ANYWHERE,
        promise: Promise::Bound,
        changes_masters: false,
        play: killed,
    },
    Fault {
        name: "server-restored",
        on: ANYWHERE,
        promise: Promise::UntilFoundOut,
        changes_masters: false,
        play: restored,
    },
    Fault {
        name: "server-frozen",
        on: ANYWHERE,
        promise: Promise::Bound,
        changes_masters: false,
        play: frozen,
    },
    Fault { name: "server-busy", on: ANYWHERE, promise: Promise::Bound, changes_masters: false, play: busy },
    Fault {
        name: "bus-clients-killed",
        on: ANYWHERE,
        promise: Promise::Bound,
        changes_masters: false,
        play: bus_killed,
    },
    Fault {
        name: "all-clients-killed",
        on: ANYWHERE,
        promise: Promise::Bound,
        changes_masters: false,
        play: all_killed,
    },
    Fault {
        name: "listener-thrown-out",
        on: ANYWHERE,
        promise: Promise::Bound,
        changes_masters: false,
        play: thrown_out,
    },
    Fault {
        name: "noise-on-the-bus",
        on: ANYWHERE,
        promise: Promise::Bound,
        changes_masters: false,
        play: noise,
    },
    Fault {
        name: "scripts-forgotten",
        on: ANYWHERE,
        promise: Promise::Bound,
        changes_masters: false,
        play: scripts,
    },
    Fault {
        name: "everything-forgotten",
        on: ANYWHERE,
        promise: Promise::Bound,
        changes_masters: false,
        play: forgotten,
    },
    Fault {
        name: "memory-evicted",
        on: ANYWHERE,
        promise: Promise::Bound,
        changes_masters: false,
        play: evicted,
    },
    Fault { name: "memory-full", on: ANYWHERE, promise: Promise::Bound, changes_masters: false, play: full },
];

/// Behind sentinels and on a cluster it is back, without a memory, before anybody replaces it.
fn killed(scene: &mut Scene<'_, '_>) -> Result<()> {
    scene.forget_orders();
    let server = scene.any_master()?;
    server.kill()?;
    scene.hold(0.1, unnoticed(scene, 4.0));
    server.restart()?;
    Ok(())
}

/// It is back with what it had long ago, before anybody replaces it.
fn restored(scene: &mut Scene<'_, '_>) -> Result<()> {
    let mut kept = Vec::new();
    for master in scene.masters()? {
        kept.extend(Snapshot::kept_by(master)?.map(|snapshot| (master, snapshot)));
    }
    let Some((server, snapshot)) = scene.dice.choice(kept) else {
        scene.note("no master of then is one now");
        return Ok(());
    };
    server.kill()?;
    scene.hold(0.1, unnoticed(scene, 4.0));
    snapshot.restart(server)
}

/// Behind sentinels and on a cluster for so short that nobody replaces it.
fn frozen(scene: &mut Scene<'_, '_>) -> Result<()> {
    let server = scene.any_master()?;
    server.pause()?;
    scene.hold(0.2, unnoticed(scene, 8.0));
    server.resume()?;
    Ok(())
}

/// How many seconds a server may be gone at most until it is replaced, where there is somebody to do it.
fn unnoticed(scene: &Scene<'_, '_>, alone: f64) -> f64 {
    match scene.stage.topology() {
        Topology::Standalone => alone,
        Topology::Sentinel | Topology::Cluster => 0.7,
    }
}

/// It computes, and answers nobody meanwhile: for some tenths of a second, or for seconds where the machine is slow.
fn busy(scene: &mut Scene<'_, '_>) -> Result<()> {
    for _ in 0..scene.times(1, 3) {
        let rounds = scene.times(10_000_000, 60_000_000).to_string();
        scene.note(&format!("for {rounds} rounds"));
        let server = scene.any_master()?;
        server.command(&["EVAL", "for i = 1, tonumber(ARGV[1]) do end", "0", &rounds])?;
        scene.hold(0.05, 0.5);
    }
    Ok(())
}

fn bus_killed(scene: &mut Scene<'_, '_>) -> Result<()> {
    for _ in 0..scene.times(1, 6) {
        kill_clients(scene, &["pubsub"])?;
        scene.hold(0.02, 0.5);
    }
    Ok(())
}

fn all_killed(scene: &mut Scene<'_, '_>) -> Result<()> {
    for _ in 0..scene.times(1, 6) {
        kill_clients(scene, &["normal", "pubsub"])?;
        scene.hold(0.02, 0.5);
    }
    Ok(())
}

/// Those of the workers: sentinels that lose theirs lose sight of each other too.
fn kill_clients(scene: &Scene<'_, '_>, kinds: &[&str]) -> Result<()> {
    for master in scene.masters()? {
        for kind in kinds {
            let clients = master.command(&["CLIENT", "LIST", "TYPE", kind])?;
            let lines = clients.text().unwrap_or_default().lines();
            for line in lines.filter(|line| !line.contains(" name=sentinel-")) {
                let id = line.split(' ').find_map(|word| word.strip_prefix("id=")).unwrap_or_default();
                // It may be gone already: that of this very command is.
                _ = master.command(&["CLIENT", "KILL", "ID", id]);
            }
        }
    }
    Ok(())
}

/// A listener that does not listen, more to tell it than the system keeps for it, and servers that have no patience.
fn thrown_out(scene: &mut Scene<'_, '_>) -> Result<()> {
    const LIMIT: &str = "client-output-buffer-limit";
    let servers = scene.masters()?;
    let have = |command: &[&str]| -> Result<()> {
        servers.iter().try_for_each(|server| Ok(server.command(command).map(drop)?))
    };
    have(&["CONFIG", "SET", LIMIT, "pubsub 1mb 256kb 1"])?;
    let place = scene.any_place();
    for line in scene.way(place)?.lines() {
        line.on(Traffic::Bus).freeze(Direction::ToClient);
    }
    let noise = "x".repeat(1 << 20);
    for _ in 0..16 {
        have(&["PUBLISH", CHANNEL, &noise])?;
    }
    scene.hold(0.2, 3.0);
    scene.heal_lines();
    have(&["CONFIG", "SET", LIMIT, "pubsub 32mb 8mb 60"])
}

/// Messages that nobody of ours has sent.
fn noise(scene: &mut Scene<'_, '_>) -> Result<()> {
    for _ in 0..scene.times(5, 30) {
        let length = scene.times(0, 80);
        let noise: String = (0..length).map(|_| scene.dice.char('\0'..'\u{ff}')).collect();
        let servers = scene.masters()?;
        servers.first().ok_or("there is no server")?.command(&["PUBLISH", CHANNEL, &noise])?;
        scene.hold(0.01, 0.2);
    }
    Ok(())
}

fn scripts(scene: &mut Scene<'_, '_>) -> Result<()> {
    for _ in 0..scene.times(1, 10) {
        scene.stage.command(&["SCRIPT", "FLUSH"])?;
        scene.hold(0.01, 0.3);
    }
    Ok(())
}

fn forgotten(scene: &mut Scene<'_, '_>) -> Result<()> {
    scene.forget_orders();
    for _ in 0..scene.times(1, 3) {
        scene.masters()?.into_iter().try_for_each(RedisServer::forget)?;
        scene.hold(0.1, 1.0);
    }
    Ok(())
}

/// Values go, and leases and versions with them; what does not expire stays.
fn evicted(scene: &mut Scene<'_, '_>) -> Result<()> {
    let policies = ["volatile-lru", "volatile-lfu", "volatile-ttl", "volatile-random"];
    let policy = scene.dice.choice(policies).unwrap_or("volatile-lru");
    scene.note(policy);
    short_of_memory(scene, policy, 0.98)
}

/// Nothing goes, and nothing new is taken.
fn full(scene: &mut Scene<'_, '_>) -> Result<()> {
    short_of_memory(scene, "noeviction", 0.5)
}

/// Has a server do with a share of what it uses now.
fn short_of_memory(scene: &mut Scene<'_, '_>, policy: &str, share: f64) -> Result<()> {
    let server = scene.any_master()?;
    let used = used_memory(server)?;
    #[expect(clippy::cast_precision_loss, reason = "a share of it need not be exact")]
    let most = format!("{:.0}", used as f64 * share);
    server.command(&["CONFIG", "SET", "maxmemory-policy", policy])?;
    server.command(&["CONFIG", "SET", "maxmemory", &most])?;
    scene.hold(0.5, 4.0);
    server.command(&["CONFIG", "SET", "maxmemory", "0"])?;
    Ok(())
}

fn used_memory(server: &RedisServer) -> Result<u64> {
    let info = server.command(&["INFO", "memory"])?;
    let mut lines = info.text().unwrap_or_default().lines();
    let used = lines.find_map(|line| line.strip_prefix("used_memory:"));
    Ok(used.ok_or("the server does not say what it uses")?.trim().parse()?)
}
