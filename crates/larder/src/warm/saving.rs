//! Adding what was read here to what the fleet has read.

use std::sync::Arc;

use larder_core::{CacheName, Reads, Remote, Season, WeekHour};
use tokio::time::sleep;

use crate::node::Node;
use crate::step::in_time;
use crate::warm::thin::Thinning;
use crate::warm::{Sketch, WarmStart};

/// How many keys one step adds, about: what a server does in a millisecond.
const STEP: usize = 250;

/// How often a key is added in a minute, by all processes together, on the average over those that are fetched ahead. So the
/// server has as much to do for a large fleet as for a small one.
const ADDED: f64 = 4.0;

/// How many keys a process adds in any case, and as how many processes a fleet counts of which nobody knows how large it is.
const LEAST: usize = 500;
const UNKNOWN: usize = 10;

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
            self.save(is_over).await;
        }
    }

    /// Whether nobody counts any more.
    fn is_alone(&self) -> bool {
        Arc::strong_count(&self.sketch) == 1
    }

    /// Tells some that stand for all, and at the end all that the fleet remembers.
    async fn save(&self, is_over: bool) {
        let reads = self.sketch.take();
        let hour = Season::Hour(WeekHour::at(self.node.clock.unix_millis()));
        let (of_recent, of_hour) = (self.settings.most_of_recent(), self.settings.most_of_hour());
        let part = part_of(self.settings, self.node.registry.processes());
        let thin = |part: usize, all: u32| thinned(&reads, if is_over { all as usize } else { part });
        let (recent, hourly) = (thin(part, of_recent), thin((part / 4).max(LEAST), of_hour));
        let (left, _) =
            tokio::join!(self.add(Season::Recent, &recent, of_recent), self.add(hour, &hourly, of_hour),);
        // It is told with what is read in the next minute. An hour can do without.
        self.sketch.put_back(left);
    }

    /// Adds what was read in a season. Returns what could not be told.
    async fn add<'a>(&self, season: Season, reads: &'a [Reads], most: u32) -> &'a [Reads] {
        let patience = self.node.patience.write;
        let mut told = 0;
        for step in reads.chunks(STEP) {
            let add = self.remote.add_reads(&self.cache, season, step, most);
            if let Err(error) = in_time(patience, add).await {
                tracing::debug!(cache = %self.cache, %error, "what was read could not be saved yet");
                break;
            }
            told += step.len();
        }
        reads.get(told..).unwrap_or_default()
    }
}

/// How many keys one of so many processes adds, of all that the fleet adds.
fn part_of(settings: WarmStart, processes: Option<usize>) -> usize {
    let minutes = settings.save_every.as_secs_f64() / 60.0;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        clippy::cast_sign_loss,
        reason = "it saturates"
    )]
    let part = (ADDED * f64::from(settings.limit()) * minutes / processes.unwrap_or(UNKNOWN) as f64) as usize;
    part.max(LEAST)
}

/// About so many of these.
fn thinned(reads: &[Reads], most: usize) -> Vec<Reads> {
    if reads.len() <= most {
        return reads.to_vec();
    }
    let thinning = Thinning::new(&reads.iter().map(|reads| reads.count), most);
    let left =
        |reads: &Reads| Some(Reads::new(reads.key.clone(), thinning.of(reads.count, fastrand::f64())?));
    reads.iter().filter_map(left).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_large_fleet_adds_no_more_than_a_small_one() {
        let settings = WarmStart::default().most(10_000);
        let of_all = |processes: usize| processes * part_of(settings, Some(processes));
        assert_eq!([1, 2, 8, 80].map(of_all), [40_000; 4]);
        // But for a few of each, however many there are.
        assert_eq!(of_all(1_000), 1_000 * LEAST);
        assert_eq!(part_of(settings, None), 4_000);
        assert_eq!(part_of(settings.save_every(Duration::from_secs(15)), Some(2)), 5_000);
    }

    #[test]
    fn a_part_of_them_has_the_counts_of_all() {
        let reads: Vec<_> =
            (0..10_000_u32).map(|key| Reads::new(key.to_string(), f64::from(key % 7 + 1))).collect();
        let sum = |reads: &[Reads]| reads.iter().map(|reads| reads.count).sum::<f64>();
        let part = thinned(&reads, 1_000);
        assert!((900..1_100).contains(&part.len()), "{}", part.len());
        assert!((sum(&part) / sum(&reads) - 1.0).abs() < 0.15, "{} {}", sum(&part), sum(&reads));
        assert_eq!(thinned(&reads, 10_000), reads);
    }
}
