//! For how long this process was not let run.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use larder_core::{Clock, Moment};

const BEAT: Duration = Duration::from_millis(10);

/// A beat that comes later than this was held up.
const LATE: Duration = Duration::from_millis(50);

/// A thread that wakes again and again, and notes when it was not let: the process was stopped, or the machine had
/// other things to do. Clones have the same thread.
#[derive(Clone, Debug)]
pub(crate) struct Pulse {
    clock: Clock,
    beats: Arc<Beats>,
}

#[derive(Debug, Default)]
struct Beats {
    /// When it last beat.
    last: AtomicU64,
    /// For how long it has not, when it should have, in nanoseconds.
    lost: AtomicU64,
}

impl Pulse {
    pub(crate) fn start() -> Self {
        let pulse = Self { clock: Clock::precise(), beats: Arc::default() };
        pulse.beats.last.store(pulse.clock.now().as_nanos(), Ordering::SeqCst);
        let beating = pulse.clone();
        thread::spawn(move || {
            loop {
                thread::sleep(BEAT);
                beating.beat();
            }
        });
        pulse
    }

    /// For how long it has been held up until now.
    pub(crate) fn lost(&self) -> Duration {
        let lost = Duration::from_nanos(self.beats.lost.load(Ordering::SeqCst));
        let last = Moment::from_nanos(self.beats.last.load(Ordering::SeqCst));
        lost + late(self.clock.now().since(last))
    }

    fn beat(&self) {
        let now = self.clock.now();
        let last = Moment::from_nanos(self.beats.last.load(Ordering::SeqCst));
        let late = u64::try_from(late(now.since(last)).as_nanos()).unwrap_or(u64::MAX);
        // In this order, so that nobody in between counts too little as lost and something as late.
        self.beats.lost.fetch_add(late, Ordering::SeqCst);
        self.beats.last.store(now.as_nanos(), Ordering::SeqCst);
    }
}

fn late(gap: Duration) -> Duration {
    if gap > LATE { gap.saturating_sub(BEAT) } else { Duration::ZERO }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_late_is_lost() {
        assert_eq!(late(Duration::from_millis(40)), Duration::ZERO);
        assert_eq!(late(Duration::from_millis(510)), Duration::from_millis(500));
    }
}
