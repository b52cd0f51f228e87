//! Removing the values of a cache from the shared tier for real.

use std::sync::Arc;
use std::time::Duration;

use larder_core::{CacheName, Error, ErrorKind, Remote, Result, SweepPosition};
use tokio::time::sleep;

use crate::node::Node;
use crate::step::in_time;

/// How many keys one step looks at, about: what a server does in a millisecond.
const STEP: u32 = 1_000;

/// A removal of all values of a cache from the shared tier, under way.
///
/// A cache that was [cleared](crate::Cache::clear) is empty for all readers at once, whatever it costs in memory; its values
/// are still there until their time to live is over. Who needs the room before sweeps it. Whatever is removed is a miss and
/// nothing worse: also what was stored after the clear.
///
/// It goes on for as long as somebody calls [`step`](Self::step), and can be [taken up](crate::Larder::resume_sweep) by another
/// process.
///
/// # Examples
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> larder::Result<()> {
/// # let larder = larder::Larder::builder("prod.shop").embedded().build().await?;
/// let mut sweep = larder.sweep("user")?;
/// while let Some(position) = sweep.step().await? {
///     println!("{} removed; to go on from here: {position}", sweep.removed());
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "a sweep goes on only while it is stepped"]
pub struct Sweep {
    remote: Arc<dyn Remote>,
    patience: Duration,
    cache: CacheName,
    /// Where the next step begins. `None` before the first.
    from: Option<SweepPosition>,
    is_over: bool,
    removed: u64,
    seen: u64,
}

impl Sweep {
    pub(crate) fn new(node: &Node, cache: &str, from: Option<SweepPosition>) -> Result<Self> {
        let cache = CacheName::new(cache)?;
        let Some(remote) = node.remote() else {
            return Err(
                Error::new(ErrorKind::Invalid, "there is no shared tier to be swept").with("cache", cache)
            );
        };
        let patience = node.patience.write;
        Ok(Self { remote: remote.clone(), patience, cache, from, is_over: false, removed: 0, seen: 0 })
    }

    /// Removes some. Returns where the next step goes on, as text that outlives the process; `None` after the last.
    ///
    /// # Errors
    ///
    /// If the shared tier does not answer or refuses. The step can be tried again.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the step can be tried again.
    pub async fn step(&mut self) -> Result<Option<String>> {
        if self.is_over {
            return Ok(None);
        }
        let step = self.remote.sweep(&self.cache, self.from.as_ref(), STEP);
        let swept = in_time(self.patience, step).await?;
        self.removed += swept.removed;
        self.seen += swept.seen;
        self.is_over = swept.next.is_none();
        self.from = swept.next;
        Ok(self.from.as_ref().map(ToString::to_string))
    }

    /// Steps to the end, with a pause after each step, so that about so many keys are looked at in a second.
    ///
    /// # Errors
    ///
    /// As [`step`](Self::step). It can be called again, and goes on.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, it can be called again, and goes on.
    pub async fn run(&mut self, keys_per_second: u32) -> Result<u64> {
        let pause = Duration::from_secs_f64(f64::from(STEP) / f64::from(keys_per_second.max(1)));
        while self.step().await?.is_some() {
            sleep(pause).await;
        }
        Ok(self.removed)
    }

    /// How many values it has removed.
    pub fn removed(&self) -> u64 {
        self.removed
    }

    /// How many keys it has looked at, about.
    pub fn seen(&self) -> u64 {
        self.seen
    }
}
