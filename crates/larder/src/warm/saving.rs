//! Adding what was read here to what the fleet has read.

use std::sync::Arc;

use larder_core::{CacheName, Reads, Remote, Result, Season, WeekHour};
use tokio::time::sleep;

use crate::node::Node;
use crate::step::in_time;
use crate::warm::{Sketch, WarmStart};

/// How many keys one step adds, about: what a server does in a millisecond.
const STEP: usize = 250;

/// The task that adds what one cache has counted.
pub(crate) struct Saving {
    pub(crate) node: Arc<Node>,
    pub(crate) remote: Arc<dyn Remote>,
    pub(crate) cache: CacheName,
    pub(crate) sketch: Arc<Sketch>,
    pub(crate) settings: WarmStart,
}

impl Saving {
    /// Adds from time to time, and once more when the cache or this process's part ends.
    pub(crate) async fn run(self) {
        let mut is_over = false;
        while !is_over {
            // Not all instances of a fleet at the same moment, though they were started together.
            let pause = self.settings.save_every.mul_f64(0.8 + 0.4 * fastrand::f64());
            is_over = tokio::select! {
                biased;
                () = self.node.closed() => true,
                () = sleep(pause) => self.is_alone(),
            };
            self.save().await;
        }
    }

    /// Whether nobody counts any more.
    fn is_alone(&self) -> bool {
        Arc::strong_count(&self.sketch) == 1
    }

    async fn save(&self) {
        let reads = self.sketch.take();
        let mut saved = 0;
        for step in reads.chunks(STEP) {
            if let Err(error) = self.add(step).await {
                tracing::debug!(cache = %self.cache, %error, "what was read could not be saved yet");
                self.sketch.put_back(reads.get(saved..).unwrap_or_default());
                return;
            }
            saved += step.len();
        }
    }

    async fn add(&self, reads: &[Reads]) -> Result<()> {
        let hour = Season::Hour(WeekHour::at(self.node.clock.unix_millis()));
        let patience = self.node.patience.write;
        let add = |season, most| in_time(patience, self.remote.add_reads(&self.cache, season, reads, most));
        let (recent, hour) = tokio::join!(
            add(Season::Recent, self.settings.most_of_recent()),
            add(hour, self.settings.most_of_hour())
        );
        recent.and(hour)
    }
}
