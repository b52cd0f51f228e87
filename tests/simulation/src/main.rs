//! Plays games by their seeds, many side by side, and shows those that went wrong.

#![expect(clippy::print_stdout, reason = "it is what it is for")]

use std::env;
use std::num::NonZero;
use std::ops::Range;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use simulation::{Outcome, play};

/// How many games are played unless it is said otherwise.
const GAMES: u64 = 10_000;

const USAGE: &str = "Usage: simulation [--seeds FIRST..END | --seed SEED]";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let Some(seeds) = seeds(&arguments) else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    let table = Table::new(seeds);
    let threads = thread::available_parallelism().map_or(1, NonZero::get);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| table.play());
        }
    });
    table.finish()
}

fn seeds(arguments: &[&str]) -> Option<Range<u64>> {
    match arguments {
        [] => Some(0..GAMES),
        ["--seed", seed] => seed.parse().ok().map(|seed| seed..seed + 1),
        ["--seeds", seeds] => {
            let (first, end) = seeds.split_once("..")?;
            Some(first.parse().ok()?..end.parse().ok()?)
        }
        _ => None,
    }
}

/// Where the games are played, and what came of them.
struct Table {
    seeds: Range<u64>,
    next: AtomicU64,
    reads: AtomicU64,
    writes: AtomicU64,
    /// In microseconds.
    stalest: AtomicU64,
    has_failed: AtomicBool,
}

impl Table {
    fn new(seeds: Range<u64>) -> Self {
        Self {
            next: AtomicU64::new(seeds.start),
            seeds,
            reads: AtomicU64::new(0),
            writes: AtomicU64::new(0),
            stalest: AtomicU64::new(0),
            has_failed: AtomicBool::new(false),
        }
    }

    /// Plays until no seed is left, or one has failed.
    fn play(&self) {
        while !self.has_failed.load(Ordering::Relaxed) {
            let seed = self.next.fetch_add(1, Ordering::Relaxed);
            if !self.seeds.contains(&seed) {
                return;
            }
            self.note(seed, &play(seed));
        }
    }

    fn note(&self, seed: u64, outcome: &Outcome) {
        let count = |of: &AtomicU64, more: usize| of.fetch_add(more as u64, Ordering::Relaxed);
        count(&self.reads, outcome.history().reads().len());
        count(&self.writes, outcome.history().writes().len());
        let of_failover = outcome.verdict().phases().iter().any(|(_, staleness)| staleness.stale() > 0);
        if !of_failover {
            let stalest = u64::try_from(outcome.verdict().staleness().largest().as_micros());
            self.stalest.fetch_max(stalest.unwrap_or(u64::MAX), Ordering::Relaxed);
        }
        if !outcome.is_clean() {
            self.has_failed.store(true, Ordering::Relaxed);
            println!("{outcome}\n{}to replay it: cargo xtask simulate --seed {seed}", outcome.story());
        }
    }

    fn finish(&self) -> ExitCode {
        let get = |of: &AtomicU64| of.load(Ordering::Relaxed);
        println!(
            "{} games, {} reads, {} writes; the stalest answer, failovers aside: {} ms",
            get(&self.next).min(self.seeds.end) - self.seeds.start,
            get(&self.reads),
            get(&self.writes),
            get(&self.stalest) / 1_000,
        );
        if self.has_failed.load(Ordering::Relaxed) { ExitCode::FAILURE } else { ExitCode::SUCCESS }
    }
}
