//! What a fault has at hand.

use std::thread;
use std::time::Duration;

use fastrand::Rng;
use larder_testkit::redis::{Direction, Proxy, RedisServer};

use crate::Result;
use crate::fault::Promise;
use crate::fleet::{Fleet, WORKERS};
use crate::schedule::Injection;
use crate::stage::{Stage, Way};

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
        if self.stage.skew.was_ahead() {
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

    pub(crate) fn masters(&self) -> Result<Vec<&'s RedisServer>> {
        self.stage.masters()
    }

    pub(crate) fn any_master(&mut self) -> Result<&'s RedisServer> {
        let masters = self.masters()?;
        self.dice.choice(masters).ok_or_else(|| "there is no master".into())
    }

    pub(crate) fn any_direction(&mut self) -> Direction {
        let directions = [Direction::ToClient, Direction::ToServer, Direction::Both];
        self.dice.choice(directions).unwrap_or(Direction::Both)
    }

    /// The way from a place to the servers.
    pub(crate) fn way(&self, place: usize) -> Result<&'s Way> {
        self.stage.ways.get(place).ok_or_else(|| "there is no such place".into())
    }

    pub(crate) fn heal_lines(&self) {
        self.stage.ways.iter().flat_map(Way::lines).for_each(Proxy::heal);
    }
}
