//! What a write has the servers do.

use std::time::Duration;

use tokio::time::sleep;

use super::spy::{Log, Monitor};
use super::stage::Stage;
use super::{Failure, Pattern};

/// Longer than what follows the last step of a write: a relay that looks once more, a queue that tells its cache.
const AFTERMATH: Duration = Duration::from_millis(100);

/// Numbers from here on are of writes that are counted.
const FIRST: i64 = 1_000_000;

/// All for one write, on the average.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Counts {
    /// Statements that the writer has the database execute.
    pub(crate) writer: f64,
    /// Those that a relay or a sink has it execute in turn.
    pub(crate) others: f64,
    /// What is sent to Redis: each is a round trip.
    pub(crate) sent: f64,
    /// What the scripts among that have it do.
    pub(crate) inside: f64,
}

impl Counts {
    /// Counts what so many writes cost, one after the other.
    pub(crate) async fn of(stage: &Stage, pattern: Pattern, writes: usize) -> Result<Self, Failure> {
        stage.settle().await?;
        sleep(AFTERMATH).await;
        let log = Log::start(&stage.postgres, &stage.writer, &stage.watcher).await?;
        let monitor = Monitor::start(&stage.redis)?;
        for (number, time) in (FIRST..).zip(0..writes) {
            stage.write(pattern, pattern.row(time), number).await?;
        }
        stage.settle().await?;
        sleep(AFTERMATH).await;
        let commands = monitor.end(&stage.redis, pattern.cache())?;
        let statements = log.end(&stage.postgres);
        let each = |count: usize| as_f64(count) / as_f64(writes);
        Ok(Self {
            writer: each(statements.writer),
            others: each(statements.others),
            sent: each(commands.sent),
            inside: each(commands.inside),
        })
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
pub(crate) fn as_f64(count: usize) -> f64 {
    count as f64
}
