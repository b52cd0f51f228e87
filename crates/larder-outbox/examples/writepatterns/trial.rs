//! What a way to write is timed by.

use std::time::Duration;

use larder::{Cache, Hit, Tier};
use tokio::task::yield_now;
use tokio::time::Instant;

use super::stage::{Instance, Stage, load, select, until};
use super::{Failure, Pattern};

/// How long an old value may be watched.
const PATIENCE: Duration = Duration::from_secs(20);

/// What was seen, try by try.
#[derive(Debug)]
pub(crate) struct Trials {
    /// What the writer waited for.
    pub(crate) writes: Vec<Duration>,
    /// The next read on the writer's instance, and then one on the other.
    pub(crate) here: Reads,
    pub(crate) there: Reads,
    /// For how long the other instance served the old value after COMMIT, if that is known, and after the writer was answered.
    pub(crate) after_commit: Vec<Duration>,
    pub(crate) after_answer: Vec<Duration>,
}

/// Reads that find nothing in their process.
#[derive(Debug)]
pub(crate) struct Reads {
    pub(crate) times: Vec<Duration>,
    /// How many of them were loads.
    pub(crate) loads: usize,
}

impl Trials {
    pub(crate) const NONE: Self = Self {
        writes: Vec::new(),
        here: Reads { times: Vec::new(), loads: 0 },
        there: Reads { times: Vec::new(), loads: 0 },
        after_commit: Vec::new(),
        after_answer: Vec::new(),
    };

    /// Times a write of a row that both instances have, and the reads after it.
    pub(crate) async fn time(&mut self, stage: &Stage, pattern: Pattern) -> Result<(), Failure> {
        let (id, number) = self.next(pattern)?;
        stage.warm(pattern, id).await?;
        let written = stage.write(pattern, id, number).await?;
        self.writes.push(written.answered - written.began);
        // An outbox tells later, and a copy that is still there would be timed instead.
        stage.forgotten(pattern, id).await?;
        self.here.read(stage, &stage.ours, pattern, (id, number)).await?;
        self.there.read(stage, &stage.theirs, pattern, (id, number)).await?;
        stage.settle().await
    }

    /// Watches how long the other instance serves the old value.
    pub(crate) async fn watch(&mut self, stage: &Stage, pattern: Pattern) -> Result<(), Failure> {
        if !pattern.is_cached() {
            return Ok(());
        }
        let (id, number) = self.next(pattern)?;
        stage.warm(pattern, id).await?;
        let watching = tokio::spawn(watch(stage.theirs.cache(pattern).clone(), id, number));
        let written = stage.write(pattern, id, number).await?;
        let ended = watching.await??;
        self.after_commit.extend(written.committed.map(|then| ended.saturating_duration_since(then)));
        self.after_answer.push(ended.saturating_duration_since(written.answered));
        stage.settle().await
    }

    /// The row to write next, and a number that nobody has seen.
    fn next(&self, pattern: Pattern) -> Result<(i64, i64), Failure> {
        let time = self.writes.len();
        let number = time + self.after_answer.len() + 1;
        Ok((pattern.row(time), i64::try_from(number)?))
    }
}

impl Reads {
    async fn read(
        &mut self,
        stage: &Stage,
        instance: &Instance,
        pattern: Pattern,
        (id, number): (i64, i64),
    ) -> Result<(), Failure> {
        let began = Instant::now();
        let (found, is_load) = if pattern.is_cached() {
            let hit = read(stage, instance, pattern, id).await?;
            (*hit, hit.tier() == Tier::Origin)
        } else {
            (select(&stage.others, id).await?.0, true)
        };
        self.times.push(began.elapsed());
        self.loads += usize::from(is_load);
        if found == number { Ok(()) } else { Err(format!("{pattern:?}: {found} for {number}").into()) }
    }
}

async fn read(stage: &Stage, instance: &Instance, pattern: Pattern, id: i64) -> Result<Hit<i64>, Failure> {
    let (cache, pool) = (instance.cache(pattern), stage.others.clone());
    let hit = match pattern {
        // Who reads brings along how to load.
        Pattern::CacheAside => cache.get_or_load(&id, |id| load(pool, id)).await,
        _ => cache.load(&id).await,
    };
    Ok(hit?)
}

/// When somebody first asked who was not told something else than `number`. It is no less than the truth, even if nobody
/// could ask for a while.
async fn watch(cache: Cache<i64, i64>, id: i64, number: i64) -> Result<Instant, Failure> {
    let began = Instant::now();
    loop {
        let asked = Instant::now();
        if cache.get(&id).await?.is_none_or(|hit| *hit == number) {
            return Ok(asked);
        }
        if began.elapsed() > PATIENCE {
            return Err(format!("the old value of {id} stays").into());
        }
        // The servers want a processor too.
        std::thread::yield_now();
        yield_now().await;
    }
}

impl Stage {
    /// Gives both instances a copy.
    async fn warm(&self, pattern: Pattern, id: i64) -> Result<(), Failure> {
        if !pattern.is_cached() {
            return Ok(());
        }
        for instance in [&self.ours, &self.theirs] {
            // What a late notice overtakes is not kept.
            until("there is a copy", async || {
                read(self, instance, pattern, id).await?;
                Ok(instance.cache(pattern).contains_local(&id))
            })
            .await?;
        }
        Ok(())
    }

    /// Waits until neither has one.
    async fn forgotten(&self, pattern: Pattern, id: i64) -> Result<(), Failure> {
        if !pattern.is_cached() {
            return Ok(());
        }
        until("both have dropped their copies", async || {
            let caches = [&self.ours, &self.theirs].map(|instance| instance.cache(pattern));
            Ok(caches.iter().all(|cache| !cache.contains_local(&id)))
        })
        .await
    }
}
