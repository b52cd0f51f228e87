//! What a fault has at hand.

use std::thread;
use std::time::Duration;

use fastrand::Rng;
use larder_testkit::redis::{Proxy, RedisServer};

use crate::Result;
use crate::fault::Promise;
use crate::fleet::{Fleet, WORKERS};
use crate::schedule::Injection;
use crate::stage::{Single, Stage, Topology};

/// Everything that can be broken, and the dice that say how.
pub(crate) struct Scene<'s, 'f> {
    pub(crate) stage: &'s Stage,
    pub(crate) fleet: &'f mut Fleet,
    /// Of this fault alone, so that it goes alike for the same seed whatever was before.
    pub(crate) dice: Rng,
    /// No fault lasts longer.
    longest: Duration,
    /// What readers are promised meanwhile.
    pub(crate) promise: Promise,
    /// What was broken, in words.
    pub(crate) notes: Vec<String>,
    /// What is put in order when the fleet has been in sync again for a while.
    pub(crate) chores: Vec<Chore<'s>>,
}

type Chore<'s> = Box<dyn FnOnce() -> Result<()> + 's>;

impl<'s, 'f> Scene<'s, 'f> {
    pub(crate) fn new(
        stage: &'s Stage,
        fleet: &'f mut Fleet,
        injection: &Injection,
        longest: Duration,
    ) -> Self {
        let (dice, promise) = (Rng::with_seed(injection.seed), injection.fault.promise);
        Self { stage, fleet, dice, longest, promise, notes: Vec::new(), chores: Vec::new() }
    }

    /// Says what is being broken.
    pub(crate) fn note(&mut self, what: &str) {
        self.notes.push(what.to_owned());
    }

    /// Lets it be broken for a time between these, in seconds.
    pub(crate) fn hold(&mut self, least: f64, most: f64) {
        let time = Duration::from_secs_f64(least + self.dice.f64() * (most - least)).min(self.longest);
        self.note(&format!("for {time:.1?}"));
        thread::sleep(time);
    }

    /// The server forgets where its orders stood. If its clock was ahead once, it begins before where it was, and what it
    /// orders counts for nothing until somebody who knows better has told it.
    pub(crate) fn forget_orders(&mut self) {
        if self.single().is_ok_and(|single| single.skew.was_ahead()) {
            self.promise = Promise::UntilToldAgain;
        }
    }

    /// Kills a master after a time in which its replica heard nothing from it. What it acknowledged meanwhile is lost.
    pub(crate) fn die_unheard(&mut self, master: &RedisServer, replica: &RedisServer) -> Result<()> {
        // A replica that stands still cannot come back, and what was sent to it before it is still given.
        replica.pause()?;
        master.command(&["CLIENT", "KILL", "TYPE", "replica"])?;
        self.hold(0.1, 0.9);
        master.kill()?;
        Ok(replica.resume()?)
    }

    /// A number between these, both included.
    pub(crate) fn times(&mut self, least: u64, most: u64) -> u64 {
        self.dice.u64(least..=most)
    }

    /// Does something later that is part of no fault.
    pub(crate) fn after(&mut self, chore: impl FnOnce() -> Result<()> + 's) {
        self.chores.push(Box::new(chore));
    }

    pub(crate) fn any_place(&mut self) -> usize {
        self.dice.usize(0..WORKERS)
    }

    /// One, or at times all of them.
    pub(crate) fn some_places(&mut self) -> Vec<usize> {
        if self.dice.u8(0..4) == 0 { (0..WORKERS).collect() } else { vec![self.any_place()] }
    }

    pub(crate) fn topology(&self) -> Topology {
        match self.stage {
            Stage::Standalone(_) => Topology::Standalone,
            Stage::Sentinel(_) => Topology::Sentinel,
            Stage::Cluster(_) => Topology::Cluster,
        }
    }

    pub(crate) fn masters(&self) -> Result<Vec<&'s RedisServer>> {
        self.stage.masters()
    }

    pub(crate) fn one_of_the_masters(&mut self) -> Result<usize> {
        let count = self.masters()?.len();
        Ok(self.dice.usize(0..count))
    }

    /// The only server.
    pub(crate) fn server(&self) -> Result<&'s RedisServer> {
        Ok(&self.single()?.server)
    }

    /// The line from a place to the only server.
    pub(crate) fn proxy(&self, place: usize) -> Result<&'s Proxy> {
        self.single()?.proxies.get(place).ok_or_else(|| "there is no such place".into())
    }

    /// The only server, with its clock and the lines to it.
    pub(crate) fn single(&self) -> Result<&'s Single> {
        match self.stage {
            Stage::Standalone(single) => Ok(single),
            Stage::Sentinel(_) | Stage::Cluster(_) => Err("there is more than one server".into()),
        }
    }

    pub(crate) fn heal_lines(&self) -> Result<()> {
        (0..WORKERS).try_for_each(|place| {
            self.proxy(place)?.heal();
            Ok(())
        })
    }
}
