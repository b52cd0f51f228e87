//! Starts everything, and goes one of the ways.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use larder_testkit::redis::RedisServer;
use shop::Outcome;
use shop::counts::Line;
use shop::database::Database;
use shop::pace::Pace;
use tokio::process::Command;
use tokio::time::{MissedTickBehavior, interval, sleep};

use crate::build::Build;
use crate::fleet::{Counted, Fleet, INSTANCES};
use crate::record::{Record, Tick};
use crate::way::Way;

/// Goes a way from its beginning to its end, on a server of its own.
pub(crate) async fn play(way: Way, pace: Pace) -> Outcome<Record> {
    let server = RedisServer::start()?;
    let database = Database::default();
    let mut fleet = Fleet::start(server.url(), database.serve().await?, pace).await?;
    sleep(pace.warm).await;
    database.books().stalest = Duration::ZERO;
    let ticks = Arc::new(Mutex::new(Vec::new()));
    let watcher = tokio::spawn(watch(fleet.counted(), database.clone(), pace.tick, ticks.clone()));
    sleep(pace.steady).await;
    let count = || ticks.lock().unwrap_or_else(PoisonError::into_inner).len();
    let (steady, mut deploys) = (count(), Vec::new());
    for build in way.deploys() {
        deploys.push(count());
        if way == Way::Flush {
            server.command(&["FLUSHALL"])?;
        }
        deploy(&mut fleet, *build, pace).await?;
        if *build == Build::Second {
            nothing_is_old(&server.url(), pace).await?;
        }
    }
    watcher.abort();
    let stalest = database.books().stalest;
    let counted = fleet.counted();
    fleet.stop().await?;
    let ticks = ticks.lock().unwrap_or_else(PoisonError::into_inner).clone();
    Ok(Record { tick: pace.tick, ticks, steady, deploys, total: counted.total(), stalest })
}

async fn deploy(fleet: &mut Fleet, build: Build, pace: Pace) -> Outcome<()> {
    for place in 0..INSTANCES {
        fleet.replace(place, build).await?;
        sleep(if place + 1 < INSTANCES { pace.between } else { pace.after }).await;
    }
    Ok(())
}

/// Waits until the third deploy is safe, as whoever deploys does: the new build is asked.
async fn nothing_is_old(url: &str, pace: Pace) -> Outcome<()> {
    let mut asked = Command::new(Build::Second.program()?);
    asked.args(["nothing-is-old", url, pace.word]).kill_on_drop(true);
    if asked.status().await?.success() {
        Ok(())
    } else {
        Err("the survey before the third deploy failed".into())
    }
}

/// Counts tick by tick, until it is told to stop.
async fn watch(counted: Arc<Counted>, database: Database, tick: Duration, ticks: Arc<Mutex<Vec<Tick>>>) {
    let mut interval = interval(tick);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    interval.tick().await;
    let (mut before, mut asked): (Line, u64) = (counted.total(), database.books().queries);
    loop {
        interval.tick().await;
        let (now, queries) = (counted.total(), database.books().queries);
        let counted = Tick { line: now.since(before), loads: queries - asked };
        ticks.lock().unwrap_or_else(PoisonError::into_inner).push(counted);
        (before, asked) = (now, queries);
    }
}
