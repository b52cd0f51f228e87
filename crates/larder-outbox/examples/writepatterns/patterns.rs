//! The ways to write, measured side by side.

mod count;
mod pattern;
mod report;
mod spy;
mod stage;
mod trial;
mod write;

use std::error::Error;

pub(crate) use count::Counts;
pub(crate) use pattern::{PATTERNS, Pattern};
pub(crate) use report::table;
use stage::Stage;
pub(crate) use trial::Trials;

/// Whatever goes wrong ends it.
pub(crate) type Failure = Box<dyn Error + Send + Sync>;

/// How much is tried.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Effort {
    /// How often each way is timed, and the old value watched, on a database that does not wait for its disk: what the ways
    /// differ by would be lost in what a disk takes.
    pub(crate) rounds: usize,
    /// How often on one that does.
    pub(crate) synced: usize,
    /// How many writes of each are counted.
    pub(crate) counted: usize,
}

/// What was found out about one way.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) pattern: Pattern,
    pub(crate) trials: Trials,
    pub(crate) synced: Trials,
    pub(crate) counts: Counts,
}

/// Of each way, in their order.
type All<T> = [T; PATTERNS.len()];

impl Effort {
    /// Enough to see that it works.
    pub(crate) const QUICK: Self = Self { rounds: 3, synced: 1, counted: 10 };
}

/// Starts everything, tries every way, and ends everything.
pub(crate) async fn measure(effort: Effort) -> Result<Vec<Line>, Failure> {
    let stage = Stage::start(&[]).await?;
    let trials = take_turns(&stage, effort.rounds).await?;
    stage.log_statements().await?;
    let mut counts = Vec::new();
    for pattern in PATTERNS {
        counts.push(Counts::of(&stage, pattern, effort.counted).await?);
    }
    stage.end().await?;
    let stage = Stage::start(&["fsync=on", "full_page_writes=on"]).await?;
    let synced = take_turns(&stage, effort.synced).await?;
    stage.end().await?;
    let found = PATTERNS.into_iter().zip(trials).zip(synced).zip(counts);
    Ok(found.map(|(((pattern, trials), synced), counts)| Line { pattern, trials, synced, counts }).collect())
}

async fn take_turns(stage: &Stage, rounds: usize) -> Result<All<Trials>, Failure> {
    let mut all = [const { Trials::NONE }; PATTERNS.len()];
    for round in 0..rounds {
        let mut turns: Vec<_> = PATTERNS.into_iter().zip(&mut all).collect();
        // Who goes first takes turns too.
        turns.rotate_left(round % PATTERNS.len());
        for (pattern, trials) in turns {
            trials.time(stage, pattern).await?;
            trials.watch(stage, pattern).await?;
        }
    }
    Ok(all)
}
